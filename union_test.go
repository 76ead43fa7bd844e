package dynox_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/hooks"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/memtable"
)

// The kinds of a table: a firm, its staff and its desks.
type firm struct {
	ID   string `dynamodbav:"id"`
	Name string `dynamodbav:"name"`
}

type clerk struct {
	Firm   string `dynamodbav:"firm"`
	ID     int    `dynamodbav:"id"`
	Secret string `dynamodbav:"secret"`
	Role   string `dynamodbav:"role,omitempty"`
	loaded bool
}

func (c *clerk) Entity() string { return fmt.Sprint("clerk ", c.ID) }

type desk struct {
	Firm string `dynamodbav:"firm"`
	Room int    `dynamodbav:"room"`
	Role string `dynamodbav:"role,omitempty"`
}

func (f firm) Entity() string { return "firm " + f.ID }
func (d desk) Entity() string { return fmt.Sprint("desk ", d.Room) }

type entity interface{ Entity() string }

var (
	firmProto  = expr.Proto[firm]()
	clerkProto = expr.Proto[clerk]()
	deskProto  = expr.Proto[desk]()

	firmKey = dynox.Key[firm]{Partition: dynox.Composite("pk", "FIRM#{}", expr.At(firmProto, &firmProto.ID)), Sort: dynox.Const[firm]("sk", "A")}

	clerkFirm = expr.At(clerkProto, &clerkProto.Firm)
	clerkKey  = dynox.Key[clerk]{Partition: dynox.Composite("pk", "FIRM#{}", clerkFirm), Sort: dynox.Composite("sk", "CLERK#{}", expr.At(clerkProto, &clerkProto.ID))}
	clerkRole = dynox.GSI("by-role", dynox.Key[clerk]{Partition: dynox.By(expr.At(clerkProto, &clerkProto.Role)), Sort: dynox.By(clerkFirm)})
	deskKey   = dynox.Key[desk]{Partition: dynox.Composite("pk", "FIRM#{}", expr.At(deskProto, &deskProto.Firm)), Sort: dynox.Composite("sk", "DESK#{}", expr.At(deskProto, &deskProto.Room))}
	deskRole  = dynox.GSI("by-role", dynox.Key[desk]{Partition: dynox.By(expr.At(deskProto, &deskProto.Role)), Sort: dynox.By(expr.At(deskProto, &deskProto.Firm))})
)

type office struct {
	firms  *dynox.Repo[firm]
	clerks *dynox.Repo[clerk]
	desks  *dynox.Repo[desk]
}

func newOffice(t testing.TB, client *dynamodb.Client) office {
	t.Helper()
	is := is.New(t)
	table := testbed.Table(t, client)
	firms, err := dynox.NewRepo(table, firmKey, dynox.Kind[firm]("firm"))
	is.NoErr(err)
	clerks, err := dynox.NewRepo(table, clerkKey, dynox.Kind[clerk]("clerk"), clerkRole,
		coded(seal{"s", new(calls)}, 1, expr.At(clerkProto, &clerkProto.Secret)),
		hooks.AfterLoad(func(_ context.Context, c *clerk) error { c.loaded = true; return nil }))
	is.NoErr(err)
	desks, err := dynox.NewRepo(table, deskKey, dynox.Kind[desk]("desk"), deskRole)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), firms, clerks, desks))
	ctx := t.Context()
	for _, id := range []string{"1", "2"} {
		is.NoErr(firms.Put(ctx, &firm{ID: id, Name: "F" + id}))
		for i := range 3 {
			is.NoErr(clerks.Put(ctx, &clerk{Firm: id, ID: i, Secret: "s" + id, Role: "boss"}))
			is.NoErr(desks.Put(ctx, &desk{Firm: id, Room: i, Role: "boss"}))
		}
	}
	return office{firms, clerks, desks}
}

func TestUnion(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		o := newOffice(t, client)
		all := dynox.Union[entity](o.firms, o.clerks, o.desks)
		whole := firmKey.Collection(firm{ID: "1"})
		names := func(items []entity, err error) (names []string) {
			t.Helper()
			is.NoErr(err)
			for _, e := range items {
				switch e := e.(type) {
				case firm:
					is.Equal(e.Name, "F1")
				case *clerk: // only a pointer is an entity
					is.Equal(e.Secret, "s1")
					is.True(e.loaded)
				case desk:
					is.Equal(e.Firm, "1")
				default:
					t.Errorf("a %T", e)
				}
				names = append(names, e.Entity())
			}
			return names
		}
		want := []string{"firm 1", "clerk 0", "clerk 1", "clerk 2", "desk 0", "desk 1", "desk 2"}
		is.Equal(names(iter.Collect(all.Query(ctx, whole))), want)
		is.Equal(names(iter.Collect(all.Query(ctx, whole.PageSize(2).Prefetch()))), want)
		is.Equal(names(iter.Collect(all.Query(ctx, clerkKey.Collection(clerk{Firm: "1"}).Limit(2)))), want[:2])
		is.Equal(names(iter.Collect(all.Query(ctx, clerkKey.In(clerk{Firm: "1"})))), want[1:4]) // bounded by its key
		down, err := iter.Collect(all.Query(ctx, whole.Desc()))
		is.Equal(names(down, err)[6], "firm 1")

		var got []string
		var cursor dynox.Cursor
		for n := 0; n == 0 || cursor != ""; n++ {
			page, err := all.Page(ctx, whole.Limit(3).After(cursor))
			got = append(got, names(page.Items, err)...)
			cursor = page.Next
			is.True(n < 4)
		}
		is.Equal(got, want)
		for _, err := range all.Query(ctx, whole.Track(&cursor)) {
			is.NoErr(err)
			break
		}
		is.Equal(names(iter.Collect(all.Query(ctx, whole.After(cursor)))), want[1:])

		// Of a repository alone the whole collection is its own items.
		own, err := iter.Collect(o.desks.Query(ctx, deskKey.Collection(desk{Firm: "1"})))
		is.NoErr(err)
		is.Equal(len(own), 3)

		scanned, err := iter.Collect(all.Query(ctx, dynox.All[firm]().Segments(3)))
		is.NoErr(err)
		is.Equal(len(scanned), 14)
		byRole, err := iter.Collect(all.Query(ctx, clerkRole.In(clerk{Role: "boss"})))
		is.NoErr(err)
		is.Equal(len(byRole), 12)

		// What the union does not know.
		some := dynox.Union[any](o.firms, o.desks)
		n := 0
		for item, err := range some.Query(ctx, whole) {
			var bad *dynox.ItemError
			if n++; n == 1 {
				is.NoErr(err)
				is.Equal(item, firm{ID: "1", Name: "F1"})
				continue
			}
			is.True(errors.Is(err, dynox.ErrKind))
			is.True(errors.As(err, &bad))
		}
		is.Equal(n, 2)
		rest, err := iter.Collect(some.Skip().Query(ctx, whole))
		is.NoErr(err)
		is.Equal(len(rest), 4)
		skipped := 0
		rest, err = iter.Collect(some.Query(ctx, whole.OnItemError(func(*dynox.ItemError) error { skipped++; return nil })))
		is.NoErr(err)
		is.Equal(len(rest), 4)
		is.Equal(skipped, 3)

		var account struct {
			Firm   firm
			Clerks []*clerk
			Desks  []desk
			Other  int `dynox:"-"`
		}
		is.NoErr(dynox.Gather(ctx, all, whole, &account))
		is.Equal(account.Firm.Name, "F1")
		is.Equal(len(account.Clerks)+len(account.Desks), 6)
		is.Equal(account.Clerks[2].ID, 2)
		var single struct {
			Clerk *clerk
			Firm  *firm
			Desks []desk
		}
		err = dynox.Gather(ctx, all, whole, &single)
		is.True(err != nil) // several clerks
		is.Equal(single.Clerk.ID, 0)
		var lacking struct{ Desks []desk }
		is.True(dynox.Gather(ctx, all, whole, &lacking) != nil)
	})
}

func TestUnionRefused(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	o := newOffice(t, memtable.New(t).Client())
	elsewhere := newOffice(t, memtable.New(t).Client())
	whole := firmKey.Collection(firm{ID: "1"})
	for name, u := range map[string]*dynox.UnionOf[entity]{
		"none": dynox.Union[entity](), "nil": dynox.Union[entity](nil), "typed nil": dynox.Union[entity]((*dynox.Repo[firm])(nil)),
		"two tables": dynox.Union[entity](o.firms, elsewhere.desks), "of another": dynox.Union[entity](o.desks),
	} {
		if _, err := iter.Collect(u.Query(ctx, whole)); err == nil {
			t.Errorf("%s: no error", name)
		}
		_, err := u.Page(ctx, whole)
		is.True(err != nil)
		is.True(dynox.Gather(ctx, u, whole, &struct{ Firm firm }{}) != nil)
	}
	_, err := iter.Collect(dynox.Union[error](o.firms).Query(ctx, whole))
	is.True(err != nil) // a firm is no error
	all := dynox.Union[any](o.firms, o.desks)
	_, err = iter.Collect(all.Query(ctx, nil))
	is.True(err != nil)
	_, err = iter.Collect(all.Query(ctx, whole.Only(expr.At(firmProto, &firmProto.Name))))
	is.True(err != nil)
	_, err = iter.Collect(all.Query(ctx, deskKey.Collection(desk{Firm: "1"}).Where(expr.At(deskProto, &deskProto.Room).Gt(1))))
	is.True(err != nil)
	for _, dst := range []any{nil, struct{}{}, new(int), &struct{ X int }{}, &struct{ A, B []firm }{}, &struct{ a []firm }{}} {
		if dynox.Gather(ctx, all, whole, dst) == nil {
			t.Errorf("%T: no error", dst)
		}
	}
}
