package bulk_test

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/bulk"
	"github.com/dynox-go/dynox/crypt"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/hooks"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/lock"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

// Member had a field name, and an age, once.
type Member struct {
	ID      string            `dynamodbav:"id"`
	First   string            `dynamodbav:"first"`
	Card    string            `dynamodbav:"card,omitempty"`
	Team    string            `dynamodbav:"team"`
	Prefs   map[string]string `dynamodbav:"prefs,omitempty"`
	Visits  int               `dynamodbav:"visits,omitempty"`
	Schema  int               `dynamodbav:"schema"`
	Version int64             `dynamodbav:"version,omitempty"`
}

var (
	member    = expr.Proto[Member]()
	memberID  = expr.At(member, &member.ID)
	memberKey = dynox.Key[Member]{Partition: dynox.By(memberID)}
	byTeam    = dynox.GSI("by-team", dynox.Key[Member]{
		Partition: dynox.Composite("team_pk", "TEAM#{}", expr.At(member, &member.Team)), Sort: dynox.By(expr.At(member, &member.First)),
	})
)

func toMember(it map[string]types.AttributeValue) error {
	if it["name"] == nil {
		return errors.New("a member without a name")
	}
	it["first"], it["team"] = it["name"], s("red")
	delete(it, "name")
	delete(it, "age")
	it["since"] = n(2020) // which no field knows
	return nil
}

// members is a repository, and items of before the schema that it knows.
func members(t *testing.T, client *dynamodb.Client, opts ...dynox.Option[Member]) (*dynox.Repo[Member], string) {
	t.Helper()
	is := is.New(t)
	table := testbed.Table(t, client)
	opts = append(opts, byTeam, hooks.Upgrade(expr.At(member, &member.Schema), 1, toMember))
	repo, err := dynox.NewRepo(table, memberKey, opts...)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), repo))
	fill(t, client, table.Name(), 40, func(i int) item {
		return item{
			"id": s(strconv.Itoa(i)), "name": s("n" + strconv.Itoa(i)), "age": n(i), "strange": s("kept"),
			"prefs": &types.AttributeValueMemberM{Value: item{"a": s("b")}},
		}
	})
	return repo, table.Name()
}

func saveAll(context.Context, *Member) (bulk.Verdict, error) { return bulk.Save, nil }

// What upgrades make of older items is stored, with what follows from it; what neither they nor
// the type know stays.
func TestMigrateUpgrades(t *testing.T) {
	t.Parallel()
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		repo, table := members(t, client)
		p, err := bulk.Migrate(t.Context(), repo, saveAll, bulk.DryRun())
		is.NoErr(err)
		is.Equal(p.Changed, int64(40))
		p, err = bulk.Migrate(t.Context(), repo, func(_ context.Context, m *Member) (bulk.Verdict, error) {
			if m.ID == "7" {
				return bulk.Keep, nil
			}
			m.Visits = 3
			return bulk.Save, nil
		})
		is.NoErr(err)
		is.Equal([]int64{p.Items, p.Changed}, []int64{40, 39})
		for id, it := range stored(t, client, table) {
			want := item{
				"id": s(id), "first": s("n" + id), "team": s("red"), "team_pk": s("TEAM#red"), "schema": n(1), "visits": n(3),
				"strange": s("kept"), "since": n(2020), "prefs": &types.AttributeValueMemberM{Value: item{"a": s("b")}},
			}
			if id == "7" {
				i, _ := strconv.Atoi(id)
				want = item{"id": s(id), "name": s("n" + id), "age": n(i), "strange": s("kept"), "prefs": want["prefs"]}
			}
			is.Equal(it, want)
		}
		p, err = bulk.Migrate(t.Context(), repo, saveAll, bulk.Verify())
		is.NoErr(err)
		is.Equal([]int64{p.Changed, p.Unfinished}, []int64{1, 0}) // that of before
		p, err = bulk.Migrate(t.Context(), repo, saveAll)
		is.NoErr(err)
		is.Equal(p.Changed, int64(0))
	})
}

// Versions count, unique attributes are claimed, secrets are sealed anew.
func TestMigrateUpgradesWithStages(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	engine := memtable.New(t)
	client := engine.Client()
	repo, table := members(t, client,
		lock.Version(expr.At(member, &member.Version)),
		tx.Unique(expr.At(member, &member.First)),
		crypt.Field(expr.At(member, &member.Card), crypt.Raw("k", make([]byte, crypt.KeySize))),
	)
	// One has a card already, that programs of before have sealed.
	is.NoErr(repo.Put(t.Context(), &Member{ID: "7", First: "n7", Card: "4711"}))
	_, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName: &table, Key: item{"id": s("7")},
		UpdateExpression:         ptr("SET #n = #f REMOVE #f, #s, team"),
		ExpressionAttributeNames: map[string]string{"#n": "name", "#f": "first", "#s": "schema"},
	})
	is.NoErr(err)
	engine.Fail("TransactWriteItems", memtable.ResetAfter(), memtable.Times(5))
	p, err := bulk.Migrate(t.Context(), repo, saveAll, bulk.Verify())
	is.NoErr(err)
	is.Equal(p.Unfinished, int64(0))
	for m, err := range repo.Scan(t.Context(), dynox.All[Member]()) {
		is.NoErr(err)
		is.Equal(m.Schema, 1)
		is.True(m.Version >= 1)
		if m.ID == "7" {
			is.Equal(m.Card, "4711")
		}
	}
	is.True(errors.Is(repo.Create(t.Context(), &Member{ID: "x", First: "n9"}), dynox.ErrNotUnique))
}

// An item that is changed while it is judged is judged anew, and nothing of the change is lost.
func TestMigrateUpgradesRace(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	client := memtable.New(t).Client()
	repo, table := members(t, client)
	once := map[string]bool{}
	_, err := bulk.Migrate(t.Context(), repo, func(ctx context.Context, m *Member) (bulk.Verdict, error) {
		if !once[m.ID] {
			once[m.ID] = true // a program of before writes
			_, err := client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
				TableName: &table, Key: item{"id": s(m.ID)}, UpdateExpression: ptr("SET #n = :n, odd = :n"),
				ExpressionAttributeNames: map[string]string{"#n": "name"}, ExpressionAttributeValues: item{":n": s("new")},
			})
			return bulk.Save, err
		}
		return bulk.Save, nil
	}, bulk.Concurrency(1))
	is.NoErr(err)
	for _, it := range stored(t, client, table) {
		is.Equal([]types.AttributeValue{it["first"], it["odd"], it["schema"]}, []types.AttributeValue{s("new"), s("new"), n(1)})
	}
}

func ptr(s string) *string { return &s }
