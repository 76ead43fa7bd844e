package crypt_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/crypt"
	"github.com/dynox-go/dynox/crypt/internal/kmstest"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

func beaconKeyText(t testing.TB, keyring crypt.Keyring, opts ...crypt.BeaconKeyOption) string {
	t.Helper()
	text, err := crypt.MakeBeaconKey(t.Context(), keyring, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestBeacon: every path that writes an attribute writes its beacon, by which it is
// found.
func TestBeacon(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		ctx := t.Context()
		service := kmstest.New("k1")
		keyring := crypt.KMS(service.Client(), "k1")
		tenant := crypt.Context(map[string]string{"tenant": "a"})
		wrapped := beaconKeyText(t, keyring, tenant)
		key := crypt.NewBeaconKey(keyring, wrapped, tenant)
		users := newUsers(t, client, byMark, crypt.Field(email, keyring), crypt.Beacon(mark, email, key))
		find := func(address string) (ids []int) {
			t.Helper()
			found, err := iter.Collect(users.Query(ctx, byMark.In(user{Email: address})))
			is.NoErr(err)
			for _, u := range found {
				is.Equal(u.Email, address)
				ids = append(ids, u.ID)
			}
			return ids
		}
		for i, address := range []string{"amy@example.com", "bob@example.com", ""} {
			is.NoErr(users.Put(ctx, &user{Team: "a", ID: i + 1, Email: address}))
		}
		is.Equal(find("amy@example.com"), []int{1})
		is.Equal(len(stored(t, client, users, user{Team: "a", ID: 1})["mark"].(*types.AttributeValueMemberS).Value), 32)
		is.Equal(stored(t, client, users, user{Team: "a", ID: 3})["mark"], nil)
		_, err := users.Update(ctx, user{Team: "a", ID: 1}, email.Set("amy@new.org"))
		is.NoErr(err)
		is.Equal(len(find("amy@example.com")), 0)
		is.Equal(find("amy@new.org"), []int{1})
		_, err = users.Upsert(ctx, user{Team: "b", ID: 4}, email.Set("cy@example.com"))
		is.NoErr(err)
		is.NoErr(tx.Write(ctx, tx.Update(users, user{Team: "a", ID: 2}, email.Set("cy@other.com"))))
		is.Equal(find("cy@example.com"), []int{4})
		is.Equal(find("cy@other.com"), []int{2})
		_, err = users.Update(ctx, user{Team: "a", ID: 1}, email.Remove())
		is.NoErr(err)
		is.Equal(stored(t, client, users, user{Team: "a", ID: 1})["mark"], nil)
		is.Equal(names(service.Calls()), "GenerateDataKey Decrypt GenerateDataKey") // of the key, to open it, for the fields

		again := crypt.NewBeaconKey(crypt.KMS(service.Client(), "k1"), wrapped, tenant) // another process
		other := newUsers(t, client, byMark, crypt.Field(email, keyring), crypt.Beacon(mark, email, again))
		is.NoErr(other.Put(ctx, &user{Team: "a", ID: 2, Email: "cy@other.com"}))
		is.Equal(stored(t, client, other, user{Team: "a", ID: 2})["mark"], stored(t, client, users, user{Team: "a", ID: 2})["mark"])
		wrong := crypt.NewBeaconKey(keyring, wrapped)
		err = newUsers(t, client, byMark, crypt.Beacon(mark, email, wrong)).Put(ctx, &user{Team: "a", ID: 2, Email: "cy@other.com"})
		is.True(errors.Is(err, crypt.ErrOpen))
	})
}

type thing struct {
	ID     string     `dynamodbav:"id"`
	Text   string     `dynamodbav:"text"`
	Number int32      `dynamodbav:"number"`
	Count  uint8      `dynamodbav:"count"`
	At     time.Time  `dynamodbav:"at"`
	Ptr    *time.Time `dynamodbav:"ptr"`
	Bytes  []byte     `dynamodbav:"bytes"`
	Array  [2]byte    `dynamodbav:"array"`
	B1     string     `dynamodbav:"b1"`
	B2     string     `dynamodbav:"b2"`
	B3     string     `dynamodbav:"b3"`
	B4     string     `dynamodbav:"b4"`
	B5     hexText    `dynamodbav:"b5"`
	B6     string     `dynamodbav:"b6"`
	B7     string     `dynamodbav:"b7"`
}

type hexText string

// TestBeaconsOfValues: equal values have equal beacons, others and other attributes
// have others, of the length that was asked for.
func TestBeaconsOfValues(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	p := expr.Proto[thing]()
	keyring := crypt.Raw("k", rawKey(1))
	key := crypt.NewBeaconKey(keyring, beaconKeyText(t, keyring))
	b1 := expr.At(p, &p.B1)
	table := dynox.NewTable(memtable.New(t).Client(), "things")
	things, err := dynox.NewRepo(table, dynox.Key[thing]{Partition: dynox.By(expr.At(p, &p.ID))},
		crypt.Beacon(b1, expr.At(p, &p.Text), key), crypt.Beacon(expr.At(p, &p.B2), expr.At(p, &p.Number), key, crypt.Bits(256)),
		crypt.Beacon(expr.At(p, &p.B3), expr.At(p, &p.Count), key, crypt.Bits(1)), crypt.Beacon(expr.At(p, &p.B4), expr.At(p, &p.At), key, crypt.Bits(13)),
		crypt.Beacon(expr.At(p, &p.B5), expr.At(p, &p.Ptr), key), crypt.Beacon(expr.At(p, &p.B6), expr.At(p, &p.Bytes), key, nil),
		crypt.Beacon(expr.At(p, &p.B7), expr.At(p, &p.Array), key))
	is.NoErr(err)
	is.NoErr(table.Ensure(ctx, things))
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	there := at.In(time.FixedZone("X", 3600))
	put := func(x thing) thing {
		t.Helper()
		x.ID = "1"
		is.NoErr(things.Put(ctx, &x))
		return x
	}
	one := put(thing{Text: "1", Number: 1, Count: 1, At: at, Ptr: &at, Bytes: []byte("1"), Array: [2]byte{'1'}})
	is.Equal(len(one.B1), 32)
	is.Equal(len(one.B2), 64)
	is.True(one.B3 == "0" || one.B3 == "8")
	is.Equal(len(one.B4), 4)
	is.True(strings.Contains("08", one.B4[3:]))
	two := put(thing{Text: "1", Number: 1, Count: 1, At: there, Ptr: &there, Bytes: []byte("1"), Array: [2]byte{'1'}})
	is.Equal([]string{one.B1, one.B2, one.B3, one.B4, string(one.B5), one.B6, one.B7}, []string{two.B1, two.B2, two.B3, two.B4, string(two.B5), two.B6, two.B7})
	seen := map[string]bool{one.B1: true, one.B2[:32]: true, string(one.B5): true, one.B6: true, one.B7: true}
	is.Equal(len(seen), 5)
	three := put(thing{Text: "2", Number: -1, Bytes: []byte("2"), Array: [2]byte{1, '1'}})
	is.True(three.B1 != one.B1 && three.B2 != one.B2 && three.B6 != one.B6 && three.B7 != one.B7)
	is.Equal(three.B3+three.B4+string(three.B5), "")
}

// TestBeaconsOfTimes: a time is found by what is stored of it, and by all of it.
func TestBeaconsOfTimes(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	type event struct {
		ID   string     `dynamodbav:"id"`
		At   *time.Time `dynamodbav:"at,unixtime"`
		End  time.Time  `dynamodbav:"end"`
		Full time.Time  `dynamodbav:"full"`
		A    string     `dynamodbav:"a,omitempty"`
		B    string     `dynamodbav:"b,omitempty"`
		C    string     `dynamodbav:"c,omitempty"`
	}
	proto := expr.Proto[event]()
	at, end, full := expr.At(proto, &proto.At), expr.At(proto, &proto.End), expr.At(proto, &proto.Full)
	a, b, c := expr.At(proto, &proto.A), expr.At(proto, &proto.B), expr.At(proto, &proto.C)
	byA, byB, byC := dynox.GSI("by-a", dynox.Key[event]{Partition: dynox.By(a)}), dynox.GSI("by-b", dynox.Key[event]{Partition: dynox.By(b)}), dynox.GSI("by-c", dynox.Key[event]{Partition: dynox.By(c)})
	keyring := crypt.Raw("k", rawKey(1))
	key := crypt.NewBeaconKey(keyring, beaconKeyText(t, keyring))
	table := dynox.NewTable(memtable.New(t).Client(), "events")
	events, err := dynox.NewRepo(table, dynox.Key[event]{Partition: dynox.By(expr.At(proto, &proto.ID))}, byA, byB, byC, dynox.UnixMilli(end),
		crypt.Field(at, keyring), crypt.Field(end, keyring), crypt.Field(full, keyring), crypt.Beacon(a, at, key), crypt.Beacon(b, end, key), crypt.Beacon(c, full, key))
	is.NoErr(err)
	is.NoErr(table.Ensure(ctx, events))
	now := time.Date(2026, 1, 2, 3, 4, 5, 987654321, time.FixedZone("", 3600))
	is.NoErr(events.Put(ctx, &event{ID: "1", At: &now, End: now, Full: now}))
	stored, err := events.Get(ctx, event{ID: "1"})
	is.NoErr(err)
	is.True(!stored.At.Equal(now) && !stored.End.Equal(now) && stored.Full.Equal(now))
	_, err = events.Update(ctx, event{ID: "2"}, at.Set(&now), end.Set(now), full.Set(now), expr.If(at.Missing()))
	is.True(err != nil)
	_, err = events.Upsert(ctx, event{ID: "2"}, at.Set(&now), end.Set(now), full.Set(now))
	is.NoErr(err)
	for _, sought := range []event{{At: &now, End: now, Full: now}, {At: stored.At, End: stored.End, Full: stored.Full}} {
		for _, by := range []dynox.Index[event]{byA, byB, byC} {
			n, err := events.Count(ctx, by.In(sought))
			is.NoErr(err)
			is.Equal(n, int64(2))
		}
	}
}

// TestBeaconKeyIsOpenedOnce: by one of those who need it; a failure, or one who
// leaves, is no obstacle for others.
func TestBeaconKeyIsOpenedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		service := kmstest.New("k1")
		keyring := crypt.KMS(service.Client(), "k1")
		key := crypt.NewBeaconKey(keyring, beaconKeyText(t, keyring))
		users := newUsers(t, memtable.New(t).Client(), crypt.Beacon(mark, email, key))
		is.Equal(names(service.Calls()), "GenerateDataKey")
		service.Fail("Decrypt", 1, kmstest.Denied)
		var denied *crypt.KeyError
		is.True(errors.As(users.Put(t.Context(), &user{Team: "a", ID: 1, Email: "x"}), &denied))
		service.Calls()
		service.Fail("Decrypt", -1, kmstest.Fault{Delay: time.Minute})
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var all sync.WaitGroup
		errs := make([]error, 5)
		for i := range errs {
			ctx := t.Context()
			if i < 2 {
				ctx = impatient
			}
			all.Go(func() { errs[i] = users.Put(ctx, &user{Team: "a", ID: i, Email: "x"}) })
			synctest.Wait()
		}
		all.Wait()
		for i, err := range errs {
			is.Equal(errors.Is(err, context.DeadlineExceeded), i < 2)
			is.Equal(err == nil, i >= 2)
		}
		is.Equal(names(service.Calls()), "Decrypt Decrypt")
	})
}
