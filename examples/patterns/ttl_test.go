package patterns_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

type Session struct {
	ID      string    `dynamodbav:"id"`
	User    string    `dynamodbav:"user"`
	Expires time.Time `dynamodbav:"expires,unixtime,omitempty"`
}

var (
	session    = expr.Proto[Session]()
	SessionKey = dynox.Key[Session]{Partition: dynox.Composite("pk", "SESSION#{}", expr.At(session, &session.ID))}
)

// TTL: the service deletes sessions whose time has passed, at no cost, in its own time; until
// then the repository hides them.
func Example_ttl() {
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "sessions")
	sessions, err := dynox.NewRepo(table, SessionKey, dynox.TTL(expr.At(session, &session.Expires)), dynox.HideExpired[Session]())
	check(err)
	check(table.Ensure(ctx, sessions))
	now := time.Now()
	check(sessions.Put(ctx, &Session{"a", "ann", now.Add(time.Minute)}))
	check(sessions.Put(ctx, &Session{"b", "bob", now.Add(-time.Minute)}))

	_, err = sessions.Get(ctx, Session{ID: "b"})
	fmt.Println(errors.Is(err, dynox.ErrNotFound))
	s, err := sessions.Touch(ctx, Session{ID: "a"}, now.Add(time.Hour)) // it is used: an hour more
	fmt.Println(s.User, s.Expires.Sub(now).Round(time.Minute), err)
	// Output:
	// true
	// ann 1h0m0s <nil>
}
