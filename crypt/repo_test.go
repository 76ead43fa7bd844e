package crypt_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/crypt"
	"github.com/dynox-go/dynox/crypt/internal/kmstest"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/core"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/lock"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

type address struct {
	Street string `dynamodbav:"street"`
	City   string `dynamodbav:"city"`
}

type user struct {
	Team    string            `dynamodbav:"team"`
	ID      int               `dynamodbav:"id"`
	Email   string            `dynamodbav:"email,omitempty"`
	Mark    string            `dynamodbav:"mark,omitempty"` // beacon of the email
	Born    time.Time         `dynamodbav:"born"`
	Pay     int64             `dynamodbav:"pay"`
	Note    *string           `dynamodbav:"note,omitempty"`
	Home    *address          `dynamodbav:"home,omitempty"`
	Tags    []string          `dynamodbav:"tags,stringset,omitempty"`
	Meta    map[string]string `dynamodbav:"meta"`
	Photo   []byte            `dynamodbav:"photo,omitempty"`
	Version int64             `dynamodbav:"version"`
}

var (
	proto   = expr.Proto[user]()
	team    = expr.At(proto, &proto.Team)
	userID  = expr.At(proto, &proto.ID)
	email   = expr.At(proto, &proto.Email)
	mark    = expr.At(proto, &proto.Mark)
	born    = expr.At(proto, &proto.Born)
	pay     = expr.At(proto, &proto.Pay)
	note    = expr.At(proto, &proto.Note)
	street  = expr.At(proto, &proto.Home.Street)
	tags    = expr.At(proto, &proto.Tags)
	meta    = expr.At(proto, &proto.Meta)
	photo   = expr.At(proto, &proto.Photo)
	version = expr.At(proto, &proto.Version)
	userKey = dynox.Key[user]{Partition: dynox.By(team), Sort: dynox.By(userID)}
	byMark  = dynox.GSI("by-mark", dynox.Key[user]{Partition: dynox.By(mark)})
)

func fields(keyring crypt.Keyring, opts ...crypt.FieldOption) []dynox.Option[user] {
	return []dynox.Option[user]{
		crypt.Field(email, keyring, opts...), crypt.Field(born, keyring, opts...), crypt.Field(pay, keyring, opts...),
		crypt.Field(note, keyring, opts...), crypt.Field(street, keyring, opts...), crypt.Field(tags, keyring, opts...),
		crypt.Field(meta, keyring, opts...), crypt.Field(photo, keyring, opts...),
	}
}

func newUsers(t testing.TB, client *dynamodb.Client, opts ...dynox.Option[user]) *dynox.Repo[user] {
	t.Helper()
	table := testbed.Table(t, client)
	users, err := dynox.NewRepo(table, userKey, opts...)
	if err == nil {
		err = table.Ensure(t.Context(), users)
	}
	if err != nil {
		t.Fatal(err)
	}
	return users
}

func amy() user {
	text := "a note"
	return user{
		Team: "a", ID: 1, Email: "amy@example.com", Born: time.Date(1990, 1, 2, 3, 4, 5, 6, time.UTC), Pay: 5000, Note: &text,
		Home: &address{"Elm Street", "Ulm"}, Tags: []string{"x", "y"}, Photo: []byte{1, 2},
	}
}

func stored(t testing.TB, client *dynamodb.Client, users *dynox.Repo[user], u user) map[string]types.AttributeValue {
	t.Helper()
	out, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &users.Core(core.Door{}).Table.Name, Key: map[string]types.AttributeValue{
		"team": &types.AttributeValueMemberS{Value: u.Team}, "id": &types.AttributeValueMemberN{Value: fmt.Sprint(u.ID)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return out.Item
}

// TestRepository: every verb writes envelopes, and reads what was in them.
func TestRepository(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		ctx := t.Context()
		service := kmstest.New("k1")
		keyring := crypt.KMS(service.Client(), "k1")
		users := newUsers(t, client, append(fields(keyring), lock.Version(version))...)
		same := func(got, want user, err error) {
			t.Helper()
			got.Version = 0
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v: %s", err, diff)
			}
		}
		item := amy()
		is.NoErr(users.Create(ctx, &item))
		same(item, amy(), nil)
		raw := stored(t, client, users, item)
		for _, name := range []string{"email", "born", "pay", "note", "tags", "meta", "photo"} {
			_, sealed := raw[name].(*types.AttributeValueMemberB)
			is.True(sealed)
		}
		home := raw["home"].(*types.AttributeValueMemberM).Value
		_, sealed := home["street"].(*types.AttributeValueMemberB)
		is.True(sealed)
		is.Equal(home["city"], &types.AttributeValueMemberS{Value: "Ulm"})

		got, err := users.Get(ctx, item)
		same(got, amy(), err)
		got, err = users.Update(ctx, item, email.Set("amy@new.org"), pay.Set(6000), note.Remove(), street.Set("Oak Street"), tags.Set([]string{"z"}))
		want := amy()
		want.Email, want.Pay, want.Note, want.Home.Street, want.Tags = "amy@new.org", 6000, nil, "Oak Street", []string{"z"}
		same(got, want, err)
		got, err = users.Upsert(ctx, user{Team: "a", ID: 2}, email.Set("bob@example.com"), meta.Set(map[string]string{"a": "b"}))
		same(got, user{Team: "a", ID: 2, Email: "bob@example.com", Meta: map[string]string{"a": "b"}}, err)
		other := user{Team: "a", ID: 3, Email: "cy@example.com", Photo: []byte("x")}
		is.NoErr(tx.Write(ctx, tx.Put(users, &other)))
		ref := tx.Get(users, other)
		is.NoErr(tx.Read(ctx, ref))
		is.Equal(ref.V.Email, other.Email)
		all, err := iter.Collect(batch.Get(ctx, users, slices.Values([]user{{Team: "a", ID: 1}, {Team: "a", ID: 3}}), batch.InOrder()))
		is.NoErr(err)
		is.Equal(len(all), 2)
		same(all[0], want, nil)
		all, err = iter.Collect(users.Query(ctx, userKey.In(user{Team: "a"})))
		is.NoErr(err)
		is.Equal(len(all), 3)
		err = users.Create(ctx, &other)
		is.True(errors.Is(err, dynox.ErrExists))
		old, ok := dynox.OldItem[user](err)
		is.True(ok)
		is.Equal(old.Email, other.Email)
		got, err = users.Take(ctx, user{Team: "a", ID: 1})
		same(got, want, err)
		is.Equal(names(service.Calls()), "GenerateDataKey") // for all of it
	})
}

// TestMovedInATable: the service's own writes cannot move a value unseen.
func TestMovedInATable(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	client := memtable.New(t).Client()
	users := newUsers(t, client, fields(crypt.Raw("k", rawKey(1)))...)
	a, b := user{Team: "a", ID: 1, Email: "amy@example.com"}, user{Team: "a", ID: 2, Email: "bob@example.com"}
	is.NoErr(users.Put(ctx, &a))
	is.NoErr(users.Put(ctx, &b))
	raw := stored(t, client, users, a)
	raw["id"] = &types.AttributeValueMemberN{Value: "2"}
	_, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &users.Core(core.Door{}).Table.Name, Item: raw})
	is.NoErr(err)
	_, err = users.Get(ctx, b)
	is.True(errors.Is(err, crypt.ErrOpen))
	var bad *dynox.ItemError
	is.True(errors.As(err, &bad))
	is.True(bad.Path != "")
	var ids []int
	for u, err := range users.Query(ctx, userKey.In(user{Team: "a"}).OnItemError(func(*dynox.ItemError) error { return nil })) {
		is.NoErr(err)
		ids = append(ids, u.ID)
	}
	is.Equal(ids, []int{1})
}

// TestModesOfARepository: who only writes reads the rest, who only reads writes
// nothing.
func TestModesOfARepository(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	engine := memtable.New(t)
	service := kmstest.New("k1")
	service.Fail("Decrypt", -1, kmstest.Denied)
	users := newUsers(t, engine.Client(), fields(crypt.KMS(service.Client(), "k1"), crypt.WriteOnly(), crypt.Scope("users"))...)
	item := amy()
	is.NoErr(users.Put(ctx, &item))
	_, err := users.Get(ctx, item)
	is.True(errors.Is(err, crypt.ErrSealed))
	got, err := users.Get(ctx, item, dynox.Only(team, userID))
	is.NoErr(err)
	is.Equal(got.ID, 1)
	got, err = users.Update(ctx, item, pay.Set(1)) // what it returns was not asked for
	is.NoErr(err)
	is.Equal(got.Pay, int64(0))
	is.Equal(got.Team, "a")
	old, existed, err := users.Swap(ctx, &item)
	is.NoErr(err)
	is.True(existed)
	is.Equal(old.Email, "")
	service.Heal()

	reader, err := dynox.NewRepo(dynox.NewTable(engine.Client(), users.Core(core.Door{}).Table.Name), userKey,
		fields(crypt.KMS(service.Client(), "k1"), crypt.ReadOnly(), crypt.Scope("users"))...)
	is.NoErr(err)
	got, err = reader.Get(ctx, item)
	is.NoErr(err)
	is.Equal(got.Pay, int64(5000))
	sent := len(engine.Requests())
	is.True(errors.Is(reader.Put(ctx, &item), dynox.ErrReadOnly))
	_, err = reader.Update(ctx, item, pay.Set(1))
	is.True(errors.Is(err, dynox.ErrReadOnly))
	is.Equal(len(engine.Requests()), sent)
}

// TestNothingWithoutAKey: where no data key can be had nothing is written, and the
// error says what failed.
func TestNothingWithoutAKey(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	engine := memtable.New(t)
	service := kmstest.New("k1")
	service.Fail("GenerateDataKey", -1, kmstest.Denied)
	users := newUsers(t, engine.Client(), fields(crypt.KMS(service.Client(), "k1"))...)
	name := users.Core(core.Door{}).Table.Name
	sent := len(engine.Requests())
	item := amy()
	err := users.Put(ctx, &item)
	is.Equal(err.Error(), "dynox: put "+name+": user: email: KMS GenerateDataKey: the service answered AccessDeniedException")
	var key *crypt.KeyError
	is.True(errors.As(err, &key))
	_, err = users.Update(ctx, item, pay.Set(1))
	is.True(errors.As(err, &key))
	is.True(errors.As(tx.Write(ctx, tx.Put(users, &item)), &key))
	is.True(errors.As(batch.Write(ctx, slices.Values([]batch.Op{batch.Put(users, &item)})), &key))
	is.Equal(len(engine.Requests()), sent)
	_, err = users.Update(ctx, item, meta.Remove()) // needs none
	is.True(errors.Is(err, dynox.ErrNotFound))
}

// TestThousandItems: a query costs one call for each wrapped key, and not one
// more, some at once; and none at all while they are kept.
func TestThousandItems(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	client := memtable.New(t).Client()
	service := kmstest.New("k1")
	writer := newUsers(t, client, fields(crypt.Cached(crypt.KMS(service.Client(), "k1"), crypt.MaxUses(0)), crypt.Scope("s"))...)
	is.NoErr(batch.Write(ctx, func(yield func(batch.Op) bool) {
		for i := range 1000 {
			u := amy()
			u.ID = i
			if !yield(batch.Put(writer, &u)) {
				return
			}
		}
	}))
	is.Equal(len(service.Calls()), 1000)
	reader := on(t, client, writer, fields(crypt.KMS(service.Client(), "k1"), crypt.Scope("s"))...)
	for _, calls := range []int{1000, 0} {
		n := 0
		for u, err := range reader.Query(ctx, userKey.In(user{Team: "a"}).PageSize(300)) {
			is.NoErr(err)
			is.Equal(u.Email, "amy@example.com")
			n++
		}
		is.Equal(n, 1000)
		is.Equal(len(service.Calls()), calls)
	}
	is.True(service.Peak() <= 8)

	// A service that fails in the middle ends the query there, or leaves out what it
	// does not open.
	service.Fail("Decrypt", 500, kmstest.Fault{})
	service.Fail("Decrypt", -1, kmstest.Denied)
	reader = on(t, client, writer, fields(crypt.KMS(service.Client(), "k1"), crypt.Scope("s"))...)
	bad, good := 0, 0
	for _, err := range reader.Query(ctx, userKey.In(user{Team: "a"}).OnItemError(func(e *dynox.ItemError) error {
		var key *crypt.KeyError
		is.True(errors.As(e, &key))
		bad++
		return nil
	})) {
		is.NoErr(err)
		good++
	}
	is.Equal([]int{bad, good}, []int{500, 500})
}

// TestCutShort: items that were not opened because the caller's time is over are not
// bad ones, which could be passed over as if there were no more.
func TestCutShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		client := memtable.New(t).Client()
		service := kmstest.New("k1")
		keyring := crypt.Cached(crypt.KMS(service.Client(), "k1"), crypt.MaxUses(0), crypt.Size(0))
		users := newUsers(t, client, crypt.Field(email, keyring))
		for i := range 20 {
			is.NoErr(users.Put(t.Context(), &user{Team: "a", ID: i, Email: "amy@example.com"}))
		}
		service.Fail("Decrypt", -1, kmstest.Fault{Delay: time.Second})
		pass := func(*dynox.ItemError) error { t.Error("an item is at fault"); return nil }
		for _, wait := range []time.Duration{500 * time.Millisecond, 1500 * time.Millisecond} { // none, or some, were opened
			ctx, cancel := context.WithTimeout(t.Context(), wait)
			defer cancel()
			_, err := iter.Collect(users.Query(ctx, userKey.In(user{Team: "a"}).OnItemError(pass)))
			is.True(errors.Is(err, context.DeadlineExceeded))
			ctx, cancel = context.WithTimeout(t.Context(), wait)
			defer cancel()
			_, err = crypt.Rotate(ctx, users, crypt.RotateEverything(), crypt.RotateOnItemError(pass))
			is.True(errors.Is(err, context.DeadlineExceeded))
		}
	})
}

// TestRefused: what must be told by NewRepo, or before anything is sent.
func TestRefused(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t)
	keyring := crypt.Raw("k", rawKey(1))
	key := crypt.NewBeaconKey(keyring, beaconKeyText(t, keyring))
	table := dynox.NewTable(engine.Client(), "users")
	for name, opts := range map[string][]dynox.Option[user]{
		"key":             {crypt.Field(team, keyring)},
		"index key":       {crypt.Field(mark, keyring), byMark},
		"version":         {crypt.Field(version, keyring), lock.Version(version)},
		"kind":            {crypt.Field(mark, keyring), dynox.Kind[user]("u").In("mark")},
		"twice":           {crypt.Field(email, keyring), crypt.Field(email, keyring)},
		"no keyring":      {crypt.Field(email, nil)},
		"modes":           {crypt.Field(email, keyring, crypt.WriteOnly(), crypt.ReadOnly())},
		"beacon, no key":  {crypt.Beacon(mark, email, nil)},
		"beacon, zero":    {crypt.Beacon(mark, email, new(crypt.BeaconKey))},
		"beacon, bad key": {crypt.Beacon(mark, email, crypt.NewBeaconKey(keyring, "nonsense"))},
		"beacon, bits":    {crypt.Beacon(mark, email, key, crypt.Bits(0))},
		"beacon, of map":  {crypt.Beacon(mark, meta, key)},
		"beacon, itself":  {crypt.Beacon(mark, mark, key)},
	} {
		_, err := dynox.NewRepo(table, userKey, opts...)
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	_, err := dynox.NewRepo(table, userKey, crypt.Field(email, crypt.Raw("k", nil)))
	is.Equal(err.Error(), "dynox: new repository users: crypt_test.user: crypt: email: crypt.Raw: a key has 32 bytes, not 0")
	users := newUsers(t, engine.Client(), fields(keyring)...)
	sent := len(engine.Requests())
	for _, cond := range []expr.Cond[user]{email.Eq("x"), expr.Prefix(email, "x"), expr.Size(photo).Gt(1), pay.Lt(1)} {
		item := amy()
		if users.Put(t.Context(), &item, expr.If(cond)) == nil {
			t.Error("a condition on an encrypted attribute")
		}
		if _, err := iter.Collect(users.Query(t.Context(), userKey.In(item).Filter(cond))); err == nil {
			t.Error("a filter on an encrypted attribute")
		}
	}
	is.Equal(len(engine.Requests()), sent)
}

// What PartiQL reads is opened, also some columns of it; what is encrypted is not compared.
func TestSelect(t *testing.T) {
	t.Parallel()
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		users := newUsers(t, client, fields(crypt.KMS(kmstest.New("k1").Client(), "k1"))...)
		u := amy()
		is.NoErr(users.Put(t.Context(), &u))
		name := users.Core(core.Door{}).Table.Name
		got, err := iter.One(users.Select(t.Context(), fmt.Sprintf(`SELECT * FROM %q WHERE team = ?`, name), u.Team))
		is.NoErr(err)
		is.Equal(cmp.Diff(got, u), "")
		got, err = iter.One(users.Select(t.Context(), fmt.Sprintf(`SELECT team, id, pay FROM %q WHERE team = ?`, name), u.Team))
		is.NoErr(err)
		is.Equal(cmp.Diff(got, user{Team: u.Team, ID: u.ID, Pay: u.Pay}), "")
		one := dynox.PartiQL(users, fmt.Sprintf(`SELECT * FROM %q WHERE team = ? AND id = ?`, name), u.Team, u.ID)
		is.NoErr(dynox.Execute(t.Context(), one))
		is.Equal(cmp.Diff(one.Item, u), "")
		_, err = iter.One(users.Select(t.Context(), fmt.Sprintf(`SELECT * FROM %q WHERE pay > ?`, name), pay.Param(u.Pay)))
		is.True(err != nil && strings.Contains(err.Error(), "encrypted"))
	})
}
