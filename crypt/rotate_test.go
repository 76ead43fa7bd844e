package crypt_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/crypt"
	"github.com/dynox-go/dynox/crypt/internal/kmstest"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/hooks"
	"github.com/dynox-go/dynox/internal/core"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/lock"
	"github.com/dynox-go/dynox/memtable"
)

// on is a repository of the same table with other options.
func on(t testing.TB, client *dynamodb.Client, users *dynox.Repo[user], opts ...dynox.Option[user]) *dynox.Repo[user] {
	t.Helper()
	other, err := dynox.NewRepo(dynox.NewTable(client, users.Core(core.Door{}).Table.Name), userKey, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return other
}

// TestRotate: to a new key, from plaintext, broken off and resumed, without
// touching anything else.
func TestRotate(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		ctx := t.Context()
		service := kmstest.New("old", "new")
		former, next := crypt.KMS(service.Client(), "old"), crypt.KMS(service.Client(), "new")
		plain := newUsers(t, client, lock.Version(version))
		before := on(t, client, plain, append(fields(former), lock.Version(version))...)
		var want []user
		for i := range 20 {
			u := amy()
			u.ID, u.Pay = i, int64(i)
			writer := before
			if i%4 == 3 {
				writer = plain
			}
			is.NoErr(writer.Put(ctx, &u))
			want = append(want, u)
		}
		hook := hooks.AfterLoad(func(context.Context, *user) error { return errors.New("a hook ran") })
		users := on(t, client, plain, append(fields(crypt.AnyOf(next, former), crypt.ReadPlaintext()), lock.Version(version), hook)...)
		var done crypt.Rotation
		var err error
		for range 3 {
			stop := errors.New("enough")
			service.Calls()
			start := done.Cursor
			n := 0
			ctx, cancel := context.WithCancelCause(ctx)
			done, err = crypt.Rotate(ctx, users, crypt.RotateAfter(start), crypt.RotateProgress(func(r crypt.Rotation) {
				if n++; n == 6 {
					cancel(stop)
				}
				is.Equal(r.Items, int64(n))
				is.Equal(r.Rotated, r.Items)
			}))
			cancel(nil)
			is.True(errors.Is(err, context.Canceled))
			is.True(done.Cursor != start)
			is.Equal(done.Rotated, int64(6))
		}
		done, err = crypt.Rotate(ctx, users, crypt.RotateAfter(done.Cursor))
		is.NoErr(err)
		is.Equal(done, crypt.Rotation{Items: 2, Rotated: 2})
		got, err := iter.Collect(on(t, client, plain, append(fields(next), lock.Version(version))...).Query(ctx, userKey.In(user{Team: "a"})))
		is.NoErr(err)
		is.Equal(cmp.Diff(want, got), "")

		raw := stored(t, client, users, want[0])
		done, err = crypt.Rotate(ctx, users)
		is.NoErr(err)
		is.Equal(done, crypt.Rotation{Items: 20})
		is.Equal(cmp.Diff(raw, stored(t, client, users, want[0]), values), "")
		done, err = crypt.Rotate(ctx, users, crypt.RotateEverything())
		is.NoErr(err)
		is.Equal(done, crypt.Rotation{Items: 20, Rotated: 20})
		is.True(cmp.Diff(raw, stored(t, client, users, want[0]), values) != "")
	})
}

// TestRotateInTrouble: an item that does not open can be left; others' writes stay;
// who may not write does not; a service that fails is named.
func TestRotateInTrouble(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	client := memtable.New(t).Client()
	service := kmstest.New("new")
	former, next := crypt.Raw("old", rawKey(1)), crypt.KMS(service.Client(), "new")
	before := newUsers(t, client, crypt.Field(email, former))
	for i := range 5 {
		is.NoErr(before.Put(ctx, &user{Team: "a", ID: i, Email: fmt.Sprint(i)}))
	}
	table := &before.Core(core.Door{}).Table.Name
	_, err := client.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: table, Key: map[string]types.AttributeValue{
		"team": &types.AttributeValueMemberS{Value: "a"}, "id": &types.AttributeValueMemberN{Value: "2"},
	}, UpdateExpression: aws.String("SET email = :e"), ExpressionAttributeValues: map[string]types.AttributeValue{":e": &types.AttributeValueMemberS{Value: "x"}}})
	is.NoErr(err)
	users := on(t, client, before, crypt.Field(email, crypt.AnyOf(next, former)))

	service.Fail("GenerateDataKey", -1, kmstest.Denied)
	done, err := crypt.Rotate(ctx, users)
	is.Equal(err.Error(), "dynox: crypt.Rotate: email: KMS GenerateDataKey: the service answered AccessDeniedException")
	is.Equal(done, crypt.Rotation{})
	service.Heal()

	done, err = crypt.Rotate(ctx, users)
	var bad *dynox.ItemError
	is.True(errors.As(err, &bad))
	is.True(errors.Is(err, crypt.ErrNotSealed))
	is.Equal(done.Rotated, int64(2))
	again := errors.New("again")
	_, err = crypt.Rotate(ctx, users, crypt.RotateAfter(done.Cursor), crypt.RotateOnItemError(func(*dynox.ItemError) error { return again }))
	is.True(errors.Is(err, again))
	moved := false
	done, err = crypt.Rotate(ctx, users, crypt.RotateAfter(done.Cursor), crypt.RotateOnItemError(func(e *dynox.ItemError) error {
		is.True(strings.HasPrefix(e.Path, "email"))
		if !moved { // after the page was read
			moved = true
			is.NoErr(before.Put(ctx, &user{Team: "a", ID: 4, Email: "newer"}))
		}
		return nil
	}))
	is.NoErr(err)
	is.Equal(done, crypt.Rotation{Items: 2, Rotated: 1, Changed: 1})
	u, err := users.Get(ctx, user{Team: "a", ID: 4})
	is.NoErr(err)
	is.Equal(u.Email, "newer")

	_, err = crypt.Rotate(ctx, on(t, client, before, crypt.Field(email, former, crypt.ReadOnly())))
	is.True(errors.Is(err, dynox.ErrReadOnly))
	_, err = crypt.Rotate(ctx, on(t, client, before, crypt.Field(email, former, crypt.WriteOnly())))
	is.True(errors.Is(err, crypt.ErrSealed))
	_, err = crypt.Rotate(ctx, on(t, client, before))
	is.True(err != nil)
	_, err = crypt.Rotate[user](ctx, nil)
	is.True(err != nil)
	_, err = crypt.Rotate(ctx, users, crypt.RotateAfter("nonsense"))
	is.True(errors.Is(err, dynox.ErrCursor))
}

// values compares attribute values by what they hold.
var values = cmp.Comparer(func(a, b types.AttributeValue) bool { return reflect.DeepEqual(a, b) })

// TestRotateHidden: what reads hide may come back, and opens then.
func TestRotateHidden(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	type memo struct {
		ID      string    `dynamodbav:"id"`
		Secret  string    `dynamodbav:"secret"`
		Deleted time.Time `dynamodbav:"deleted,omitempty"`
	}
	proto := expr.Proto[memo]()
	service := kmstest.New("old", "new")
	former, next := crypt.KMS(service.Client(), "old"), crypt.KMS(service.Client(), "new")
	table := dynox.NewTable(memtable.New(t).Client(), "memos")
	repo := func(k crypt.Keyring) *dynox.Repo[memo] {
		r, err := dynox.NewRepo(table, dynox.Key[memo]{Partition: dynox.By(expr.At(proto, &proto.ID))},
			crypt.Field(expr.At(proto, &proto.Secret), k), dynox.SoftDelete(expr.At(proto, &proto.Deleted)))
		is.NoErr(err)
		return r
	}
	memos := repo(former)
	is.NoErr(table.Ensure(ctx, memos))
	is.NoErr(memos.Put(ctx, &memo{ID: "a", Secret: "s"}))
	is.NoErr(memos.Delete(ctx, memo{ID: "a"}))
	done, err := crypt.Rotate(ctx, repo(crypt.AnyOf(next, former)))
	is.NoErr(err)
	is.Equal(done.Rotated, int64(1))
	back, err := repo(next).Restore(ctx, memo{ID: "a"})
	is.NoErr(err)
	is.Equal(back.Secret, "s")
}
