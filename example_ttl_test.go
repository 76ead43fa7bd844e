package dynox_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// Session is an item with an end.
type Session struct {
	ID      string    `dynamodbav:"id"`
	User    string    `dynamodbav:"user"`
	Expires time.Time `dynamodbav:"expires,unixtime,omitempty"`
}

var (
	theSession     = expr.Proto[Session]()
	theSessionID   = expr.At(theSession, &theSession.ID)
	theSessionEnds = expr.At(theSession, &theSession.Expires)
	SessionKey     = dynox.Key[Session]{Partition: dynox.By(theSessionID)}
)

// Items with an end: the service deletes them some time after it, reads hide them at
// once, and a touch puts the end off.
func ExampleTTL() {
	table := dynox.NewTable(memtable.Open().Client(), "sessions")
	sessions, err := dynox.NewRepo(table, SessionKey, dynox.TTL(theSessionEnds), dynox.HideExpired[Session]())
	check(err)
	ctx := context.Background()
	check(table.Ensure(ctx, sessions)) // which switches it on

	check(sessions.Put(ctx, &Session{ID: "1", User: "ada", Expires: time.Now().Add(time.Hour)}))
	check(sessions.Put(ctx, &Session{ID: "2", User: "grace", Expires: time.Now().Add(-time.Minute)}))
	_, err = sessions.Get(ctx, Session{ID: "2"})
	fmt.Println(errors.Is(err, dynox.ErrNotFound))

	s, err := sessions.Touch(ctx, Session{ID: "1"}, time.Now().Add(24*time.Hour))
	check(err)
	fmt.Println(s.User, sessions.Expired(s), time.Until(s.Expires).Round(time.Hour))
	// Output:
	// true
	// ada false 24h0m0s
}

// A service that must never read whole tables says so.
func ExampleNoScans() {
	users, _ := shopWith(dynox.NoScans())
	_, err := users.Count(context.Background(), dynox.All[User]())
	fmt.Println(errors.Is(err, dynox.ErrScan))
	// Output: true
}

// What an item takes in the table, to the byte, and so in units.
func ExampleRepo_SizeOf() {
	users, _ := shop()
	size, err := users.SizeOf(context.Background(), User{ID: "1", Name: "Ada", Email: "ada@example.com"})
	check(err)
	fmt.Println(size.Bytes, "bytes, of them", size.Attributes["email"], "for the address")
	// Output: 55 bytes, of them 20 for the address
}
