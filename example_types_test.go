package dynox_test

import (
	"context"
	"log"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// User and Invoice are two kinds of items of one table: a user's profile and
// invoices are in one item collection.
type User struct {
	ID    string `dynamodbav:"id"`
	Name  string `dynamodbav:"name"`
	Email string `dynamodbav:"email"`
}

type Invoice struct {
	User   string    `dynamodbav:"user"`
	Number int       `dynamodbav:"number"`
	Amount int64     `dynamodbav:"amount"`
	Due    time.Time `dynamodbav:"due"`
	State  string    `dynamodbav:"state,omitempty"`
	Lines  []string  `dynamodbav:"lines,omitempty"`
}

var (
	user      = expr.Proto[User]()
	userID    = expr.At(user, &user.ID)
	userName  = expr.At(user, &user.Name)
	userEmail = expr.At(user, &user.Email)

	invoice   = expr.Proto[Invoice]()
	invUser   = expr.At(invoice, &invoice.User)
	invNumber = expr.At(invoice, &invoice.Number)
	invAmount = expr.At(invoice, &invoice.Amount)
	invDue    = expr.At(invoice, &invoice.Due)
	invState  = expr.At(invoice, &invoice.State)
	invLines  = expr.At(invoice, &invoice.Lines)
)

var (
	UserKey = dynox.Key[User]{
		Partition: dynox.Composite("pk", "USER#{}", userID),
		Sort:      dynox.Const[User]("sk", "PROFILE"),
	}
	ByUserEmail = dynox.GSI("by-email", dynox.Key[User]{Partition: dynox.By(userEmail)})

	InvoiceKey = dynox.Key[Invoice]{
		Partition: dynox.Composite("pk", "USER#{}", invUser),
		Sort:      dynox.Composite("sk", "INVOICE#{}", invNumber),
	}
	// Only invoices with a state are in this index.
	ByState = dynox.GSI("by-state", dynox.Key[Invoice]{Partition: dynox.By(invState), Sort: dynox.By(invDue)})
)

// shop is a table with both repositories and five invoices of user 1, on an
// engine.
func shop() (*dynox.Repo[User], *dynox.Repo[Invoice]) { return shopOn(memtable.Open()) }

// shopWith is a shop whose repositories have a table with options.
func shopWith(opts ...dynox.TableOption) (*dynox.Repo[User], *dynox.Repo[Invoice]) {
	engine := memtable.Open()
	users, invoices := shopOn(engine)
	table := dynox.NewTable(engine.Client(), "shop", opts...)
	return users.On(table), invoices.On(table)
}

// shopOn is a shop on a given engine.
func shopOn(engine *memtable.Engine) (*dynox.Repo[User], *dynox.Repo[Invoice]) {
	ctx := context.Background()
	table := dynox.NewTable(engine.Client(), "shop")
	users, err := dynox.NewRepo(table, UserKey, ByUserEmail, dynox.Kind[User]("user"))
	check(err)
	invoices, err := dynox.NewRepo(table, InvoiceKey, ByState, dynox.Kind[Invoice]("invoice"))
	check(err)
	check(table.Ensure(ctx, users, invoices))
	check(users.Put(ctx, &User{ID: "1", Name: "Ada", Email: "ada@example.com"}))
	for n := 1; n <= 5; n++ {
		i := Invoice{User: "1", Number: n, Amount: int64(n) * 100, Due: time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC)}
		if n%2 == 0 {
			i.State = "open"
		}
		check(invoices.Put(ctx, &i))
	}
	return users, invoices
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
