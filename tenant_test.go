package dynox_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"
	"pgregory.net/rapid"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

// Member is an item of tenants, with an index of each shape.
type Member struct {
	Team  string `dynamodbav:"team"`
	ID    string `dynamodbav:"id"`
	Email string `dynamodbav:"email,omitempty"`
	City  string `dynamodbav:"city,omitempty"`
}

var (
	member     = expr.Proto[Member]()
	teamAttr   = expr.At(member, &member.Team)
	memberID   = expr.At(member, &member.ID)
	memberMail = expr.At(member, &member.Email)
	town       = expr.At(member, &member.City)
	MemberKey  = dynox.Key[Member]{Partition: dynox.Composite("pk", "TEAM#{}", teamAttr), Sort: dynox.Composite("sk", "MEMBER#{}", memberID).Also("M#{}")}
	ByMember   = dynox.GSI("by-member", dynox.Key[Member]{Partition: dynox.Composite("sk", "MEMBER#{}", memberID).Also("M#{}"), Sort: dynox.Composite("pk", "TEAM#{}", teamAttr)})
	ByTown     = dynox.GSI("by-town", dynox.Key[Member]{Partition: dynox.Composite("town", "TOWN#{}", town)})
	Everyone   = dynox.GSI("everyone", dynox.Key[Member]{Partition: dynox.Const[Member]("all", "MEMBERS"), Sort: dynox.By(memberID)}).KeysOnly()
)

// tenantKeys is the format of the tests.
const tenantKeys = "T#{}#"

func TestTenants(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		table := newTable(t, client)
		members, err := dynox.NewTenants(table, tenantKeys, MemberKey, ByMember, ByTown, Everyone, dynox.Kind[Member]("member"), tx.Unique(memberMail))
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, members))
		acme, other := members.Of("acme"), members.Of("acme2")
		for i, r := range []*dynox.Repo[Member]{acme, other} {
			for n := range 3 {
				// the same values for both, unique ones too
				is.NoErr(r.Create(ctx, &Member{"x", fmt.Sprint(n), fmt.Sprint(n, "@x"), "Oslo"}))
			}
			is.NoErr(r.Create(ctx, &Member{"y", "only", "", []string{"Rome", "Pisa"}[i]}))
		}
		stored := raw(t, client, table.Name(), map[string]string{"pk": "T#acme#TEAM#x", "sk": "T#acme#MEMBER#1"})
		is.Equal(stored["town"], "T#acme#TOWN#Oslo")
		is.Equal(stored["all"], "T#acme#MEMBERS")
		is.True(errors.Is(acme.Create(ctx, &Member{"z", "9", "1@x", ""}), dynox.ErrNotUnique))

		want := []Member{{"x", "0", "0@x", "Oslo"}, {"x", "1", "1@x", "Oslo"}, {"x", "2", "2@x", "Oslo"}}
		same(t, all(t, acme.Query(ctx, MemberKey.In(Member{Team: "x"}))), want)
		same(t, all(t, acme.Query(ctx, ByMember.In(Member{ID: "1"}))), want[1:2])
		in := all(t, acme.Query(ctx, ByTown.In(Member{City: "Oslo"})))
		slices.SortFunc(in, func(a, b Member) int { return strings.Compare(a.ID, b.ID) })
		same(t, in, want)
		same(t, len(all(t, acme.Query(ctx, Everyone.In(Member{})))), 4)
		for _, s := range []dynox.Scan[Member]{dynox.All[Member](), dynox.All[Member]().Index(Everyone), dynox.All[Member]().Index(ByTown)} {
			scanned := all(t, acme.Scan(ctx, s))
			same(t, len(scanned), 4)
			is.True(!slices.ContainsFunc(scanned, func(m Member) bool { return m.City == "Pisa" }))
			n, err := other.Count(ctx, s)
			is.NoErr(err)
			is.Equal(n, int64(4))
		}
		mixed, err := dynox.Union[any](acme).Skip().Page(ctx, dynox.All[Member]())
		is.NoErr(err)
		is.Equal(len(mixed.Items), 4)
		_, err = dynox.Union[any](acme, other).Page(ctx, MemberKey.In(Member{Team: "x"}))
		is.True(err != nil) // whose members?

		// a cursor is its tenant's
		for _, read := range []func(*dynox.Repo[Member], dynox.Cursor) (dynox.Cursor, error){
			func(r *dynox.Repo[Member], c dynox.Cursor) (dynox.Cursor, error) {
				page, err := r.Page(ctx, MemberKey.In(Member{Team: "x"}).Limit(1).After(c))
				return page.Next, err
			},
			func(r *dynox.Repo[Member], c dynox.Cursor) (at dynox.Cursor, err error) {
				for _, e := range r.Scan(ctx, dynox.All[Member]().Limit(1).Track(&at).After(c)) {
					err = e
				}
				return at, err
			},
		} {
			next, err := read(acme, "")
			is.NoErr(err)
			_, err = read(acme, next)
			is.NoErr(err)
			_, err = read(other, next)
			is.True(errors.Is(err, dynox.ErrCursor))
		}

		// writes
		_, err = acme.Update(ctx, Member{Team: "x", ID: "0"}, town.Set("Bonn"))
		is.NoErr(err)
		same(t, len(all(t, acme.Query(ctx, ByTown.In(Member{City: "Bonn"})))), 1)
		same(t, len(all(t, other.Query(ctx, ByTown.In(Member{City: "Bonn"})))), 0)
		is.NoErr(tx.Write(ctx, tx.Delete(acme, Member{Team: "x", ID: "1"}), tx.Check(other, Member{Team: "x", ID: "1"}, town.Eq("Oslo"))))
		n, err := batch.DeletePartition(ctx, acme, Member{Team: "x"}, batch.Unchecked(), batch.AllKinds())
		is.NoErr(err)
		is.Equal(n, 2)
		same(t, len(all(t, other.Scan(ctx, dynox.All[Member]()))), 4)
	})
}

func TestTenantsRefusals(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	table := dynox.NewTable(memtable.New(t).Client(), "shop")
	for _, format := range []string{"", "T#", "{}", "T#{}", "{}#{}#"} {
		_, err := dynox.NewTenants(table, format, MemberKey)
		is.True(err != nil)
	}
	byTown := dynox.GSI("by-town", dynox.Key[Member]{Partition: dynox.By(town)})
	_, err := dynox.NewTenants(table, tenantKeys, MemberKey, byTown)
	is.True(err != nil && strings.Contains(err.Error(), "index by-town: partition key"))
	_, err = dynox.NewTenants(table, tenantKeys, dynox.Key[Member]{Partition: dynox.By(teamAttr)})
	is.True(err != nil)
	_, err = dynox.NewTenants[Member](nil, tenantKeys, MemberKey)
	is.True(err != nil)

	members, err := dynox.NewTenants(table, tenantKeys, MemberKey)
	is.NoErr(err)
	is.NoErr(table.Ensure(ctx, members))
	for _, bad := range []string{"", "a#", "a#b", "#", "\xff", "a{}b", "\U0010FFFF"} {
		r := members.Of(bad)
		_, err := r.Get(ctx, Member{Team: "x", ID: "1"})
		is.True(errors.Is(err, dynox.ErrKey))
		is.True(errors.Is(r.Put(ctx, &Member{Team: "x", ID: "1"}), dynox.ErrKey))
		is.True(!strings.Contains(err.Error(), "a#b") && !strings.Contains(err.Error(), "dynox: new"))
	}
}

// No item of one tenant is another's, whatever the texts.
func TestTenantsAreApart(t *testing.T) {
	table := dynox.NewTable(memtable.New(t).Client(), "shop")
	members, err := dynox.NewTenants(table, tenantKeys, MemberKey, ByMember)
	is.NewRelaxed(t).NoErr(err)
	is.NewRelaxed(t).NoErr(table.Ensure(t.Context(), members))
	text := rapid.StringMatching(`[aT#{}]{1,4}`)
	rapid.Check(t, func(rt *rapid.T) {
		one, two := text.Draw(rt, "one"), text.Draw(rt, "two")
		if one == two {
			return
		}
		m := Member{Team: text.Draw(rt, "team"), ID: text.Draw(rt, "id")}
		if members.Of(one).Put(t.Context(), &m) != nil {
			return
		}
		other := members.Of(two)
		for got, err := range other.Scan(t.Context(), dynox.All[Member]()) {
			if errors.Is(err, dynox.ErrKey) {
				break // no tenant
			}
			rt.Fatalf("%q sees %v %v of %q", two, got, err, one)
		}
		for got, err := range members.Of(one).Scan(t.Context(), dynox.All[Member]()) {
			if err != nil || got != m {
				rt.Fatalf("%v %v, not %v", got, err, m)
			}
		}
		if err := members.Of(one).Delete(t.Context(), m); err != nil {
			rt.Fatal(err)
		}
	})
}

func BenchmarkTenantsOf(b *testing.B) {
	table := dynox.NewTable(memtable.New(b).Client(), "shop")
	members, err := dynox.NewTenants(table, tenantKeys, MemberKey, ByMember, ByTown, Everyone)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		members.Of("acme")
	}
}
