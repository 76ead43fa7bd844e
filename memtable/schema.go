package memtable

import (
	"slices"
	"strings"

	"github.com/dynox-go/dynox/memtable/internal/value"
)

// keyAttribute is one attribute of a key, and the type that it must have: 'S', 'N' or 'B'.
type keyAttribute struct {
	name string
	typ  byte
}

// keySchema says which attributes form a key. A table's key has one partition attribute and at most one
// sort attribute; a global index may have up to four of each.
type keySchema struct {
	partition, sort []keyAttribute
	all             []keyAttribute // the partition attributes, then the sort attributes
}

// attributes returns the partition attributes, then the sort attributes.
func (k keySchema) attributes() []keyAttribute { return k.all }

func (k keySchema) has(name string) bool {
	named := func(a keyAttribute) bool { return a.name == name }
	return slices.ContainsFunc(k.partition, named) || slices.ContainsFunc(k.sort, named)
}

// compare orders items by their keys.
func (k keySchema) compare(a, b value.Item) int {
	for _, attr := range k.attributes() {
		v, _ := a.Get(attr.name)
		w, _ := b.Get(attr.name)
		if c := value.Compare(v, w); c != 0 {
			return c
		}
	}
	return 0
}

func (k keySchema) write(w *writer) {
	w.array("KeySchema")
	for i, attrs := range [][]keyAttribute{k.partition, k.sort} {
		for _, a := range attrs {
			w.beginObject()
			w.text("AttributeName", a.name)
			w.text("KeyType", [...]string{"HASH", "RANGE"}[i])
			w.endObject()
		}
	}
	w.endArray()
}

// projection says which attributes an index holds beside the keys.
type projection struct {
	kind   string // ALL, KEYS_ONLY or INCLUDE
	nonKey []string
}

func (p projection) write(w *writer) {
	w.object("Projection")
	w.text("ProjectionType", p.kind)
	if len(p.nonKey) > 0 {
		w.texts("NonKeyAttributes", p.nonKey)
	}
	w.endObject()
}

// The forms below are what CreateTable and UpdateTable send.

type attributeDefinition struct{ name, typ opt[string] }

type keyElement struct{ name, role opt[string] }

type throughputInput struct{ read, write opt[int64] }

type projectionInput struct {
	kind   opt[string]
	nonKey opt[[]string]
}

type indexInput struct {
	name       opt[string]
	key        opt[[]keyElement]
	projection opt[projectionInput]
	throughput opt[throughputInput]
	settings   settingsInput
}

func (d *decoder) attributeDefinitions() (out opt[[]attributeDefinition]) {
	out.ok = d.list(func(int) {
		var a attributeDefinition
		d.item("AttributeDefinition", func(name string) {
			switch name {
			case "AttributeName":
				a.name = d.string()
			case "AttributeType":
				a.typ = d.string()
			default:
				d.skip()
			}
		})
		out.v = append(out.v, a)
	})
	return out
}

func (d *decoder) keySchema() (out opt[[]keyElement]) {
	out.ok = d.list(func(int) {
		var k keyElement
		d.item("KeySchemaElement", func(name string) {
			switch name {
			case "AttributeName":
				k.name = d.string()
			case "KeyType":
				k.role = d.string()
			default:
				d.skip()
			}
		})
		out.v = append(out.v, k)
	})
	return out
}

func (d *decoder) throughput() (out opt[throughputInput]) {
	out.ok = d.object("ProvisionedThroughput", func(name string) {
		switch name {
		case "ReadCapacityUnits":
			out.v.read = d.integer("Long")
		case "WriteCapacityUnits":
			out.v.write = d.integer("Long")
		default:
			d.skip()
		}
	})
	return out
}

func (d *decoder) projection() (out opt[projectionInput]) {
	out.ok = d.object("Projection", func(name string) {
		switch name {
		case "ProjectionType":
			out.v.kind = d.string()
		case "NonKeyAttributes":
			out.v.nonKey = d.strings()
		default:
			d.skip()
		}
	})
	return out
}

func (d *decoder) indexMember(in *indexInput, name string) {
	switch name {
	case "IndexName":
		in.name = d.string()
	case "KeySchema":
		in.key = d.keySchema()
	case "Projection":
		in.projection = d.projection()
	case "ProvisionedThroughput":
		in.throughput = d.throughput()
	default:
		if !in.settings.member(d, name) {
			d.skip()
		}
	}
}

func (d *decoder) indexes(shape string) (out opt[[]indexInput]) {
	out.ok = d.list(func(int) {
		var in indexInput
		d.item(shape, func(name string) { d.indexMember(&in, name) })
		out.v = append(out.v, in)
	})
	return out
}

// keyElements prints a key schema as the service does in its messages.
func keyElements(key []keyElement) string {
	out := make([]string, len(key))
	for i, k := range key {
		out[i] = "KeySchemaElement(attributeName=" + k.name.or("null") + ", keyType=" + k.role.or("null") + ")"
	}
	return "[" + strings.Join(out, ", ") + "]"
}

func keyNames(key []keyElement) []string {
	out := make([]string, len(key))
	for i, k := range key {
		out[i] = k.name.v
	}
	return out
}

// resolve makes a key schema of its checked input form.
func resolve(key []keyElement, defs []attributeDefinition) keySchema {
	var out keySchema
	for _, k := range key {
		i := slices.IndexFunc(defs, func(d attributeDefinition) bool { return d.name.v == k.name.v })
		a := keyAttribute{name: k.name.v, typ: defs[i].typ.v[0]}
		if k.role.v == "HASH" {
			out.partition = append(out.partition, a)
		} else {
			out.sort = append(out.sort, a)
		}
	}
	out.all = slices.Concat(out.partition, out.sort)
	return out
}
