package dynox_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// rename is a piece of a program that is to be tested: it takes its
// repository, and doesn't know where the table is.
func rename(t *testing.T, users *dynox.Repo[User], id, name string) error {
	_, err := users.Update(t.Context(), User{ID: id}, userName.Set(name), expr.If(userName.Ne(name)))
	return err
}

// A test with an engine of its own, which ends with the test, and with a
// trouble that a real table rarely has when it is wanted. In a bubble of
// synctest the waits of the SDK between its attempts take no time.
func TestRename(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine := memtable.New(t, memtable.NoScans(t))
		users, _ := shopOn(engine)
		engine.ForgetRequests()
		engine.Fail("UpdateItem", memtable.Throttle(), memtable.Times(2))

		is.NoErr(rename(t, users, "1", "Ada Lovelace"))
		is.Equal(len(engine.Requests()), 3) // two of them throttled
		u, err := users.Get(t.Context(), User{ID: "1"})
		is.NoErr(err)
		is.Equal(u.Name, "Ada Lovelace")
		is.True(errors.Is(rename(t, users, "1", "Ada Lovelace"), dynox.ErrConditionFailed))
	})
}
