package memtable_test

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// plain is an attribute value of the naive model: its type, S, N or B, and its text.
type plain struct{ t, text string }

func (v plain) value() types.AttributeValue {
	switch v.t {
	case "S":
		return s(v.text)
	case "N":
		return n(v.text)
	}
	return &types.AttributeValueMemberB{Value: []byte(v.text)}
}

func plainOf(v types.AttributeValue) plain {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return plain{"S", v.Value}
	case *types.AttributeValueMemberN:
		return plain{"N", v.Value}
	case *types.AttributeValueMemberB:
		return plain{"B", string(v.Value)}
	}
	return plain{}
}

func (v plain) compare(w plain) int {
	if v.t != "N" {
		return cmp.Compare(v.text, w.text)
	}
	a, _ := strconv.ParseFloat(v.text, 64) // the model's numbers are few and short
	b, _ := strconv.ParseFloat(w.text, 64)
	return cmp.Compare(a, b)
}

// things are the values of a type that keys and attributes have.
var things = map[string][]string{
	"S": {"a", "b", "a\x00", "ab", "é", "\U0001F600"},
	"N": {"-1", "0", "1", "2.5", "10", "-30"},
	"B": {"\x00", "\x01", "\xff", "\x00\x00", "\x80"},
}

// plainItem is an item of the model.
type plainItem map[string]plain

func (it plainItem) item() item {
	out := item{}
	for name, v := range it {
		out[name] = v.value()
	}
	return out
}

func plainItemOf(it item) plainItem {
	out := plainItem{}
	for name, v := range it {
		out[name] = plainOf(v)
	}
	return out
}

func (it plainItem) only(names []string) plainItem {
	out := plainItem{}
	for _, name := range names {
		if v, ok := it[name]; ok {
			out[name] = v
		}
	}
	return out
}

// plainIndex is an index of the model, or the table itself.
type plainIndex struct {
	name            string
	local           bool
	partition, sort []string
	projection      types.ProjectionType
	include         []string
}

func (x *plainIndex) keys() []string { return slices.Concat(x.partition, x.sort) }

func (x *plainIndex) schema() (out []types.KeySchemaElement) {
	for _, name := range x.partition {
		out = append(out, types.KeySchemaElement{AttributeName: &name, KeyType: types.KeyTypeHash})
	}
	for _, name := range x.sort {
		out = append(out, types.KeySchemaElement{AttributeName: &name, KeyType: types.KeyTypeRange})
	}
	return out
}

func (x *plainIndex) projected() *types.Projection {
	return &types.Projection{ProjectionType: x.projection, NonKeyAttributes: x.include}
}

// compare orders items of one partition by the index's sort key.
func (x *plainIndex) compare(a, b plainItem) int {
	for _, name := range x.sort {
		if c := a[name].compare(b[name]); c != 0 {
			return c
		}
	}
	return 0
}

// plainTable is the model: a map of items, which every read walks.
type plainTable struct {
	types   map[string]string // of attributes that are or may become keys
	keys    *plainIndex
	indexes []*plainIndex
	rows    map[[2]plain]plainItem
}

// The attributes of the model: pk and sk are the table's keys, a to d those of indexes, x, y and z no keys.
var (
	indexed = []string{"a", "b", "c", "d"}
	others  = []string{"x", "y", "z"} // y is a whole number
)

// newPlainTable draws a table.
func newPlainTable(r *rand.Rand) *plainTable {
	t := &plainTable{types: map[string]string{}, rows: map[[2]plain]plainItem{}}
	for _, name := range append([]string{"pk", "sk"}, indexed...) {
		t.types[name] = []string{"S", "N", "B"}[r.IntN(3)]
	}
	t.keys = &plainIndex{partition: []string{"pk"}, projection: types.ProjectionTypeAll}
	if r.IntN(4) > 0 {
		t.keys.sort = []string{"sk"}
		for i := range r.IntN(3) {
			x := t.drawProjection(r, &plainIndex{name: "local" + strconv.Itoa(i), local: true, partition: t.keys.partition})
			x.sort = []string{indexed[i]}
			t.indexes = append(t.indexes, x)
		}
	}
	for i := range r.IntN(4) {
		t.indexes = append(t.indexes, t.drawIndex(r, "global"+strconv.Itoa(i)))
	}
	return t
}

// drawIndex draws a global index: half of them have keys of one attribute each, the others of several.
func (t *plainTable) drawIndex(r *rand.Rand, name string) *plainIndex {
	names := slices.Concat(indexed, t.keys.keys())
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	partition, sort := 1, r.IntN(2)
	if r.IntN(2) == 0 {
		partition, sort = 1+r.IntN(2), r.IntN(3)
	}
	return t.drawProjection(r, &plainIndex{name: name, partition: names[:partition], sort: names[partition : partition+sort]})
}

func (t *plainTable) drawProjection(r *rand.Rand, x *plainIndex) *plainIndex {
	x.projection = []types.ProjectionType{types.ProjectionTypeAll, types.ProjectionTypeKeysOnly, types.ProjectionTypeInclude}[r.IntN(3)]
	if x.projection == types.ProjectionTypeInclude {
		x.include = others[:1+r.IntN(2)]
	}
	return x
}

// definitions are those of the attributes that are keys of the table or of an index.
func (t *plainTable) definitions(more ...*plainIndex) (out []types.AttributeDefinition) {
	used := map[string]bool{}
	for _, x := range slices.Concat([]*plainIndex{t.keys}, t.indexes, more) {
		for _, name := range x.keys() {
			used[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		out = append(out, types.AttributeDefinition{AttributeName: aws.String(name), AttributeType: types.ScalarAttributeType(t.types[name])})
	}
	return out
}

// isKey reports whether an attribute is a key of some index.
func (t *plainTable) isKey(name string) bool {
	return slices.ContainsFunc(t.indexes, func(x *plainIndex) bool { return slices.Contains(x.keys(), name) })
}

func (t *plainTable) key(it plainItem) [2]plain { return [2]plain{it["pk"], it["sk"]} }

// drawKey draws a key.
func (t *plainTable) drawKey(r *rand.Rand) plainItem {
	it := plainItem{}
	for _, name := range t.keys.keys() {
		it[name] = plain{t.types[name], things[t.types[name]][r.IntN(4)]}
	}
	return it
}

// drawValue draws a value of an attribute that isn't the table's key.
func (t *plainTable) drawValue(r *rand.Rand, name string) plain {
	switch name {
	case "y":
		return plain{"N", strconv.Itoa(r.IntN(5))}
	case "x", "z":
		return plain{"S", []string{"", "u", "v"}[r.IntN(3)]}
	}
	return plain{t.types[name], things[t.types[name]][r.IntN(3)]}
}

// drawItem draws an item. Bad ones, few of them, have a value that an index can't have as its key.
func (t *plainTable) drawItem(r *rand.Rand) (it plainItem, bad bool) {
	it = t.drawKey(r)
	for _, name := range slices.Concat(indexed, others) {
		if r.IntN(3) > 0 {
			it[name] = t.drawValue(r, name)
		}
		if r.IntN(100) == 0 && t.isKey(name) {
			it[name], bad = t.drawBad(r, name), true
		}
	}
	return it, bad
}

// drawBad draws a value that an index can't have as its key.
func (t *plainTable) drawBad(r *rand.Rand, name string) plain {
	if t.types[name] == "S" && r.IntN(2) == 0 {
		return plain{"S", ""}
	}
	return plain{map[string]string{"S": "N", "N": "B", "B": "S"}[t.types[name]], "1"}
}

// found are the items that are in an index, or in the table, as it shows them.
func (t *plainTable) found(x *plainIndex, wanted func(plainItem) bool, whole bool) (out []plainItem) {
	for _, it := range t.rows {
		if !wanted(it) || len(it.only(x.keys())) < len(x.keys()) {
			continue
		}
		shown := it
		if !whole && x.projection != types.ProjectionTypeAll {
			shown = it.only(slices.Concat(x.keys(), t.keys.keys(), x.include))
		}
		out = append(out, shown)
	}
	return out
}

// total is an order of any items.
func total(a, b plainItem) int {
	for _, name := range slices.Concat([]string{"pk", "sk"}, indexed, others) {
		if c := cmp.Or(cmp.Compare(a[name].t, b[name].t), cmp.Compare(a[name].text, b[name].text)); c != 0 {
			return c
		}
	}
	return 0
}
