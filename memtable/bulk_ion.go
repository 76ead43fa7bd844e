package memtable

import (
	"iter"

	"github.com/dynox-go/dynox/internal/wire"
	"github.com/dynox-go/dynox/memtable/internal/ion"
)

// ionRecords returns the records of a text of Ion: its structs, as DynamoDB JSON. What isn't Ion ends it.
func ionRecords(text []byte) iter.Seq[bulkRecord] {
	return func(yield func(bulkRecord) bool) {
		r, read := ion.NewReader(text), 0
		for {
			v, line, source, ok, err := r.Next()
			read += len(source)
			rec := bulkRecord{line: line, text: source, err: err, read: int64(read)}
			switch {
			case err != nil:
				rec.err = unserializable(err.Error())
			case !ok:
				return
			default:
				w := &writer{}
				rec.err = w.ionRecord(v)
				rec.body = w.b
			}
			if !yield(rec) || err != nil {
				return
			}
		}
	}
}

// ionRecord writes a record.
func (w *writer) ionRecord(v ion.Value) error {
	if v.Kind != ion.Struct {
		return invalid("The record is no struct")
	}
	w.beginObject()
	for i, elem := range v.Elems {
		if elem.Kind == ion.Null {
			continue
		}
		if err := w.ionMember(v.Names[i], elem); err != nil {
			return err
		}
	}
	w.endObject()
	return nil
}

func (w *writer) ionMember(name string, v ion.Value) error {
	switch name {
	case "Item", "ExpressionAttributeValues":
		if v.Kind != ion.Struct {
			return invalid("%s is no struct", name)
		}
		w.name(name)
		return w.ionStruct(v)
	case "ExpressionAttributeNames":
		if v.Kind != ion.Struct {
			return invalid("%s is no struct", name)
		}
		w.object(name)
		for i, elem := range v.Elems {
			if elem.Kind != ion.String {
				return invalid("%s has a name that is no string", name)
			}
			w.text(v.Names[i], elem.Text)
		}
		w.endObject()
	case "ConditionExpression":
		if v.Kind != ion.String {
			return invalid("%s is no string", name)
		}
		w.text(name, v.Text)
	}
	return nil
}

func (w *writer) ionStruct(v ion.Value) error {
	w.b = append(w.b, '{')
	for i, elem := range v.Elems {
		w.name(v.Names[i])
		if err := w.ionValue(elem); err != nil {
			return err
		}
	}
	w.b = append(w.b, '}')
	return nil
}

// ionValue writes a value as an attribute value.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataImport.Format.html
func (w *writer) ionValue(v ion.Value) error {
	w.comma()
	w.b = append(w.b, '{')
	switch v.Kind {
	case ion.Null:
		w.bool("NULL", true)
	case ion.Bool:
		w.bool("BOOL", v.Text == "true")
	case ion.Number:
		w.text("N", v.Text)
	case ion.String:
		w.text("S", v.Text)
	case ion.Blob:
		w.name("B")
		w.b = wire.AppendBytes(w.b, v.Text)
	case ion.Struct:
		w.name("M")
		if err := w.ionStruct(v); err != nil {
			return err
		}
	case ion.List:
		if err := w.ionList(v); err != nil {
			return err
		}
	default:
		return invalid("A value of the record has no type of DynamoDB")
	}
	w.b = append(w.b, '}')
	return nil
}

// ionSets are the annotations of sets, and the kinds of their elements.
var ionSets = []struct {
	annotation, typ string
	of              ion.Kind
}{{"$dynamodb_SS", "SS", ion.String}, {"$dynamodb_NS", "NS", ion.Number}, {"$dynamodb_BS", "BS", ion.Blob}}

// ionList writes a list, or a set, with its type.
func (w *writer) ionList(v ion.Value) error {
	for _, set := range ionSets {
		if !v.Annotated(set.annotation) {
			continue
		}
		w.array(set.typ)
		for _, elem := range v.Elems {
			if elem.Kind != set.of {
				return invalid("A set of the record has an element of another type than %s", set.typ[:1])
			}
			if elem.Kind == ion.Blob {
				w.comma()
				w.b = wire.AppendBytes(w.b, elem.Text)
			} else {
				w.textElem(elem.Text)
			}
		}
		w.endArray()
		return nil
	}
	w.array("L")
	for _, elem := range v.Elems {
		if err := w.ionValue(elem); err != nil {
			return err
		}
	}
	w.endArray()
	return nil
}
