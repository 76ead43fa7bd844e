package dynox_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// Account is an item of a table that other programs write: its fields live
// in the keys alone, numbers are not padded, and there is no kind.
type Account struct {
	Tenant  string    `dynamodbav:"-"`
	Number  int       `dynamodbav:"-"`
	Email   string    `dynamodbav:"email"`
	Balance float64   `dynamodbav:"balance"`
	Since   time.Time `dynamodbav:"since"`
}

var (
	account = expr.Proto[Account]()
	tenant  = expr.At(account, &account.Tenant)
	number  = expr.At(account, &account.Number)
	email   = expr.At(account, &account.Email)
	balance = expr.At(account, &account.Balance)
	since   = expr.At(account, &account.Since)
)

var AccountKey = dynox.Key[Account]{
	Partition: dynox.Composite("PK", "tenant|{}", dynox.Lower(tenant)),
	Sort:      dynox.Composite("SK", "acct|{}", dynox.Unpadded(number)).Also("ACCOUNT-{}"),
}

var ByEmail = dynox.GSI("ByEmail", dynox.Key[Account]{Partition: dynox.By(email), Sort: dynox.By(dynox.TimeAsIs(since))})

// seed puts items as another program wrote them.
func seed(t *testing.T, client *dynamodb.Client, table string, items ...map[string]any) {
	t.Helper()
	for _, item := range items {
		av, err := attributevalue.MarshalMap(item)
		is.New(t).NoErr(err)
		_, err = client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: av})
		is.New(t).NoErr(err)
	}
}

func TestLegacyTable(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		ctx := t.Context()
		table := newTable(t, client)
		accounts, err := dynox.NewRepo(table, AccountKey, ByEmail, dynox.Kind[Account]("account").In("type"))
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, accounts))
		seed(t, client, table.Name(),
			map[string]any{"PK": "tenant|acme", "SK": "acct|7", "email": "a@x", "balance": 1.5, "since": "2020-02-03T04:05:06Z", "unknown": []any{1}},
			map[string]any{"PK": "tenant|acme", "SK": "acct|12", "email": "b@x", "balance": 2, "since": "2020-02-03T04:05:06.7+01:00"},
			map[string]any{"PK": "tenant|acme", "SK": "ACCOUNT-3", "email": "c@x"},
			map[string]any{"PK": "tenant|acme", "SK": "audit|1", "what": "of nobody's kind"},
			map[string]any{"PK": "tenant|acme", "SK": "acct|99", "type": "archive", "email": "a@x", "since": "1"},
		)
		first := Account{Tenant: "acme", Number: 7, Email: "a@x", Balance: 1.5, Since: time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)}

		got, err := accounts.Get(ctx, Account{Tenant: "ACME", Number: 7})
		is.NoErr(err)
		same(t, got, first)
		got, err = accounts.Get(ctx, Account{Tenant: "ACME", Number: 3})
		is.NoErr(err)
		same(t, got, Account{Tenant: "acme", Number: 3, Email: "c@x"})
		_, err = accounts.Get(ctx, Account{Tenant: "acme", Number: 99})
		is.True(errors.Is(err, dynox.ErrNotFound)) // it is an archive

		var numbers []int
		for _, a := range all(t, accounts.Query(ctx, AccountKey.In(Account{Tenant: "acme"}))) {
			numbers = append(numbers, a.Number)
		}
		is.Equal(numbers, []int{3, 12, 7})
		is.Equal(len(all(t, accounts.Scan(ctx, dynox.All[Account]()))), 3)
		n, err := accounts.Count(ctx, dynox.All[Account]())
		is.NoErr(err)
		is.Equal(n, int64(3))
		same(t, all(t, accounts.Query(ctx, ByEmail.In(Account{Email: "a@x"}))), []Account{first})

		changed, err := accounts.Update(ctx, Account{Tenant: "acme", Number: 7}, balance.Set(9))
		is.NoErr(err)
		is.Equal(changed.Balance, 9.0)
		is.Equal(raw(t, client, table.Name(), map[string]string{"PK": "tenant|acme", "SK": "acct|7"})["unknown"], []any{1.0})
		created := Account{Tenant: "Beta", Number: -4, Email: "d@x", Since: time.Date(2021, 1, 1, 0, 0, 0, 0, time.FixedZone("", 3600))}
		is.NoErr(accounts.Put(ctx, &created))
		same(t, raw(t, client, table.Name(), map[string]string{"PK": "tenant|beta", "SK": "acct|-4"}), map[string]any{
			"PK": "tenant|beta", "SK": "acct|-4", "type": "account", "email": "d@x", "balance": 0.0, "since": "2021-01-01T00:00:00+01:00",
		})
		_, err = accounts.Upsert(ctx, Account{Tenant: "beta", Number: 5}, email.Set("e@x"))
		is.NoErr(err)
		same(t, raw(t, client, table.Name(), map[string]string{"PK": "tenant|beta", "SK": "acct|5"}), map[string]any{
			"PK": "tenant|beta", "SK": "acct|5", "type": "account", "email": "e@x",
		})
	})
}

// Reading is stored under keys of numbers, zero and negative ones too.
type Reading struct {
	Sensor int     `dynamodbav:"sensor"`
	At     int     `dynamodbav:"at"`
	Value  float64 `dynamodbav:"value"`
}

var (
	reading = expr.Proto[Reading]()
	sensor  = expr.At(reading, &reading.Sensor)
	at      = expr.At(reading, &reading.At)
)

func TestNumericKeys(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		key := dynox.Key[Reading]{Partition: dynox.By(sensor), Sort: dynox.By(at)}
		readings := newRepo(t, client, key)
		var want []Reading
		for i := -3; i <= 3; i++ {
			r := Reading{0, i, float64(i)}
			is.NoErr(readings.Create(t.Context(), &r))
			want = append(want, r)
		}
		same(t, all(t, readings.Query(t.Context(), key.In(Reading{}))), want)
		same(t, all(t, readings.Query(t.Context(), key.In(Reading{}).Where(at.Gt(-2), at.Le(0)))), want[2:4])
		got, err := readings.Get(t.Context(), Reading{})
		is.NoErr(err)
		same(t, got, want[3])
		page, err := readings.Page(t.Context(), key.In(Reading{}).Desc().Limit(2))
		is.NoErr(err)
		same(t, page.Items, []Reading{want[6], want[5]})
		page, err = readings.Page(t.Context(), key.In(Reading{}).Desc().Limit(9).After(page.Next))
		is.NoErr(err)
		is.Equal(len(page.Items), 5)
		is.Equal(page.Next, dynox.Cursor(""))
	})
}

func TestPreviousPage(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		orders := newRepo(t, client, OrderKey, ByStatus)
		var want []Order
		for n := 1; n <= 6; n++ {
			o := anOrder("42", n)
			is.NoErr(orders.Put(t.Context(), &o))
			want = append(want, o)
		}
		q := OrderKey.In(Order{Customer: "42"})
		var here dynox.Cursor
		all(t, orders.Query(t.Context(), q.Limit(4).Track(&here)))
		same(t, all(t, orders.Query(t.Context(), q.Desc().After(here))), []Order{want[2], want[1], want[0]})
		is.NoErr(orders.Delete(t.Context(), want[3])) // a cursor survives its item
		same(t, all(t, orders.Query(t.Context(), q.After(here).Filter(total.Gt(0)))), want[4:])
		// To the end: nothing is left.
		all(t, orders.Query(t.Context(), q.Track(&here)))
		is.Equal(here, dynox.Cursor(""))
	})
}

func TestScanCursors(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		orders := newRepo(t, client, OrderKey, ByStatus)
		for n := range 40 {
			o := anOrder(string(rune('a'+n%10)), n/10+1)
			is.NoErr(orders.Put(t.Context(), &o))
		}
		for _, scan := range []dynox.Scan[Order]{
			dynox.All[Order](), dynox.All[Order]().Segments(3), dynox.All[Order]().Index(ByStatus),
			dynox.All[Order]().Index(ByStatus).Segments(2).PageSize(3),
		} {
			seen := map[string]int{}
			var cursor dynox.Cursor
			rounds := 0
			for {
				n := 0
				for o, err := range orders.Scan(t.Context(), scan.After(cursor).Track(&cursor)) {
					is.NoErr(err)
					seen[o.Customer+o.ID]++
					if n++; n == 7 {
						break
					}
				}
				if rounds++; cursor == "" || rounds > 20 {
					break
				}
			}
			is.Equal(len(seen), 40)
			for _, times := range seen {
				is.Equal(times, 1)
			}
		}
	})
}

func TestSparseIndex(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		ctx := t.Context()
		type Task struct {
			ID    string    `dynamodbav:"id"`
			Owner string    `dynamodbav:"owner"`
			Due   time.Time `dynamodbav:"due"`
			Area  string    `dynamodbav:"area"`
		}
		task := expr.Proto[Task]()
		idAt, owner, due, area := expr.At(task, &task.ID), expr.At(task, &task.Owner), expr.At(task, &task.Due), expr.At(task, &task.Area)
		byOwner := dynox.GSI("by-owner", dynox.Key[Task]{Partition: dynox.By(owner), Sort: dynox.By(due)})
		byArea := dynox.GSI("by-area", dynox.Key[Task]{Partition: dynox.Composite("ga", "AREA#{}", area), Sort: dynox.Composite("gs", "{}#{}", due, idAt)})
		tasks := newRepo(t, client, dynox.Key[Task]{Partition: dynox.Composite("pk", "TASK#{}", idAt)}, byOwner, byArea)
		free := Task{ID: "1", Area: "home"}
		is.NoErr(tasks.Put(ctx, &free))
		mine := Task{ID: "2", Owner: "me", Due: day(1), Area: "home"}
		is.NoErr(tasks.Put(ctx, &mine))
		is.Equal(len(all(t, tasks.Scan(ctx, dynox.All[Task]().Index(byOwner)))), 1)
		same(t, all(t, tasks.Query(ctx, byArea.In(Task{Area: "home"}))), []Task{mine})
		// Into the index by an update, and out of it.
		got, err := tasks.Update(ctx, free, owner.Set("me"), due.Set(day(2)), area.Set("work"))
		is.NoErr(err)
		same(t, got, Task{ID: "1", Owner: "me", Due: day(2), Area: "work"})
		same(t, all(t, tasks.Query(ctx, byOwner.In(Task{Owner: "me"}))), []Task{mine, got})
		same(t, all(t, tasks.Query(ctx, byArea.In(Task{Area: "work"}))), []Task{got})
		_, err = tasks.Update(ctx, mine, owner.Set(""))
		is.NoErr(err)
		same(t, all(t, tasks.Query(ctx, byOwner.In(Task{Owner: "me"}))), []Task{got})
		_, err = tasks.Update(ctx, got, area.Remove(), due.Set(day(3)))
		is.NoErr(err)
		is.Equal(len(all(t, tasks.Query(ctx, byArea.In(Task{Area: "work"})))), 0)
		// One input alone would leave the composed key stale.
		stale := dynox.GSI("stale", dynox.Key[Task]{Partition: dynox.Composite("gp", "{}#{}", area, due)})
		both, err := dynox.NewRepo(dynox.NewTable(client, "unused"), dynox.Key[Task]{Partition: dynox.Composite("pk", "TASK#{}", idAt)}, stale)
		is.NoErr(err)
		_, err = both.Update(ctx, got, area.Set("x"))
		is.True(err != nil)
		is.True(strings.Contains(err.Error(), "update all of them together"))
		_, err = tasks.Update(ctx, got, due.SetOnce(day(3)))
		is.True(err != nil)
	})
}

func TestLocalIndexAndProjections(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		ctx := t.Context()
		byTotal := dynox.LSI("by-total", dynox.Key[Order]{Sort: dynox.By(total)})
		keys := dynox.GSI("keys", dynox.Key[Order]{Partition: dynox.By(status)}).KeysOnly()
		some := dynox.GSI("some", dynox.Key[Order]{Partition: dynox.By(status), Sort: dynox.By(total)}).Include(city, tags)
		orders := newRepo(t, client, OrderKey, byTotal, keys, some, dynox.Kind[Order]("order"))
		for n := 1; n <= 3; n++ {
			o := anOrder("42", n)
			o.Total = int64(100 - n)
			is.NoErr(orders.Put(ctx, &o))
		}
		got := all(t, orders.Query(ctx, byTotal.In(Order{Customer: "42"}).Where(total.Le(98)).Consistent()))
		is.Equal(len(got), 2)
		is.Equal(got[0].Total, int64(97))
		// Fields that the index lacks are zero, but those of the keys are not.
		for _, o := range all(t, orders.Query(ctx, keys.In(Order{Status: New}))) {
			is.Equal(o.Customer, "42")
			is.True(!o.Placed.IsZero())
			is.Equal(o.Ship.City, "")
		}
		for _, o := range all(t, orders.Query(ctx, some.In(Order{Status: New}).Desc())) {
			is.Equal(o.Ship.City, "Oslo")
		}
		_, err := orders.Explain(keys.In(Order{Status: New}).Consistent())
		is.True(err != nil)
	})
}

func TestKinds(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		ctx := t.Context()
		type Cat struct {
			ID   string `dynamodbav:"id"`
			Kind string `dynamodbav:"kind"`
		}
		type Dog struct {
			ID string `dynamodbav:"id"`
		}
		cat, dog := expr.Proto[Cat](), expr.Proto[Dog]()
		table := newTable(t, client)
		cats, err := dynox.NewRepo(table, dynox.Key[Cat]{Partition: dynox.By(expr.At(cat, &cat.ID))}, dynox.Kind[Cat]("cat"))
		is.NoErr(err)
		dogs, err := dynox.NewRepo(table, dynox.Key[Dog]{Partition: dynox.By(expr.At(dog, &dog.ID))}, dynox.Kind[Dog]("dog"))
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, cats, dogs))
		tom := Cat{ID: "tom"}
		is.NoErr(cats.Create(ctx, &tom))
		is.Equal(tom.Kind, "cat")
		is.NoErr(dogs.Create(ctx, &Dog{ID: "rex"}))
		_, err = dogs.Get(ctx, Dog{ID: "tom"})
		is.True(errors.Is(err, dynox.ErrNotFound))
		_, err = dogs.Take(ctx, Dog{ID: "tom"})
		is.True(errors.Is(err, dynox.ErrNotFound))
		is.NoErr(dogs.Delete(ctx, Dog{ID: "tom"}))
		is.True(errors.Is(dogs.Put(ctx, &Dog{ID: "tom"}), dynox.ErrConditionFailed))
		is.True(errors.Is(dogs.Create(ctx, &Dog{ID: "tom"}), dynox.ErrExists))
		same(t, all(t, cats.Scan(ctx, dynox.All[Cat]())), []Cat{tom})
		n, err := dogs.Count(ctx, dynox.All[Dog]())
		is.NoErr(err)
		is.Equal(n, int64(1))
	})
}

// TestKeyFormsAsOptions: a form given to the repository holds for all keys.
func TestKeyFormsAsOptions(t *testing.T) {
	is := is.New(t)
	client := memtable.New(t).Client()
	table := dynox.NewTable(client, "events")
	key := dynox.Key[Event]{Partition: dynox.By(logAt), Sort: dynox.Composite("sk", "{}#{}", name, seq)}
	ix := dynox.GSI("by-when", dynox.Key[Event]{Partition: dynox.Composite("gp", "{}#{}", name, seq), Sort: dynox.By(when)})
	events, err := dynox.NewRepo(table, key, ix, dynox.Escaped(name), dynox.Unpadded(seq), dynox.TimeAsIs(when))
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), events))
	e := Event{Log: "l", Name: "a#b", Seq: 7, When: day(1).In(zones[1])}
	is.NoErr(events.Put(t.Context(), &e))
	got := raw(t, client, "events", map[string]string{"log": "l", "sk": "a%23b#7"})
	is.Equal(got["gp"], "a%23b#7")
	is.Equal(got["when"], e.When.Format(time.RFC3339Nano))
	is.Equal(len(all(t, events.Query(t.Context(), key.In(Event{Log: "l", Name: "a#b"})))), 1)
	is.Equal(len(all(t, events.Query(t.Context(), ix.In(Event{Name: "a#b", Seq: 7})))), 1)
	_, err = first(events.Query(t.Context(), ix.In(Event{Name: "a#b", Seq: 7}).Where(when.Gt(day(1)))))
	refused(t, err, "when", "order")
	_, err = dynox.NewRepo(table, key, dynox.Unpadded(level))
	refused(t, err, "level", "in none")
}
