package dynox

import (
	"fmt"
	"maps"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/codec"
	"github.com/dynox-go/dynox/internal/core"
)

// Document is an item whose attributes are known only when the program runs. A
// repository of documents names them by path, those of its keys too:
//
//	key := dynox.Key[dynox.Document]{Partition: dynox.By(expr.Path[dynox.Document, string]("id"))}
//	docs, err := dynox.NewRepo(table, key)
//	doc, err := docs.Update(ctx, id, expr.Path[dynox.Document, int]("stock.oslo").Set(3))
//
// Key attributes are strings, numbers or bytes, at the top of the item. Attributes keep
// the types that they are stored with, so what is read can be put again and is the
// same. Options that keep an attribute themselves, such as versions, need a field.
//
// A Document is no safer for concurrent use than a map. Repositories keep nothing of it, as of any
// item; of attribute values themselves they keep no copy, so nothing may change
// those during a call.
type Document struct {
	// Attrs are the attributes by name. After a write that took effect they have the
	// composed keys and the kind too, in a map of its own.
	Attrs map[string]types.AttributeValue `dynamodbav:"-"`
}

// NewDocument is a document with attributes that are encoded as fields of an item are: of
// structs, slices, maps, and all else.
func NewDocument(attrs map[string]any) (Document, error) {
	d := Document{make(map[string]types.AttributeValue, len(attrs))}
	for name, v := range attrs {
		if err := d.Set(name, v); err != nil {
			return Document{}, err
		}
	}
	return d, nil
}

// Set encodes v as the attribute name.
func (d *Document) Set(name string, v any) error {
	plan, err := codec.Compile(documentType, codec.Options{})
	if err != nil {
		return err
	}
	av, _, err := plan.Value(codec.Path{{Name: name}}, v)
	if err != nil {
		return fmt.Errorf("dynox: %w", err)
	}
	if d.Attrs == nil {
		d.Attrs = make(map[string]types.AttributeValue)
	}
	d.Attrs[name] = av
	return nil
}

// Get decodes the attribute name into dst, a pointer. It reports whether there is
// one; if not, dst is as it was.
func (d Document) Get(name string, dst any) (ok bool, err error) {
	av, ok := d.Attrs[name]
	if !ok {
		return false, nil
	}
	plan, err := codec.Compile(documentType, codec.Options{})
	if err == nil {
		err = plan.DecodeValue(codec.Path{{Name: name}}, av, dst)
	}
	if err != nil {
		return true, fmt.Errorf("dynox: %w", err)
	}
	return true, nil
}

var documentType = reflect.TypeFor[Document]()

// MarshalDynamoDBAttributeValue is the document as a map.
func (d Document) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	m := maps.Clone(d.Attrs)
	if m == nil {
		m = make(map[string]types.AttributeValue)
	}
	return &types.AttributeValueMemberM{Value: m}, nil
}

// UnmarshalDynamoDBAttributeValue sets the document to what a map holds.
func (d *Document) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	m, ok := av.(*types.AttributeValueMemberM)
	if !ok {
		return fmt.Errorf("a document is a map, not a %T", av)
	}
	d.Attrs = m.Value
	return nil
}

// Attribute is for the packages of this module.
func (d *Document) Attribute(_ core.Door, name string) types.AttributeValue { return d.Attrs[name] }

// SetAttribute is for the packages of this module.
func (d *Document) SetAttribute(_ core.Door, name string, av types.AttributeValue) {
	if d.Attrs == nil {
		d.Attrs = make(map[string]types.AttributeValue)
	}
	d.Attrs[name] = av
}

// Own is for the packages of this module.
func (d *Document) Own(core.Door) { d.Attrs = maps.Clone(d.Attrs) }
