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
			done, err = crypt.Rotate(ctx, users, crypt.RotateAfter(start), crypt.RotateConcurrency(1), crypt.RotateProgress(func(r crypt.Rotation) {
				if n++; n == 6 {
					cancel(stop)
				}
				is.Equal(r.Items, int64(n))
				is.Equal(r.Rotated, r.Items)
			}))
			cancel(nil)
			is.True(errors.Is(err, stop))
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

	done, err = crypt.Rotate(ctx, users, crypt.RotateConcurrency(1))
	var bad *dynox.ItemError
	is.True(errors.As(err, &bad))
	is.True(errors.Is(err, crypt.ErrNotSealed))
	is.Equal(done.Rotated, int64(2))
	again := errors.New("again")
	_, err = crypt.Rotate(ctx, users, crypt.RotateAfter(done.Cursor), crypt.RotateOnItemError(func(*dynox.ItemError) error { return again }))
	is.True(errors.Is(err, again))
	moved := false
	done, err = crypt.Rotate(ctx, users, crypt.RotateAfter(done.Cursor), crypt.RotateConcurrency(1), crypt.RotateOnItemError(func(e *dynox.ItemError) error {
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
	_, err = crypt.Rotate(ctx, users, crypt.RotateConcurrency(0))
	is.True(err != nil)
	_, err = crypt.Rotate[user](ctx, nil)
	is.True(err != nil)
	_, err = crypt.Rotate(ctx, users, crypt.RotateAfter("nonsense"))
	is.True(errors.Is(err, dynox.ErrCursor))
}

// TestRotateTooLarge: an item that has no room for envelopes is named, and can be
// left.
func TestRotateTooLarge(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	engine := memtable.New(t)
	plain := newUsers(t, engine.Client())
	for i := range 3 {
		is.NoErr(plain.Put(ctx, &user{Team: "a", ID: i, Email: strings.Repeat("x", 409_500*(i%2))}))
	}
	users := on(t, engine.Client(), plain, crypt.Field(email, crypt.Raw("k", rawKey(1)), crypt.ReadPlaintext()))
	done, err := crypt.Rotate(ctx, users)
	var item *dynox.ItemError
	is.True(errors.As(err, &item))
	is.True(errors.Is(err, dynox.ErrTooLarge))
	is.Equal(done.Items, int64(1))
	left := 0
	done, err = crypt.Rotate(ctx, users, crypt.RotateAfter(done.Cursor), crypt.RotateOnItemError(func(*dynox.ItemError) error {
		left++
		return nil
	}))
	is.NoErr(err)
	is.Equal([]int64{done.Items, int64(left)}, []int64{1, 1})
}

// TestRotateExpired: items past their time, which reads hide, are rotated: they may
// come back.
func TestRotateExpired(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	type draft struct {
		ID   string    `dynamodbav:"id"`
		Ends time.Time `dynamodbav:"ends,unixtime"`
		Text string    `dynamodbav:"text"`
	}
	proto := expr.Proto[draft]()
	key := dynox.Key[draft]{Partition: dynox.By(expr.At(proto, &proto.ID))}
	table := dynox.NewTable(memtable.New(t).Client(), "drafts")
	drafts := func(opts ...dynox.Option[draft]) *dynox.Repo[draft] {
		r, err := dynox.NewRepo(table, key, opts...)
		is.NoErr(err)
		return r
	}
	is.NoErr(table.Ensure(ctx, drafts())) // so that the service deletes nothing
	hiding := func(keyring crypt.Keyring) *dynox.Repo[draft] {
		return drafts(crypt.Field(expr.At(proto, &proto.Text), keyring), dynox.TTL(expr.At(proto, &proto.Ends)), dynox.HideExpired[draft]())
	}
	former, next := crypt.Raw("old", rawKey(1)), crypt.Raw("new", rawKey(2))
	d := draft{ID: "1", Ends: time.Now().Add(-time.Hour), Text: "a draft"}
	is.NoErr(hiding(former).Put(ctx, &d))
	done, err := crypt.Rotate(ctx, hiding(crypt.AnyOf(next, former)))
	is.NoErr(err)
	is.Equal(done, crypt.Rotation{Items: 1, Rotated: 1})
	got, err := hiding(next).Touch(ctx, d, time.Now().Add(time.Hour))
	is.NoErr(err)
	is.Equal(got.Text, d.Text)
}

// TestRotateBeacons: a beacon key needs the key that wrapped it after all values have
// another one, and says so.
func TestRotateBeacons(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	client := memtable.New(t).Client()
	former, next := crypt.Raw("old", rawKey(1)), crypt.Raw("new", rawKey(2))
	text := beaconKeyText(t, former)
	with := func(keyring, ofBeacons crypt.Keyring) []dynox.Option[user] {
		return []dynox.Option[user]{byMark, crypt.Field(email, keyring), crypt.Beacon(mark, email, crypt.NewBeaconKey(ofBeacons, text))}
	}
	users := newUsers(t, client, with(former, former)...)
	is.NoErr(users.Put(ctx, &user{Team: "a", ID: 1, Email: "amy@example.com"}))
	_, err := crypt.Rotate(ctx, on(t, client, users, with(crypt.AnyOf(next, former), former)...))
	is.NoErr(err)
	sought := byMark.In(user{Email: "amy@example.com"})
	found, err := iter.Collect(on(t, client, users, with(next, former)...).Query(ctx, sought))
	is.NoErr(err)
	is.Equal(found[0].ID, 1)
	_, err = iter.Collect(on(t, client, users, with(next, next)...).Query(ctx, sought))
	is.True(errors.Is(err, crypt.ErrOpen))
	is.True(strings.Contains(err.Error(), "mark: the beacon key: does not open"))
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
