package dynox_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/hooks"
	"github.com/dynox-go/dynox/tx"
)

// shared is an item that other programs write, too, with more in it.
type shared struct {
	ID     string         `dynamodbav:"id"`
	Team   string         `dynamodbav:"team"`
	Count  int            `dynamodbav:"count"`
	Name   string         `dynamodbav:"name"`
	Rate   float64        `dynamodbav:"rate"`
	Home   sharedPlace    `dynamodbav:"home"`
	Others []sharedPlace  `dynamodbav:"others"`
	Free   map[string]any `dynamodbav:"free"`
	Marks  []string       `dynamodbav:"marks,stringset"`
	Twice  []string       `dynamodbav:"twice,stringset"`
	Digits int            `dynamodbav:"digits"`
}

type sharedPlace struct {
	Street string `dynamodbav:"street"`
	Floor  string `dynamodbav:"floor"`
}

var (
	aShared     = new(shared)
	sharedID    = expr.At(aShared, &aShared.ID)
	sharedTeam  = expr.At(aShared, &aShared.Team)
	sharedKey   = dynox.Key[shared]{Partition: dynox.By(sharedID)}
	sharedTeams = dynox.GSI("teams", dynox.Key[shared]{Partition: dynox.Composite("ix", "T#{}", sharedTeam)})
)

type av = types.AttributeValue

func avS(s string) av           { return &types.AttributeValueMemberS{Value: s} }
func avN(s string) av           { return &types.AttributeValueMemberN{Value: s} }
func avL(vs ...av) av           { return &types.AttributeValueMemberL{Value: vs} }
func avM(m map[string]av) av    { return &types.AttributeValueMemberM{Value: m} }
func avNull() av                { return &types.AttributeValueMemberNULL{Value: true} }
func avSS(members ...string) av { return &types.AttributeValueMemberSS{Value: members} }

// putStored stores an item as another program would.
func putStored(t *testing.T, client *dynamodb.Client, table *dynox.Table, item map[string]av) {
	t.Helper()
	_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(table.Name()), Item: item})
	is.New(t).NoErr(err)
}

// sameStored fails unless the item with the key is stored as want.
func sameStored(t *testing.T, client *dynamodb.Client, table *dynox.Table, key, want map[string]av) {
	t.Helper()
	out, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String(table.Name()), Key: key, ConsistentRead: aws.Bool(true)})
	is.New(t).NoErr(err)
	sorted := cmpopts.SortSlices(func(a, b string) bool { return a < b })
	if diff := cmp.Diff(want, out.Item, sorted, cmpopts.IgnoreUnexported(
		types.AttributeValueMemberS{}, types.AttributeValueMemberN{}, types.AttributeValueMemberL{}, types.AttributeValueMemberM{},
		types.AttributeValueMemberNULL{}, types.AttributeValueMemberSS{},
	)); diff != "" {
		t.Error(diff)
	}
}

// TestBackfillKeepsValues: what the fields cannot hold of an item stays.
func TestBackfillKeepsValues(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		table := newTable(t, client)
		repo, err := dynox.NewRepo(table, sharedKey, sharedTeams)
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, repo))
		stored := map[string]av{
			"id": avS("1"), "team": avS("a"), "count": avNull(), "name": avNull(), "rate": avN("1.23456789012345678901234567"),
			"home":   avM(map[string]av{"street": avS("s"), "zip": avS("90")}),
			"others": avL(avM(map[string]av{"street": avS("s"), "zip": avS("90")})),
			"free":   avM(map[string]av{"big": avN("12345678901234567890123456789"), "set": avSS("x", "y")}),
			"marks":  avL(avS("a"), avS("b")), "twice": avL(avS("a"), avS("a")), "digits": avN("7"), "unknown": avS("u"),
		}
		putStored(t, client, table, stored)
		got, err := dynox.Backfill(ctx, repo)
		is.NoErr(err)
		is.Equal(got.Written, int64(1))
		stored["ix"] = avS("T#a")
		stored["marks"] = avSS("a", "b") // says the same, as its tag has it today
		sameStored(t, client, table, map[string]av{"id": avS("1")}, stored)
		got, err = dynox.Backfill(ctx, repo)
		is.NoErr(err)
		is.Equal(got.Written, int64(0))
	})
}

// numbered is an item whose schema has changed.
type numbered struct {
	ID     string `dynamodbav:"id"`
	Schema int    `dynamodbav:"schema"`
	Name   string `dynamodbav:"name"`
	First  string `dynamodbav:"first"`
}

// TestBackfillOldSchema: an item of an older schema gets what is derived from it, and
// stays of that schema, whole, until it is put.
func TestBackfillOldSchema(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		table := newTable(t, client)
		a := new(numbered)
		id, first := expr.At(a, &a.ID), expr.At(a, &a.First)
		firsts := dynox.GSI("firsts", dynox.Key[numbered]{Partition: dynox.Composite("ix", "F#{}", first)})
		repo, err := dynox.NewRepo(table, dynox.Key[numbered]{Partition: dynox.By(id)}, firsts,
			hooks.Upgrade(expr.At(a, &a.Schema), 2, func(attrs map[string]av) error {
				name, _ := attrs["name"].(*types.AttributeValueMemberS)
				given, family, _ := strings.Cut(name.Value, " ")
				attrs["first"], attrs["name"] = avS(given), avS(family)
				return nil
			}))
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, repo))
		stored := map[string]av{"id": avS("1"), "schema": avN("1"), "name": avS("Ann Bell")}
		putStored(t, client, table, stored)
		got, err := dynox.Backfill(ctx, repo)
		is.NoErr(err)
		is.Equal(got.Written, int64(1))
		stored["ix"] = avS("F#Ann")
		sameStored(t, client, table, map[string]av{"id": avS("1")}, stored)
		item, err := repo.Get(ctx, numbered{ID: "1"})
		is.NoErr(err)
		is.Equal(item, numbered{ID: "1", Schema: 2, First: "Ann", Name: "Bell"})
	})
}

// beside is a client before whose next transaction others have their turn.
type beside struct {
	*dynamodb.Client
	others func()
}

func (c *beside) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, opts ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	if f := c.others; f != nil {
		c.others = nil
		f()
	}
	return c.Client.TransactWriteItems(ctx, in, opts...)
}

// rekeyed are a repository of tickets under an older format of their key, and one of
// the format that has replaced it.
func rekeyed(t *testing.T, table *dynox.Table, opts ...dynox.Option[ticket]) (old, both *dynox.Repo[ticket]) {
	t.Helper()
	is := is.New(t)
	key := func(part dynox.Part[ticket]) dynox.Key[ticket] { return dynox.Key[ticket]{Partition: part} }
	old, err := dynox.NewRepo(table, key(dynox.Composite("pk", "T{}", ticketID)), opts...)
	is.NoErr(err)
	both, err = dynox.NewRepo(table, key(dynox.Composite("pk", "TICKET#{}", ticketID).Also("T{}")), opts...)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), old))
	return old, both
}

// TestBackfillKeysBeside: what is added to an item while it goes under another key goes
// with it.
func TestBackfillKeysBeside(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		c := &beside{Client: client}
		table := dynox.NewTable(c, newTable(t, client).Name())
		old, both := rekeyed(t, table)
		is.NoErr(old.Put(ctx, &ticket{ID: "1", Team: "t"}))
		c.others = func() {
			_, err := old.Update(ctx, ticket{ID: "1"}, ticketState.Set("open"))
			is.NoErr(err)
		}
		got, err := dynox.Backfill(ctx, both)
		is.NoErr(err)
		is.Equal(got.Written, int64(1))
		item, err := both.Get(ctx, ticket{ID: "1"})
		is.NoErr(err)
		is.Equal(item.State, "open")
		_, err = old.Get(ctx, ticket{ID: "1"})
		is.True(errors.Is(err, dynox.ErrNotFound))
	})
}

// TestBackfillKeysUnique: an item that goes under another key keeps its claims.
func TestBackfillKeysUnique(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		old, both := rekeyed(t, newTable(t, client), tx.Unique(ticketExtra))
		for _, id := range []string{"1", "2"} {
			is.NoErr(old.Create(ctx, &ticket{ID: id, Team: "t", Extra: "of " + id}))
		}
		got, err := dynox.Backfill(ctx, both)
		is.NoErr(err)
		is.Equal(got.Written, int64(2))
		err = both.Create(ctx, &ticket{ID: "3", Extra: "of 1"})
		is.True(errors.Is(err, dynox.ErrNotUnique))
		_, err = both.Update(ctx, ticket{ID: "2"}, ticketExtra.Set("of 1"))
		is.True(errors.Is(err, dynox.ErrNotUnique))
		is.NoErr(both.Delete(ctx, ticket{ID: "1"}))
		is.NoErr(both.Create(ctx, &ticket{ID: "3", Extra: "of 1"}))
	})
}

// TestBackfillUnfit: one item that cannot have the new form does not keep the others
// from it.
func TestBackfillUnfit(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		before, after := tickets(t, newTable(t, client), 9)
		long := ticket{ID: "long", Team: strings.Repeat("x", 3000), State: "open"} // too long for a key
		is.NoErr(before.Put(ctx, &long))
		large := ticket{ID: "large", Team: "t", State: "open"}
		size, err := before.SizeOf(ctx, large)
		is.NoErr(err)
		large.Extra = strings.Repeat("x", 400<<10-size.Bytes) // too large for one more attribute
		is.NoErr(before.Put(ctx, &large))

		got, err := dynox.Backfill(ctx, after)
		var bad *dynox.ItemError
		is.True(errors.As(err, &bad))
		again, err := dynox.Backfill(ctx, after, dynox.BackfillAfter(got.Cursor))
		is.True(errors.As(err, &bad)) // it is tried again
		is.Equal(again.Items, int64(0))

		var unfit []error
		got, err = dynox.Backfill(ctx, after, dynox.BackfillOnItemError(func(e *dynox.ItemError) error {
			unfit = append(unfit, e)
			return nil
		}))
		is.NoErr(err)
		is.Equal(len(unfit), 2)
		is.True(errors.Is(unfit[0], dynox.ErrKey) != errors.Is(unfit[1], dynox.ErrKey))
		is.True(errors.Is(unfit[0], dynox.ErrTooLarge) != errors.Is(unfit[1], dynox.ErrTooLarge))
		is.Equal(got.Items, int64(9))
		// What the service says of itself is not about an item.
		stop := errors.New("stop")
		canceled, cancel := context.WithCancelCause(ctx)
		cancel(stop)
		_, err = dynox.Backfill(canceled, after, dynox.BackfillOnItemError(func(*dynox.ItemError) error { t.Error("asked"); return nil }))
		is.True(err != nil)
	})
}

// TestBackfillKeysTaken: an item whose new key another one has stays, and nothing is
// tried again and again.
func TestBackfillKeysTaken(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		old, both := rekeyed(t, newTable(t, client))
		for _, id := range []string{"1", "2", "3"} {
			is.NoErr(old.Put(ctx, &ticket{ID: id, Team: "old"}))
		}
		is.NoErr(both.Put(ctx, &ticket{ID: "2", Team: "new"})) // beside the old one
		_, err := dynox.Backfill(ctx, both)
		is.True(errors.Is(err, dynox.ErrExists))
		var taken []error
		start := time.Now()
		_, err = dynox.Backfill(ctx, both, dynox.BackfillOnItemError(func(e *dynox.ItemError) error {
			taken = append(taken, e)
			return nil
		}))
		is.NoErr(err)
		is.True(time.Since(start) < 5*time.Second)
		is.Equal(len(taken), 1)
		is.True(errors.Is(taken[0], dynox.ErrExists))
		for id, team := range map[string]string{"1": "old", "2": "new", "3": "old"} {
			item, err := both.Get(ctx, ticket{ID: id})
			is.NoErr(err)
			is.Equal(item.Team, team)
		}
		item, err := old.Get(ctx, ticket{ID: "2"})
		is.NoErr(err)
		is.Equal(item.Team, "old")
	})
}
