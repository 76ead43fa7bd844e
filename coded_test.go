package dynox_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/hooks"
	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/core"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/lock"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

// seal is a coder that stores a value as a B, bound to where it belongs. It
// counts its calls.
type seal struct {
	name  string
	calls *calls
}

type calls struct {
	mu             sync.Mutex
	encode, decode int
	values         int
}

func (s seal) bound(v core.Value) []byte {
	return fmt.Appendf(nil, "%s|%s|%x|%s|", s.name, v.Table, v.Key, v.Path)
}

func (s seal) Encode(ctx context.Context, values []core.Value) error {
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	s.calls.encode++
	for i, v := range values {
		if bytes.Contains(v.JSON, []byte("refuse")) {
			return errors.New("refused")
		}
		sealed, _ := json.Marshal(map[string]string{"B": base64.StdEncoding.EncodeToString(append(s.bound(v), v.JSON...))})
		values[i].JSON = sealed
	}
	return ctx.Err()
}

func (s seal) Decode(_ context.Context, values []core.Value) {
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	s.calls.decode++
	s.calls.values += len(values)
	for i, v := range values {
		var stored struct{ B []byte }
		if err := json.Unmarshal(v.JSON, &stored); err != nil {
			values[i].Err = err
			continue
		}
		text, ok := bytes.CutPrefix(stored.B, s.bound(v))
		if !ok {
			values[i].Err = errors.New("it belongs elsewhere")
			continue
		}
		values[i].JSON = slices.Clone(text)
	}
}

type place struct {
	Street string `dynamodbav:"street"`
	City   string `dynamodbav:"city"`
}

type patient struct {
	Ward  string            `dynamodbav:"ward"`
	ID    int               `dynamodbav:"id"`
	Name  string            `dynamodbav:"name"`
	Born  int64             `dynamodbav:"born"`
	Notes []string          `dynamodbav:"notes,omitempty"`
	Home  *place            `dynamodbav:"home,omitempty"`
	Meta  map[string]string `dynamodbav:"meta,omitempty"`
	Beds  int               `dynamodbav:"beds"`
	Seen  string            `dynamodbav:"seen,omitempty"`
}

var (
	patientProto = expr.Proto[patient]()
	ward         = expr.At(patientProto, &patientProto.Ward)
	patientID    = expr.At(patientProto, &patientProto.ID)
	patientName  = expr.At(patientProto, &patientProto.Name)
	born         = expr.At(patientProto, &patientProto.Born)
	patientNotes = expr.At(patientProto, &patientProto.Notes)
	home         = expr.At(patientProto, &patientProto.Home)
	homeStreet   = expr.At(patientProto, &patientProto.Home.Street)
	homeCity     = expr.At(patientProto, &patientProto.Home.City)
	meta         = expr.At(patientProto, &patientProto.Meta)
	beds         = expr.At(patientProto, &patientProto.Beds)
	patientSeen  = expr.At(patientProto, &patientProto.Seen)
	patientKey   = dynox.Key[patient]{Partition: dynox.By(ward), Sort: dynox.By(patientID)}
	byBeds       = dynox.GSI("by-beds", dynox.Key[patient]{Partition: dynox.By(beds)})
)

func coded[T any](c core.Coder, rank int, fields ...expr.Field[T]) dynox.Option[T] {
	return dynox.WithStages[T](core.Door{}, func(s *core.Stages) {
		for _, f := range fields {
			s.Coded = append(s.Coded, core.Coded{Attr: f.Ref(ast.Door{}), Coder: c, Rank: rank, Blind: true})
		}
	})
}

func newPatients(t *testing.T, client *dynamodb.Client, opts ...dynox.Option[patient]) (*dynox.Repo[patient], *calls) {
	t.Helper()
	is := is.New(t)
	c := new(calls)
	table := testbed.Table(t, client)
	patients, err := dynox.NewRepo(table, patientKey, append(opts, byBeds,
		coded(seal{"outer", c}, 1, patientName, born, patientNotes, homeStreet, meta), coded(seal{"inner", c}, 0, patientName))...)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), patients))
	return patients, c
}

var amy = patient{
	Ward: "a", ID: 1, Name: "Amy", Born: 1990, Notes: []string{"x", "y"}, Home: &place{"Elm Street", "Ulm"},
	Meta: map[string]string{"blood": "0"}, Beds: 1,
}

func with(p patient, change func(*patient)) patient {
	if p.Home != nil {
		home := *p.Home
		p.Home = &home
	}
	change(&p)
	return p
}

// TestCodedAttributes: every path that writes an attribute writes it in its
// other form, bound to its item, and every path that reads it gets it back.
func TestCodedAttributes(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		ctx := t.Context()
		patients, _ := newPatients(t, client)
		bob := patient{Ward: "a", ID: 2, Beds: 1}
		item := with(amy, func(*patient) {})
		is.NoErr(patients.Create(ctx, &item))
		is.Equal(item, amy)
		is.NoErr(patients.Put(ctx, &bob))

		stored := sealedItem(t, client, patients, amy)
		for _, name := range []string{"name", "born", "notes", "meta"} {
			_, isB := stored[name].(*types.AttributeValueMemberB)
			is.True(isB)
		}
		homeStored := stored["home"].(*types.AttributeValueMemberM).Value
		_, isB := homeStored["street"].(*types.AttributeValueMemberB)
		is.True(isB)
		is.Equal(homeStored["city"], &types.AttributeValueMemberS{Value: "Ulm"})

		same := func(what string, got, want any) {
			t.Helper()
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s", what, diff)
			}
		}
		all := []patient{amy, bob}
		got, err := patients.Get(ctx, patient{Ward: "a", ID: 1})
		is.NoErr(err)
		same("get", got, amy)
		got, err = patients.Get(ctx, patient{Ward: "a", ID: 1}, dynox.Only(homeCity))
		is.NoErr(err)
		same("get of what is plain", got, patient{Home: &place{City: "Ulm"}})
		got, err = patients.Get(ctx, patient{Ward: "a", ID: 1}, dynox.Only(homeStreet, born))
		is.NoErr(err)
		same("get of what is not", got, patient{Born: 1990, Home: &place{Street: "Elm Street"}})
		many, err := iter.Collect(patients.Query(ctx, patientKey.In(patient{Ward: "a"})))
		is.NoErr(err)
		same("query", many, all)
		many, err = iter.Collect(patients.Query(ctx, byBeds.In(patient{Beds: 1})))
		is.NoErr(err)
		slices.SortFunc(many, func(a, b patient) int { return a.ID - b.ID })
		same("index", many, all)
		many, err = iter.Collect(patients.Scan(ctx, dynox.All[patient]().Segments(2)))
		is.NoErr(err)
		slices.SortFunc(many, func(a, b patient) int { return a.ID - b.ID })
		same("scan", many, all)
		page, err := patients.Page(ctx, patientKey.In(patient{Ward: "a"}).Limit(1))
		is.NoErr(err)
		same("page", page.Items, all[:1])
		type slim struct {
			Name string `dynamodbav:"name"`
			Home struct {
				Street string `dynamodbav:"street"`
			} `dynamodbav:"home"`
		}
		narrow, err := iter.Collect(dynox.Into[slim](ctx, patients, patientKey.In(patient{Ward: "a"}).Limit(1)))
		is.NoErr(err)
		is.Equal(narrow[0].Name, "Amy")
		is.Equal(narrow[0].Home.Street, "Elm Street")
		many, err = iter.Collect(batch.Get(ctx, patients, slices.Values([]patient{{Ward: "a", ID: 1}, {Ward: "a", ID: 2}}), batch.InOrder()))
		is.NoErr(err)
		same("batch", many, all)
		ref := tx.Get(patients, patient{Ward: "a", ID: 1})
		is.NoErr(tx.Read(ctx, ref))
		same("transaction", ref.V, amy)

		changed := with(amy, func(p *patient) {
			p.Name, p.Notes, p.Home.Street, p.Born = "Ann", nil, "Oak Street", 1991
		})
		got, err = patients.Update(ctx, amy, patientName.Set("Ann"), patientNotes.Set(nil), homeStreet.Set("Oak Street"), born.SetOnce(1), beds.Set(1), meta.Set(amy.Meta))
		is.NoErr(err)
		changed.Born = 1990
		same("update", got, changed)
		got, err = patients.Update(ctx, amy, home.Set(&place{"Ash Street", "Bonn"}), patientName.Remove())
		is.NoErr(err)
		changed.Home, changed.Name = &place{"Ash Street", "Bonn"}, ""
		same("update of what it is in", got, changed)
		got, err = patients.Upsert(ctx, patient{Ward: "b", ID: 9}, patientName.SetOnce("Cy"), beds.Set(2))
		is.NoErr(err)
		same("upsert", got, patient{Ward: "b", ID: 9, Name: "Cy", Beds: 2})
		got, err = patients.Upsert(ctx, patient{Ward: "b", ID: 9}, patientName.SetOnce("Di"), beds.Set(2))
		is.NoErr(err)
		same("upsert again", got, patient{Ward: "b", ID: 9, Name: "Cy", Beds: 2})

		item = with(amy, func(*patient) {})
		err = patients.Create(ctx, &item)
		is.True(errors.Is(err, dynox.ErrExists))
		old, ok := dynox.OldItem[patient](err)
		is.True(ok)
		same("item of an error", old, changed)
		old, existed, err := patients.Swap(ctx, &item)
		is.NoErr(err)
		is.True(existed)
		same("swap", old, changed)

		tracked, err := patients.Load(ctx, amy)
		is.NoErr(err)
		tracked.V.Home.City = "Köln"
		tracked.V.Meta["blood"] = "A"
		is.NoErr(tracked.Save(ctx))
		saved := with(amy, func(p *patient) { p.Home.City, p.Meta = "Köln", map[string]string{"blood": "A"} })
		same("tracked", tracked.V, saved)
		got, err = patients.Get(ctx, amy, dynox.Consistent)
		is.NoErr(err)
		same("saved", got, saved)

		two, three := with(amy, func(p *patient) { p.ID = 3 }), with(amy, func(p *patient) { p.ID = 4 })
		is.NoErr(tx.Write(ctx, tx.Put(patients, &two), tx.Update(patients, amy, patientName.Set("Eve"))))
		is.NoErr(batch.Write(ctx, slices.Values([]batch.Op{batch.Put(patients, &three)})))
		for _, want := range []patient{two, three} {
			got, err = patients.Get(ctx, want)
			is.NoErr(err)
			same("written with others", got, want)
		}
		got, err = patients.Take(ctx, two)
		is.NoErr(err)
		same("take", got, two)
	})
}

// sealedItem is an item as it is stored.
func sealedItem(t *testing.T, client *dynamodb.Client, r *dynox.Repo[patient], p patient) map[string]types.AttributeValue {
	t.Helper()
	out, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &r.Core(core.Door{}).Table.Name, Key: map[string]types.AttributeValue{
		"ward": &types.AttributeValueMemberS{Value: p.Ward}, "id": &types.AttributeValueMemberN{Value: fmt.Sprint(p.ID)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return out.Item
}

// TestCodedTogether: the values of an item, or of a page, go through their
// coder in one call.
func TestCodedTogether(t *testing.T) {
	is := is.New(t)
	patients, c := newPatients(t, memtable.New(t).Client())
	for i := range 5 {
		item := with(amy, func(p *patient) { p.ID = i })
		is.NoErr(patients.Put(t.Context(), &item))
	}
	is.Equal(c.encode, 10) // outer and inner
	_, err := iter.Collect(patients.Query(t.Context(), patientKey.In(patient{Ward: "a"})))
	is.NoErr(err)
	is.Equal(c.decode, 2)
	is.Equal(c.values, 5*6)
	n, err := patients.Count(t.Context(), patientKey.In(patient{Ward: "a"}))
	is.NoErr(err)
	is.Equal(n, int64(5))
	is.Equal(c.decode, 2)
}

// TestCodedElsewhere: a value that was moved to another item cannot be read,
// and the others can.
func TestCodedElsewhere(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	client := memtable.New(t).Client()
	patients, _ := newPatients(t, client)
	for i := range 3 {
		item := with(amy, func(p *patient) { p.ID = i })
		is.NoErr(patients.Put(ctx, &item))
	}
	item := sealedItem(t, client, patients, patient{Ward: "a", ID: 0})
	item["id"] = &types.AttributeValueMemberN{Value: "1"}
	_, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &patients.Core(core.Door{}).Table.Name, Item: item})
	is.NoErr(err)
	_, err = patients.Get(ctx, patient{Ward: "a", ID: 1})
	var bad *dynox.ItemError
	is.True(errors.As(err, &bad))
	is.Equal(bad.Path, "born") // the first in the item
	var ids []int
	var bads int
	for p, err := range patients.Query(ctx, patientKey.In(patient{Ward: "a"}).OnItemError(func(*dynox.ItemError) error { bads++; return nil })) {
		is.NoErr(err)
		ids = append(ids, p.ID)
	}
	is.Equal(ids, []int{0, 2})
	is.Equal(bads, 1)
	_, err = iter.Collect(batch.Get(ctx, patients, slices.Values([]patient{{Ward: "a", ID: 1}})))
	is.True(errors.As(err, &bad))
	is.True(errors.As(tx.Read(ctx, tx.Get(patients, patient{Ward: "a", ID: 1})), &bad))
	_, err = patients.Take(ctx, patient{Ward: "a", ID: 1})
	is.True(errors.Is(err, dynox.ErrAfterWrite))
}

// TestCodedRefused: what cannot work with an attribute that is encoded as a
// whole is refused before anything is sent.
func TestCodedRefused(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	engine := memtable.New(t)
	patients, _ := newPatients(t, engine.Client())
	item := with(amy, func(*patient) {})
	is.NoErr(patients.Put(ctx, &item))
	sent := len(engine.Requests())
	for name, f := range map[string]func() error{
		"condition": func() error { return patients.Put(ctx, &item, expr.If(patientName.Eq("Amy"))) },
		"nested":    func() error { return patients.Delete(ctx, item, expr.If(home.Eq(item.Home))) },
		"size":      func() error { return patients.Delete(ctx, item, expr.If(expr.Size(patientNotes).Gt(1))) },
		"not":       func() error { return patients.Delete(ctx, item, expr.If(expr.Not(born.Gt(1)))) },
		"raw":       func() error { return patients.Delete(ctx, item, expr.If(expr.Raw[patient]("#name = ?", "Amy"))) },
		"raw, bare": func() error {
			return patients.Delete(ctx, item, expr.If(expr.Raw[patient]("beds = ? OR born = ?", 0, 1)))
		},
		"raw, path": func() error { return patients.Delete(ctx, item, expr.If(expr.Raw[patient]("(home.street = ?)", "x"))) },
		"other":     func() error { return patients.Delete(ctx, item, expr.If(patientSeen.EqAttr(patientName))) },
		"inside": func() error {
			return patients.Delete(ctx, item, expr.If(expr.Entry(meta, "blood").Eq("0")))
		},
		"filter": func() error {
			_, err := iter.Collect(patients.Query(ctx, patientKey.In(item).Filter(patientName.Eq("Amy"))))
			return err
		},
		"check":      func() error { return tx.Write(ctx, tx.Check(patients, item, born.Eq(1))) },
		"add":        func() error { _, err := patients.Update(ctx, item, expr.Add(born, 1)); return err },
		"append":     func() error { _, err := patients.Update(ctx, item, expr.Append(patientNotes, "z")); return err },
		"entry":      func() error { _, err := patients.Update(ctx, item, expr.Entry(meta, "blood").Set("A")); return err },
		"copy":       func() error { _, err := patients.Update(ctx, item, patientSeen.SetTo(patientName)); return err },
		"projection": func() error { _, err := patients.Get(ctx, item, dynox.Only(expr.Entry(meta, "blood"))); return err },
		"coder": func() error {
			bad := with(item, func(p *patient) { p.Name = "refuse" })
			return patients.Put(ctx, &bad)
		},
		"coder, update": func() error { _, err := patients.Update(ctx, item, patientName.Set("refuse")); return err },
	} {
		err := f()
		if err == nil || len(engine.Requests()) != sent {
			t.Errorf("%s: %v, %d requests", name, err, len(engine.Requests())-sent)
		}
	}
	is.NoErr(patients.Put(ctx, &item, expr.If(patientName.Exists(), home.Exists(), homeCity.Eq("Ulm"), expr.Raw[patient]("size(ward) = ? AND NOT beds < ?", 1, 0))))

	table := testbed.Table(t, engine.Client())
	c := seal{"x", new(calls)}
	for name, opts := range map[string][]dynox.Option[patient]{
		"key":            {coded(c, 1, ward)},
		"index key":      {coded(c, 1, beds), byBeds},
		"twice":          {coded(c, 1, born, born)},
		"in each other":  {coded[patient](c, 1, home, homeStreet)},
		"version":        {coded(c, 1, born), lock.Version(born)},
		"token":          {coded(c, 1, patientSeen), lock.Version(born, lock.Token(patientSeen))},
		"kind":           {coded(c, 1, patientSeen), dynox.Kind[patient]("p").In("seen")},
		"schema":         {coded(c, 1, born), hooks.Upgrade(born, 1, func(map[string]types.AttributeValue) error { return nil })},
		"no field":       {coded(c, 1, expr.Path[patient, string]("meta.blood"))},
		"entry":          {coded(c, 1, expr.Entry(meta, "blood"))},
		"other's coder":  {coded(core.Coder(nil), 1, born)},
		"index composed": {coded(c, 1, patientName), dynox.GSI("by-name", dynox.Key[patient]{Partition: dynox.Composite("k", "N#{}", patientName)})},
	} {
		if _, err := dynox.NewRepo(table, patientKey, opts...); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestCodedAndUpgraded: an upgrade sees attributes in their plan's form.
func TestCodedAndUpgraded(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	client := memtable.New(t).Client()
	patients, c := newPatients(t, client)
	item := with(amy, func(*patient) {})
	is.NoErr(patients.Put(ctx, &item))
	newer, err := dynox.NewRepo(dynox.NewTable(client, patients.Core(core.Door{}).Table.Name), patientKey,
		coded(seal{"outer", c}, 1, patientName, born, patientNotes, homeStreet, meta), coded(seal{"inner", c}, 0, patientName),
		hooks.Upgrade(beds, 2, func(attrs map[string]types.AttributeValue) error {
			attrs["name"].(*types.AttributeValueMemberS).Value += " Smith"
			return nil
		}))
	is.NoErr(err)
	got, err := newer.Get(ctx, amy)
	is.NoErr(err)
	is.Equal(got.Name, "Amy Smith")
}
