package tx_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/core"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/lock"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

// plain is a repository on the table of another, that knows nothing of unique
// attributes: what TTL, batches and others do.
func plain[T any](t *testing.T, client *dynamodb.Client, table string, key dynox.Key[T], opts ...dynox.Option[T]) *dynox.Repo[T] {
	t.Helper()
	r, err := dynox.NewRepo(dynox.NewTable(client, table), key, opts...)
	is.New(t).NoErr(err)
	return r
}

// The keys of claims are nobody's: they cannot be written by chance, or on
// purpose, and are not read.
func TestClaimsAreNobodys(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		members := clubs(t, client)["alone"]
		is.NoErr(members.Create(ctx, &member{ID: "1", Email: "a@x"}))
		other := plain(t, client, tableOf(members).Name, memberKey)
		for _, id := range []string{"dynox:unique#member#email#S#a@x", "dynox:unique#member#email#S#free@x"} {
			for _, r := range []*dynox.Repo[member]{members, other} {
				m := member{ID: id, Name: "x"}
				_, swap := func() (member, error) { old, _, err := r.Swap(ctx, &m); return old, err }()
				_, take := r.Take(ctx, m)
				_, update := r.Update(ctx, m, memberName.Set("x"))
				_, upsert := r.Upsert(ctx, m, memberName.Set("x"))
				for verb, err := range map[string]error{
					"create": r.Create(ctx, &m), "put": r.Put(ctx, &m), "delete": r.Delete(ctx, m),
					"swap": swap, "take": take, "update": update, "upsert": upsert,
					"transaction": tx.Write(ctx, tx.Put(r, &m)), "batch": batch.Write(ctx, slices.Values([]batch.Op{batch.Put(r, &m)}), batch.Unchecked()),
					"batch delete": batch.Write(ctx, slices.Values([]batch.Op{batch.Delete(r, m)}), batch.Unchecked()),
				} {
					if !errors.Is(err, dynox.ErrKey) {
						t.Errorf("%s: %v", verb, err)
					}
				}
				_, err := r.Get(ctx, m)
				is.True(errors.Is(err, dynox.ErrNotFound))
				_, err = r.Get(ctx, m, dynox.Only(memberName))
				is.True(errors.Is(err, dynox.ErrNotFound))
				got := tx.Get(r, m)
				is.NoErr(tx.Read(ctx, got))
				is.True(!got.Found)
				some, err := iter.Collect(batch.Get(ctx, r, slices.Values([]member{m, {ID: "1"}})))
				is.NoErr(err)
				is.Equal(len(some), 1)
				all, err := iter.Collect(r.Query(ctx, memberKey.In(m)))
				is.NoErr(err)
				is.Equal(len(all), 0)
				n, err := r.Count(ctx, memberKey.In(m))
				is.NoErr(err)
				is.Equal(n, int64(0))
			}
		}
		is.Equal(claims(t, client, members), owned(t, members))
	})
}

// A repository whose keys begin as those of claims do sees none of them.
func TestClaimsOfPrefixes(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		for _, prefix := range []string{"", "d", "dynox:", "dynox:unique"} {
			is, ctx := is.New(t), t.Context()
			key := dynox.Key[member]{Partition: dynox.Composite("pk", prefix+"{}", memberID), Sort: dynox.Composite("sk", "{}", memberName)}
			table := testbed.Table(t, client)
			inverted := dynox.GSI("inverted", dynox.Key[member]{Partition: key.Sort, Sort: key.Partition})
			members, err := dynox.NewRepo(table, key, tx.Unique(email), inverted)
			is.NoErr(err)
			is.NoErr(table.Ensure(ctx, members))
			is.NoErr(members.Create(ctx, &member{ID: "1", Name: "n", Email: "a@x"}))
			for _, r := range []*dynox.Repo[member]{members, plain(t, client, table.Name(), key, inverted)} {
				for _, s := range []dynox.Scan[member]{dynox.All[member](), dynox.All[member]().Index(inverted), dynox.All[member]().Only(memberName)} {
					all, err := iter.Collect(r.Scan(ctx, s))
					is.NoErr(err)
					is.Equal(len(all), 1)
					n, err := r.Count(ctx, s)
					is.NoErr(err)
					is.Equal(n, int64(1))
				}
			}
		}
	})
}

// A value wanted twice within a transaction is not unique; the claims of others that
// are in it as well are seen.
func TestUniqueWithinATransaction(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		members := clubs(t, client)["alone"]
		before := plain(t, client, tableOf(members).Name, memberKey)
		err := tx.Write(ctx, tx.Create(members, &member{ID: "4", Email: "f@x"}), tx.Create(members, &member{ID: "5", Email: "f@x"}))
		is.True(errors.Is(err, dynox.ErrNotUnique))
		is.True(errors.Is(err, dynox.ErrConditionFailed))
		is.True(strings.Contains(err.Error(), "operation 1"))

		// The owner of an outdated claim is written, too.
		is.NoErr(members.Create(ctx, &member{ID: "1", Email: "a@x", Badge: 1}))
		is.NoErr(before.Put(ctx, &member{ID: "1", Email: "z@x", Badge: 1}))
		is.NoErr(tx.Write(ctx, tx.Put(members, &member{ID: "1", Email: "y@x"}), tx.Create(members, &member{ID: "2", Email: "a@x"})))
		is.NoErr(before.Put(ctx, &member{ID: "1", Email: "z@x"}))
		is.NoErr(tx.Write(ctx, tx.Update(members, member{ID: "1"}, memberName.Set("n")), tx.Create(members, &member{ID: "3", Email: "y@x"})))
		is.NoErr(members.Put(ctx, &member{ID: "1", Email: "y2@x"}))
		is.NoErr(before.Put(ctx, &member{ID: "1", Email: "z@x"}))
		is.NoErr(tx.Write(ctx, tx.Check(members, member{ID: "1"}, email.Eq("z@x")), tx.Put(members, &member{ID: "3", Email: "y2@x"})))
		is.NoErr(members.Put(ctx, &member{ID: "1", Email: "w@x"}))
		err = tx.Write(ctx, tx.Update(members, member{ID: "1"}, memberName.Set("n")), tx.Create(members, &member{ID: "9", Email: "w@x"}))
		is.True(errors.Is(err, dynox.ErrNotUnique))

		// A claim that is outdated, and given up by one that never had it.
		is.NoErr(members.Create(ctx, &member{ID: "6", Email: "t@x"}))
		is.NoErr(before.Put(ctx, &member{ID: "7", Email: "t@x"}))
		is.NoErr(before.Delete(ctx, member{ID: "6"}))
		is.NoErr(tx.Write(ctx, tx.Delete(members, member{ID: "7"}), tx.Create(members, &member{ID: "8", Email: "t@x"})))

		// The item's own value comes back within the transaction of another.
		is.NoErr(tx.Write(ctx, tx.Update(members, member{ID: "8"}, email.Remove()), tx.Create(members, &member{ID: "9", Email: "t@x"})))
		for m, err := range tx.Claim(ctx, members, dynox.All[member]()) {
			t.Error(m, err)
		}
		want := owned(t, members)
		for key, owner := range claims(t, client, members) {
			if want[key] != owner && want[key] != "" {
				t.Errorf("%s is claimed for %s", key, owner)
			}
			delete(want, key)
		}
		is.Equal(len(want), 0)
	})
}

// Of two claims with one owner, each is taken over only if that does not have its
// value any more; two who give up one value leave no claim.
func TestUniqueTwoOfOne(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	engine := memtable.New(t)
	n, back := 0, func() {}
	client := engine.Client(func(o *dynamodb.Options) {
		o.HTTPClient = &http.Client{Transport: transport(func(req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.Header.Get("X-Amz-Target"), "TransactWriteItems") {
				if n++; n == 2 {
					back()
				}
			}
			return engine.RoundTrip(req)
		})}
	})
	members := clubs(t, client)["alone"]
	before := plain(t, engine.Client(), tableOf(members).Name, memberKey)
	for _, again := range []member{{ID: "1", Email: "a@x"}, {ID: "1", Badge: 7}} {
		is.NoErr(members.Put(ctx, &member{ID: "1", Email: "a@x", Badge: 7}))
		is.NoErr(before.Delete(ctx, member{ID: "1"}))
		n, back = 0, func() { is.NoErr(before.Put(ctx, &again)) } // after it was seen to have neither
		is.True(errors.Is(members.Create(ctx, &member{ID: "2", Email: "a@x", Badge: 7}), dynox.ErrNotUnique))
		is.True(n > 2)
		is.NoErr(members.Delete(ctx, member{ID: "1"}))
		is.NoErr(members.Put(ctx, &member{ID: "2", Email: "a@x", Badge: 7}))
		is.NoErr(members.Delete(ctx, member{ID: "2"}))
		is.Equal(len(claims(t, client, members)), 0)
	}
	is.NoErr(members.Put(ctx, &member{ID: "1", Email: "a@x"}))
	is.NoErr(before.Put(ctx, &member{ID: "2", Email: "a@x"}))
	is.NoErr(tx.Write(ctx, tx.Delete(members, member{ID: "1"}), tx.Delete(members, member{ID: "2"})))
	is.Equal(len(claims(t, client, members)), 0)
}

// What is not unique is told by its attribute.
func TestNotUniqueError(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	members := clubs(t, memtable.New(t).Client())["with a kind"]
	is.NoErr(members.Create(ctx, &member{ID: "1", Email: "secret@x", Contact: contact{Phone: []byte("secret")}}))
	for attr, m := range map[string]member{"email": {ID: "2", Email: "secret@x"}, "contact.phone": {ID: "2", Contact: contact{Phone: []byte("secret")}}} {
		for _, err := range []error{members.Create(ctx, &m), tx.Write(ctx, tx.Put(members, &m))} {
			var taken *tx.NotUniqueError
			is.True(errors.As(err, &taken))
			is.Equal(taken.Attr, attr)
			is.True(errors.Is(err, dynox.ErrNotUnique) && errors.Is(err, dynox.ErrConditionFailed))
			is.True(!strings.Contains(fmt.Sprintf("%v %+v", err, err), "secret"))
		}
	}
}

// A caller's token needs the same bytes each time, which nobody can promise here.
func TestUniqueRefusesTokens(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	members := clubs(t, memtable.New(t).Client())["alone"]
	is.NoErr(members.Put(ctx, &member{ID: "1", Email: "a@x"}))
	for _, op := range []tx.Op{tx.Put(members, &member{ID: "1", Email: "a@x"}), tx.Put(members, &member{ID: "2"}), tx.Delete(members, member{ID: "1"})} {
		is.True(tx.Write(ctx, op, tx.Token("t")) != nil)
	}
	is.NoErr(tx.Write(ctx, tx.Update(members, member{ID: "1"}, memberName.Set("n")), tx.Token("t")))
}

// What was safe to repeat before is so with unique attributes.
func TestUniqueLostAnswers(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	engine := memtable.New(t)
	for name, members := range clubs(t, engine.Client(testbed.Quick)) {
		for _, fault := range []memtable.Fault{memtable.ResetAfter(), memtable.InternalError(), memtable.Throttle(), memtable.Conflict()} {
			for _, op := range []string{"PutItem", "DeleteItem", "UpdateItem", "TransactWriteItems", "GetItem"} {
				engine.Fail(op, fault)
				if err := members.Put(ctx, &member{ID: "1", Name: "n"}); err != nil {
					t.Fatal(name, op, err)
				}
				is.NoErr(members.Put(ctx, &member{ID: "1", Name: "m"}))
				is.NoErr(members.Put(ctx, &member{ID: "1", Email: "a@x"}))
				is.NoErr(members.Put(ctx, &member{ID: "1", Email: "a@x"}))
				_, err := members.Update(ctx, member{ID: "1"}, email.Set("a@x"))
				is.NoErr(err)
				_, err = members.Update(ctx, member{ID: "1"}, email.Set("b@x"))
				is.NoErr(err)
				is.NoErr(members.Delete(ctx, member{ID: "1"}))
				is.NoErr(members.Delete(ctx, member{ID: "1"}))
				engine.Heal()
			}
		}
		is.Equal(claims(t, engine.Client(), members), owned(t, members))
	}
}

// A context that ends while others change what is read says so.
func TestUniqueDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine := memtable.New(t)
		var members, before *dynox.Repo[member]
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		client := engine.Client(func(o *dynamodb.Options) {
			o.HTTPClient = &http.Client{Transport: transport(func(req *http.Request) (*http.Response, error) {
				if strings.HasSuffix(req.Header.Get("X-Amz-Target"), "TransactWriteItems") {
					n++
					is.NoErr(before.Put(t.Context(), &member{ID: "1", Email: fmt.Sprint(n)}))
					if n == 3 {
						time.AfterFunc(time.Millisecond, cancel)
					}
				}
				return engine.RoundTrip(req)
			})}
		})
		members = clubs(t, client)["alone"]
		before = plain(t, engine.Client(), tableOf(members).Name, memberKey)
		err := members.Put(ctx, &member{ID: "1", Email: "mine"})
		is.True(errors.Is(err, context.Canceled))
		is.Equal(n, 3)
		start := time.Now()
		err = members.Put(t.Context(), &member{ID: "1", Email: "mine"}) // others never end
		is.True(errors.Is(err, dynox.ErrConditionFailed) && !errors.Is(err, dynox.ErrNotUnique))
		is.True(n > 8 && time.Since(start) < 20*time.Second)
	})
}

// Of several reasons, that others were faster means to try again.
func TestUniqueMixedReasons(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	engine := memtable.New(t)
	n := 0
	client := engine.Client(testbed.Quick, func(o *dynamodb.Options) {
		o.HTTPClient = &http.Client{Transport: transport(func(req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.Header.Get("X-Amz-Target"), "TransactWriteItems") {
				if n++; n == 1 {
					body := `{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"canceled","CancellationReasons":[` +
						`{"Code":"TransactionConflict","Message":"ongoing"},{"Code":"ConditionalCheckFailed","Message":"failed","Item":{"id":{"S":"c"},"dynox:owner":{"M":{"id":{"S":"gone"}}}}}]}`
					return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}}, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
				}
			}
			return engine.RoundTrip(req)
		})}
	})
	members := clubs(t, client)["alone"]
	is.NoErr(members.Create(ctx, &member{ID: "1", Email: "a@x"}))
	is.Equal(n, 2)
}

type gauge struct {
	ID    string  `dynamodbav:"id"`
	Float float64 `dynamodbav:"float,omitempty"`
	Text  string  `dynamodbav:"text,omitempty"`
	Bytes []byte  `dynamodbav:"bytes,omitempty"`
}

var (
	gaugeProto = expr.Proto[gauge]()
	gaugeID    = expr.At(gaugeProto, &gaugeProto.ID)
	gaugeFloat = expr.At(gaugeProto, &gaugeProto.Float)
	gaugeText  = expr.At(gaugeProto, &gaugeProto.Text)
	gaugeBytes = expr.At(gaugeProto, &gaugeProto.Bytes)
)

// Values are the same when the service says so, of any length.
func TestUniqueValues(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		table := testbed.Table(t, client)
		gauges, err := dynox.NewRepo(table, dynox.Key[gauge]{Partition: dynox.By(gaugeID)}, tx.Unique(gaugeFloat), tx.Unique(gaugeText), tx.Unique(gaugeBytes))
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, gauges))
		long := strings.Repeat("x", 5000)
		for i, g := range []gauge{
			{Float: 1e21}, {Float: -1.5e-9}, {Float: 100}, {Text: long}, {Text: long + "y"}, {Text: "é#%"}, {Text: "%C3#"},
			{Bytes: []byte(long)}, {Bytes: []byte{0}}, {Text: base64.StdEncoding.EncodeToString([]byte{0})}, {Text: "100"}, {Bytes: []byte("100")},
		} {
			g.ID = fmt.Sprint(i)
			is.NoErr(gauges.Create(ctx, &g))
			is.NoErr(gauges.Put(ctx, &g)) // unchanged
			twin := g
			twin.ID = "twin"
			is.True(errors.Is(gauges.Create(ctx, &twin), dynox.ErrNotUnique))
			_, err := gauges.Upsert(ctx, twin, gaugeFloat.Set(g.Float), gaugeText.Set(g.Text), gaugeBytes.Set(g.Bytes))
			is.True(errors.Is(err, dynox.ErrNotUnique))
		}
		is.NoErr(gauges.Delete(ctx, gauge{ID: "0"}))
		is.NoErr(gauges.Create(ctx, &gauge{ID: "twin", Float: 1e21}))
	})
}

// What is stored without a value claims none; it stays as it is, where a default is
// not needed.
func TestUniqueEmptyValues(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		members := clubs(t, client)["alone"]
		for id, av := range map[string]types.AttributeValue{
			"null": &types.AttributeValueMemberNULL{Value: true}, "empty": &types.AttributeValueMemberS{},
		} {
			_, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &tableOf(members).Name, Item: map[string]types.AttributeValue{
				"id": &types.AttributeValueMemberS{Value: id}, "email": av, "contact": &types.AttributeValueMemberNULL{Value: true},
			}})
			is.NoErr(err)
			_, err = members.Upsert(ctx, member{ID: id}, email.SetOnce("a@x"))
			is.NoErr(err)
			is.Equal(claims(t, client, members), owned(t, members))
			got, err := members.Update(ctx, member{ID: id}, email.Set("a@x"))
			is.NoErr(err)
			is.Equal(got.Email, "a@x")
			is.NoErr(members.Delete(ctx, member{ID: id}))
		}
		is.Equal(len(claims(t, client, members)), 0)
	})
}

// hidden stores a value as bytes.
type hidden struct{}

func (hidden) Encode(_ context.Context, values []core.Value) error {
	for i, v := range values {
		values[i].JSON = []byte(`{"B":"` + base64.StdEncoding.EncodeToString(v.JSON) + `"}`)
	}
	return nil
}

func (hidden) Decode(_ context.Context, values []core.Value) {
	for i, v := range values {
		text := strings.TrimSuffix(strings.TrimPrefix(string(v.JSON), `{"B":"`), `"}`)
		values[i].JSON, values[i].Err = base64.StdEncoding.DecodeString(text)
	}
}

// A coded attribute beside a unique one is set with it.
func TestUniqueBesideCoded(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		city := expr.At(memberProto, &memberProto.Contact.City)
		sealed := dynox.WithStages[member](core.Door{}, func(s *core.Stages) {
			s.Coded = append(s.Coded, core.Coded{Attr: city.Ref(ast.Door{}), Coder: hidden{}, Blind: true})
		})
		for _, members := range clubs(t, client, sealed) {
			is.NoErr(members.Put(ctx, &member{ID: "1", Contact: contact{Phone: []byte{1}, City: "Ulm"}}))
			got, err := members.Update(ctx, member{ID: "1"}, contacts.Set(contact{Phone: []byte{2}, City: "Bonn"}))
			is.NoErr(err)
			is.Equal(got.Contact, contact{Phone: []byte{2}, City: "Bonn"})
			_, err = members.Upsert(ctx, member{ID: "2"}, contacts.Set(contact{Phone: []byte{2}}))
			is.True(errors.Is(err, dynox.ErrNotUnique))
			is.Equal(claims(t, client, members), owned(t, members))
		}
	})
}

// With a version, what a Swap or a Take returns is exactly what it replaced.
func TestUniqueExactOld(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	engine := memtable.New(t)
	var between func()
	client := engine.Client(func(o *dynamodb.Options) {
		o.HTTPClient = &http.Client{Transport: transport(func(req *http.Request) (*http.Response, error) {
			if f := between; f != nil && strings.HasSuffix(req.Header.Get("X-Amz-Target"), "TransactWriteItems") {
				between = nil
				f()
			}
			return engine.RoundTrip(req)
		})}
	})
	members := clubs(t, client, lock.Version(memberVersion))["alone"]
	is.NoErr(members.Put(ctx, &member{ID: "1", Email: "a@x", Name: "old"}))
	between = func() {
		_, err := members.Update(ctx, member{ID: "1"}, memberName.Set("new"))
		is.NoErr(err)
	}
	got, err := members.Take(ctx, member{ID: "1"})
	is.NoErr(err)
	is.Equal(got.Name, "new")
	is.Equal(len(claims(t, client, members)), 0)
}

type seat struct {
	Org   string `dynamodbav:"org"`
	Email string `dynamodbav:"email"`
	Name  string `dynamodbav:"name,omitempty"`
}

// A part of the key can be unique on its own.
func TestUniquePartOfKey(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		proto := expr.Proto[seat]()
		org, mail, name := expr.At(proto, &proto.Org), expr.At(proto, &proto.Email), expr.At(proto, &proto.Name)
		table := testbed.Table(t, client)
		seats, err := dynox.NewRepo(table, dynox.Key[seat]{Partition: dynox.Composite("pk", "O#{}", org), Sort: dynox.Composite("sk", "E#{}", mail)}, tx.Unique(mail))
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, seats))
		is.NoErr(seats.Create(ctx, &seat{Org: "1", Email: "a"}))
		is.True(errors.Is(seats.Create(ctx, &seat{Org: "2", Email: "a"}), dynox.ErrNotUnique))
		_, err = seats.Upsert(ctx, seat{Org: "2", Email: "a"}, name.Set("n"))
		is.True(errors.Is(err, dynox.ErrNotUnique))
		_, err = seats.Upsert(ctx, seat{Org: "1", Email: "a"}, name.Set("n"))
		is.NoErr(err)
		is.NoErr(seats.Delete(ctx, seat{Org: "1", Email: "a"}))
		_, err = seats.Upsert(ctx, seat{Org: "2", Email: "a"}, name.Set("n"))
		is.NoErr(err)
		_, err = dynox.NewRepo(table, dynox.Key[seat]{Partition: dynox.Composite("pk", "E#{}", mail), Sort: dynox.Const[seat]("sk", "E")}, tx.Unique(mail))
		is.True(err != nil) // it is unique
		_, err = dynox.NewRepo(table, dynox.Key[seat]{Partition: dynox.By(org), Sort: dynox.By(mail)}, tx.Unique(mail))
		is.True(err != nil)
	})
}

// Items under a key of an older format are not claimed in silence, nor left out.
func TestClaimOfOlderFormats(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		table := testbed.Table(t, client)
		old := dynox.Key[member]{Partition: dynox.Composite("pk", "OLD#{}", memberID)}
		now := dynox.Key[member]{Partition: dynox.Composite("pk", "NEW#{}", memberID).Also("OLD#{}")}
		before, err := dynox.NewRepo(table, old)
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, before))
		is.NoErr(before.Put(ctx, &member{ID: "1", Email: "a@x"}))
		members, err := dynox.NewRepo(table, now, tx.Unique(email))
		is.NoErr(err)
		for m, err := range tx.Claim(ctx, members, dynox.All[member]()) {
			t.Error(m, err)
		}
		is.True(errors.Is(members.Create(ctx, &member{ID: "2", Email: "a@x"}), dynox.ErrNotUnique))
	})
}

// Claiming again costs no more writes.
func TestClaimAgain(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	engine := memtable.New(t)
	members := clubs(t, engine.Client())["alone"]
	for i := range 10 {
		is.NoErr(members.Put(ctx, &member{ID: fmt.Sprint(i), Email: fmt.Sprint(i)}))
	}
	engine.Fail("TransactWriteItems", memtable.ErrorResponse(400, "ValidationException", "no writes"), memtable.Always())
	for m, err := range tx.Claim(ctx, members, dynox.All[member]()) {
		t.Error(m, err)
	}
}

// Items of other kinds have their own values, and are left alone.
func TestUniqueOfKinds(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		members := clubs(t, client)["with a kind"]
		guests := plain(t, client, tableOf(members).Name, memberSorted, tx.Unique(email), dynox.Kind[member]("guest"))
		is.NoErr(members.Create(ctx, &member{ID: "1", Email: "a@x"}))
		is.NoErr(guests.Create(ctx, &member{ID: "2", Email: "a@x"}))
		is.True(errors.Is(guests.Create(ctx, &member{ID: "1", Email: "b@x"}), dynox.ErrExists))
		is.True(errors.Is(guests.Put(ctx, &member{ID: "1", Email: "b@x"}), dynox.ErrConditionFailed))
		is.NoErr(guests.Delete(ctx, member{ID: "1"})) // there is no such guest
		_, err := guests.Take(ctx, member{ID: "1"})
		is.True(errors.Is(err, dynox.ErrNotFound))
		_, err = guests.Update(ctx, member{ID: "1"}, email.Set("b@x"))
		is.True(errors.Is(err, dynox.ErrNotFound))
		_, err = guests.Upsert(ctx, member{ID: "1"}, email.Set("b@x"))
		is.True(errors.Is(err, dynox.ErrConditionFailed))
		err = tx.Write(ctx, tx.Delete(guests, member{ID: "1"}), tx.Put(guests, &member{ID: "3", Email: "c@x"}))
		is.True(errors.Is(err, dynox.ErrConditionFailed))
		is.NoErr(tx.Write(ctx, tx.Delete(members, member{ID: "1"}), tx.Put(guests, &member{ID: "3", Email: "c@x"})))
		is.Equal(len(claims(t, client, members)), 2)
		for g, err := range tx.Claim(ctx, guests, dynox.All[member]()) {
			t.Error(g, err)
		}
	})
}
