package tx_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/matryer/is"
	"pgregory.net/rapid"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/core"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/lock"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

type member struct {
	ID      string  `dynamodbav:"id"`
	Email   string  `dynamodbav:"email,omitempty"`
	Badge   int     `dynamodbav:"badge,omitempty"`
	Contact contact `dynamodbav:"contact"`
	Name    string  `dynamodbav:"name,omitempty"`
	Version int64   `dynamodbav:"version,omitempty"`
}

type contact struct {
	Phone []byte `dynamodbav:"phone,omitempty"`
	City  string `dynamodbav:"city,omitempty"`
}

var (
	memberProto   = expr.Proto[member]()
	memberID      = expr.At(memberProto, &memberProto.ID)
	email         = expr.At(memberProto, &memberProto.Email)
	badge         = expr.At(memberProto, &memberProto.Badge)
	contacts      = expr.At(memberProto, &memberProto.Contact)
	phone         = expr.At(memberProto, &memberProto.Contact.Phone)
	memberName    = expr.At(memberProto, &memberProto.Name)
	memberVersion = expr.At(memberProto, &memberProto.Version)
	memberKey     = dynox.Key[member]{Partition: dynox.By(memberID)}
	// The key of a table of several kinds.
	memberSorted = dynox.Key[member]{Partition: dynox.Composite("pk", "M#{}", memberID), Sort: dynox.Const[member]("sk", "M")}
)

// clubs are repositories whose emails, badges and phones are unique: the items
// alone in a table, and with a kind and a sort key.
func clubs(t *testing.T, client *dynamodb.Client, opts ...dynox.Option[member]) map[string]*dynox.Repo[member] {
	t.Helper()
	is := is.New(t)
	uniques := []dynox.Option[member]{tx.Unique(email), tx.Unique(badge), tx.Unique(phone)}
	tables := []*dynox.Table{testbed.Table(t, client), testbed.Table(t, client)}
	alone, err := dynox.NewRepo(tables[0], memberKey, slices.Concat(uniques, opts)...)
	is.NoErr(err)
	kind, err := dynox.NewRepo(tables[1], memberSorted, slices.Concat(uniques, opts, []dynox.Option[member]{dynox.Kind[member]("member")})...)
	is.NoErr(err)
	all := map[string]*dynox.Repo[member]{"alone": alone, "with a kind": kind}
	is.NoErr(tables[0].Ensure(t.Context(), alone))
	is.NoErr(tables[1].Ensure(t.Context(), kind))
	return all
}

func TestUnique(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		for name, members := range clubs(t, client) {
			t.Run(name, func(t *testing.T) {
				is, ctx := is.New(t), t.Context()
				notUnique := func(err error) {
					t.Helper()
					is.True(errors.Is(err, dynox.ErrNotUnique))
					is.True(errors.Is(err, dynox.ErrConditionFailed))
				}
				ann, bob := member{ID: "1", Email: "a@x", Badge: 7}, member{ID: "2", Email: "b@x", Contact: contact{Phone: []byte{1, 2}}}
				is.NoErr(members.Create(ctx, &ann))
				is.NoErr(members.Put(ctx, &bob))
				is.True(errors.Is(members.Create(ctx, &ann), dynox.ErrExists))
				notUnique(members.Create(ctx, &member{ID: "3", Email: "a@x"}))
				notUnique(members.Put(ctx, &member{ID: "3", Badge: 7}))
				notUnique(members.Put(ctx, &member{ID: "1", Contact: contact{Phone: []byte{1, 2}}}))
				err := members.Create(ctx, &member{ID: "3", Email: "a@x"})
				is.True(strings.HasSuffix(err.Error(), "not unique: another item has this value: email"))
				_, err = members.Update(ctx, bob, email.Set("a@x"))
				notUnique(err)
				_, err = members.Update(ctx, bob, contacts.Set(contact{City: "Ulm"}), badge.Set(7))
				notUnique(err)
				_, err = members.Upsert(ctx, member{ID: "9"}, email.SetOnce("a@x"))
				notUnique(err)
				_, err = members.Get(ctx, member{ID: "9"})
				is.True(errors.Is(err, dynox.ErrNotFound))
				_, err = members.Get(ctx, member{ID: "3"})
				is.True(errors.Is(err, dynox.ErrNotFound))

				// What is given up can be had.
				got, err := members.Update(ctx, ann, email.Set("c@x"), badge.Remove(), memberName.Set("Ann"))
				is.NoErr(err)
				is.Equal(got, member{ID: "1", Email: "c@x", Name: "Ann"})
				got, err = members.Upsert(ctx, member{ID: "4"}, email.SetOnce("a@x"), badge.Set(7))
				is.NoErr(err)
				is.Equal(got, member{ID: "4", Email: "a@x", Badge: 7})
				got, err = members.Upsert(ctx, member{ID: "4"}, email.SetOnce("b@x"), memberName.Set("Di")) // it has one
				is.NoErr(err)
				is.Equal(got, member{ID: "4", Email: "a@x", Badge: 7, Name: "Di"})
				old, existed, err := members.Swap(ctx, &member{ID: "4", Email: "d@x"})
				is.NoErr(err)
				is.True(existed)
				is.Equal(old.Email, "a@x")
				old, err = members.Take(ctx, member{ID: "4"})
				is.NoErr(err)
				is.Equal(old.Email, "d@x")
				_, err = members.Take(ctx, member{ID: "4"})
				is.True(errors.Is(err, dynox.ErrNotFound))
				is.NoErr(members.Delete(ctx, member{ID: "4"}))
				is.NoErr(members.Create(ctx, &member{ID: "5", Email: "d@x", Badge: 7}))
				is.NoErr(members.Delete(ctx, member{ID: "5"}))
				tracked, err := members.Load(ctx, bob)
				is.NoErr(err)
				tracked.V.Email, tracked.V.Contact = "d@x", contact{City: "Bonn"}
				is.NoErr(tracked.Save(ctx))
				tracked.V.Email = "c@x"
				notUnique(tracked.Save(ctx))
				is.NoErr(members.Put(ctx, &member{ID: "6", Contact: contact{Phone: []byte{1, 2}}}, expr.If(memberID.Missing())))
				_, err = members.Update(ctx, member{ID: "7"}, email.Set("z@x"))
				is.True(errors.Is(err, dynox.ErrNotFound))
				err = members.Put(ctx, &member{ID: "6", Email: "y@x"}, expr.If(memberName.Eq("nobody")))
				is.True(errors.Is(err, dynox.ErrConditionFailed) && !errors.Is(err, dynox.ErrNotUnique))
				_, ok := dynox.OldItem[member](err)
				is.True(ok)
				_, err = members.Update(ctx, member{ID: "6"}, expr.Add(badge, 1))
				is.True(err != nil)
				_, err = members.Update(ctx, member{ID: "6"}, email.Set("y@x"), expr.ExactlyOnce[member]())
				is.NoErr(err)

				// Nobody sees the claims.
				var ids []string
				for m, err := range members.Scan(ctx, dynox.All[member]().Segments(3)) {
					is.NoErr(err)
					ids = append(ids, m.ID)
				}
				slices.Sort(ids)
				is.Equal(ids, []string{"1", "2", "6"})
				n, err := members.Count(ctx, dynox.All[member]())
				is.NoErr(err)
				is.Equal(n, int64(3))
				is.Equal(claims(t, client, members), owned(t, members))
			})
		}
	})
}

// claims are the owners in a table, by the claimed value.
func claims(t *testing.T, client *dynamodb.Client, members *dynox.Repo[member]) map[string]string {
	t.Helper()
	out, err := client.Scan(t.Context(), &dynamodb.ScanInput{TableName: &tableOf(members).Name, ConsistentRead: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, item := range out.Items {
		pk := item["id"]
		if item["pk"] != nil {
			pk = item["pk"]
		}
		if text := str(pk); strings.HasPrefix(text, "dynox:unique#") {
			owner := item["dynox:owner"]
			all[text] = strings.TrimPrefix(str(entry(owner, "id"))+str(entry(owner, "pk")), "M#")
		}
	}
	return all
}

// owned is what claims is to be.
func owned(t *testing.T, members *dynox.Repo[member]) map[string]string {
	t.Helper()
	all := map[string]string{}
	for m, err := range members.Scan(t.Context(), dynox.All[member]().Consistent()) {
		if err != nil {
			t.Fatal(err)
		}
		prefix := "dynox:unique#" + members.Core(core.Door{}).Name() + "#"
		add := func(attr, value string) {
			key := prefix + attr + "#" + value
			if other, ok := all[key]; ok {
				t.Errorf("%s of %s and %s", key, other, m.ID)
			}
			all[key] = m.ID
		}
		if m.Email != "" {
			add("email", "S#"+m.Email)
		}
		if m.Badge != 0 {
			add("badge", fmt.Sprint("N#", m.Badge))
		}
		if len(m.Contact.Phone) > 0 {
			text, _ := json.Marshal(m.Contact.Phone)
			add("contact.phone", "B#"+strings.Trim(string(text), `"`))
		}
	}
	return all
}

// TestUniqueTogether: values may go from one item to another within a
// transaction, and reasons are those of the operation.
func TestUniqueTogether(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		for name, members := range clubs(t, client, lock.Version(memberVersion)) {
			t.Run(name, func(t *testing.T) {
				is, ctx := is.New(t), t.Context()
				ann, bob := member{ID: "1", Email: "a@x", Badge: 1}, member{ID: "2", Email: "b@x", Badge: 2}
				is.NoErr(tx.Write(ctx, tx.Create(members, &ann), tx.Create(members, &bob)))
				is.Equal(ann.Version, int64(1))
				ann.Email, bob.Email = bob.Email, ann.Email
				is.NoErr(tx.Write(ctx, tx.Put(members, &ann), tx.Update(members, bob, email.Set("a@x"), expr.If(memberVersion.Eq(1)))))
				is.Equal(ann.Version, int64(2))
				is.NoErr(tx.Write(ctx, tx.Delete(members, ann), tx.Create(members, &member{ID: "3", Email: "b@x", Badge: 1})))
				err := tx.Write(ctx, tx.Create(members, &member{ID: "4", Email: "f@x"}), tx.Create(members, &member{ID: "5", Email: "a@x"}))
				var canceled *tx.CanceledError
				is.True(errors.As(err, &canceled))
				is.Equal(len(canceled.Reasons), 1)
				is.Equal(canceled.Reasons[0].Index, 1)
				is.True(errors.Is(canceled.Reasons[0].Err, dynox.ErrNotUnique))
				err = tx.Write(ctx, tx.Create(members, &member{ID: "4", Email: "f@x"}), tx.Create(members, &member{ID: "5", Email: "f@x"}))
				is.True(err != nil) // both want it
				is.Equal(claims(t, client, members), owned(t, members))
			})
		}
	})
}

// TestUniqueLeftovers: claims that others left behind are taken over, items
// that were there before are claimed, and batches refuse.
func TestUniqueLeftovers(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		members := clubs(t, client)["alone"]
		before, err := dynox.NewRepo(dynox.NewTable(client, tableOf(members).Name), memberKey)
		is.NoErr(err)
		for _, m := range []member{{ID: "1", Email: "a@x"}, {ID: "2", Email: "b@x"}, {ID: "3", Email: "a@x", Badge: 3}, {ID: "4"}} {
			is.NoErr(before.Put(ctx, &m))
		}
		twice := []string{}
		for m, err := range tx.Claim(ctx, members, dynox.All[member]()) {
			is.NoErr(err)
			twice = append(twice, m.Email)
		}
		is.Equal(twice, []string{"a@x"})
		is.Equal(len(claims(t, client, members)), 3) // a badge, too
		first, second := "1", "3"
		if claims(t, client, members)["dynox:unique#member#email#S#a@x"] == "3" {
			first, second = "3", "1"
		}
		_, err = members.Update(ctx, member{ID: second}, email.Set("c@x")) // the claim of the other stays
		is.NoErr(err)
		is.True(errors.Is(members.Create(ctx, &member{ID: "5", Email: "a@x"}), dynox.ErrNotUnique))
		is.Equal(claims(t, client, members), owned(t, members))

		is.NoErr(before.Delete(ctx, member{ID: first})) // as TTL does
		is.NoErr(members.Create(ctx, &member{ID: "5", Email: "a@x"}))
		_, err = before.Update(ctx, member{ID: "2"}, email.Set("q@x"))
		is.NoErr(err)
		_, err = members.Update(ctx, member{ID: "4"}, email.Set("b@x"))
		is.NoErr(err)
		err = batch.Write(ctx, slices.Values([]batch.Op{batch.Put(members, &member{ID: "9"})}))
		is.True(strings.Contains(err.Error(), "unique"))
		is.NoErr(batch.Write(ctx, slices.Values([]batch.Op{batch.Put(members, &member{ID: "9"})}), batch.Unchecked()))
		all, err := iter.Collect(before.Scan(ctx, dynox.All[member]())) // has no uniques
		is.NoErr(err)
		is.Equal(len(all), 5)
	})
}

func TestUniqueRefused(t *testing.T) {
	is := is.New(t)
	table := testbed.Table(t, memtable.New(t).Client())
	city := expr.At(memberProto, &memberProto.Contact)
	for name, opts := range map[string][]dynox.Option[member]{
		"key": {tx.Unique(memberID)}, "twice": {tx.Unique(email), tx.Unique(email)}, "map": {tx.Unique(city)},
		"stray": {tx.Unique(expr.Path[member, string]("contact.zip"))},
	} {
		if _, err := dynox.NewRepo(table, memberKey, opts...); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	_, err := dynox.NewRepo(table, dynox.Key[member]{Partition: dynox.By(badge)}, tx.Unique(email))
	is.True(err != nil) // a key without texts
}

// TestUniqueModel: any sequence of writes leaves what a map would, and the
// claims of just that.
func TestUniqueModel(t *testing.T) {
	for _, sorted := range []string{"alone", "with a kind"} {
		t.Run(sorted, func(t *testing.T) {
			client := memtable.New(t).Client()
			rapid.Check(t, func(rt *rapid.T) {
				members := clubs(t, client)[sorted]
				ctx, model := t.Context(), map[string]member{}
				rt.Repeat(map[string]func(*rapid.T){
					"write": func(rt *rapid.T) {
						m := member{
							ID: rapid.SampledFrom([]string{"1", "2", "3"}).Draw(rt, "id"), Email: rapid.SampledFrom([]string{"", "a", "b"}).Draw(rt, "email"),
							Badge: rapid.IntRange(0, 2).Draw(rt, "badge"),
						}
						had, there := model[m.ID]
						taken := func(m member) bool {
							for id, other := range model {
								if id != m.ID && (m.Email != "" && m.Email == other.Email || m.Badge != 0 && m.Badge == other.Badge) {
									return true
								}
							}
							return false
						}
						var want, err error
						put := func(m member) {
							if taken(m) {
								want = dynox.ErrNotUnique
							} else {
								model[m.ID] = m
							}
						}
						switch rapid.SampledFrom([]string{"create", "put", "update", "upsert", "delete", "together", "swap", "take", "save", "exchange"}).Draw(rt, "verb") {
						case "swap":
							old, existed, swapErr := members.Swap(ctx, &m)
							if err = swapErr; err == nil && (existed != there || !cmp.Equal(old, had)) {
								rt.Fatal("swapped another item")
							}
							put(m)
						case "take":
							var old member
							if old, err = members.Take(ctx, m); there != (err == nil) || there && !cmp.Equal(old, had) {
								rt.Fatal("took another item")
							}
							if !there {
								want = dynox.ErrNotFound
							}
							delete(model, m.ID)
						case "save":
							if !there {
								return
							}
							var tracked *dynox.Tracked[member]
							if tracked, err = members.Load(ctx, m); err == nil {
								tracked.V.Email, tracked.V.Badge = m.Email, m.Badge
								err = tracked.Save(ctx)
							}
							put(m)
						case "exchange":
							other, ok := model["4"]
							if !there || !ok {
								return
							}
							had.Email, other.Email = other.Email, had.Email
							model[m.ID], model["4"] = had, other
							err = tx.Write(ctx, tx.Put(members, &had), tx.Update(members, other, email.Set(other.Email)))
						case "create":
							err = members.Create(ctx, &m)
							if there {
								want = dynox.ErrExists
							} else {
								put(m)
							}
						case "put":
							err = members.Put(ctx, &m)
							put(m)
						case "update":
							_, err = members.Update(ctx, m, email.Set(m.Email))
							had.Email = m.Email
							if there {
								put(had)
							} else {
								want = dynox.ErrNotFound
							}
						case "upsert":
							_, err = members.Upsert(ctx, m, badge.Set(m.Badge+1))
							had.ID, had.Badge = m.ID, m.Badge+1
							put(had)
						case "delete":
							err = members.Delete(ctx, m)
							delete(model, m.ID)
						case "together":
							other := member{ID: "4", Email: had.Email}
							delete(model, m.ID)
							if taken(other) {
								want = dynox.ErrNotUnique
								if there {
									model[m.ID] = had
								}
							} else {
								model["4"] = other
							}
							err = tx.Write(ctx, tx.Delete(members, m), tx.Put(members, &other))
						}
						if !errors.Is(err, want) || want == nil && err != nil {
							rt.Fatalf("%v, not %v", err, want)
						}
					},
					"": func(rt *rapid.T) {
						got := map[string]member{}
						for m, err := range members.Scan(ctx, dynox.All[member]()) {
							if err != nil {
								rt.Fatal(err)
							}
							got[m.ID] = m
						}
						if diff := cmp.Diff(model, got); diff != "" {
							rt.Fatal(diff)
						}
						if diff := cmp.Diff(owned(t, members), claims(t, client, members)); diff != "" { //nolint:contextcheck // they have the test's
							rt.Fatal(diff)
						}
					},
				})
			})
		})
	}
}

func tableOf(r *dynox.Repo[member]) *core.Table { return r.Core(core.Door{}).Table }

func str(v types.AttributeValue) string {
	if s, ok := v.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

func entry(v types.AttributeValue, name string) types.AttributeValue {
	if m, ok := v.(*types.AttributeValueMemberM); ok {
		return m.Value[name]
	}
	return nil
}
