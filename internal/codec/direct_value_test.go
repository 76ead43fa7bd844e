package codec

import (
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"
	"pgregory.net/rapid"
)

func TestAppendsAsValue(t *testing.T) { rapid.Check(t, appendsAsValue) }

// appendsAsValue holds AppendValue, AppendElement and AppendSet to Value, Element and Set.
func appendsAsValue(t *rapid.T) {
	p := drawPlan(t, 2)
	f := rapid.SampledFrom(p.fields).Draw(t, "field")
	path := Path{Name(f.Name)}
	typ := f.Type
	switch rapid.IntRange(0, 5).Draw(t, "of") {
	case 0:
		typ = rapid.SampledFrom(leafTypes).Draw(t, "type")
	case 1:
		path[0].Name = "unknown"
	case 2, 3:
		if elem := deref(typ); isContainer(elem) {
			typ = elem.Elem()
			if setElem, ok := setElem(elem); ok {
				typ = setElem
			}
		}
	}
	switch rapid.IntRange(0, 6).Draw(t, "deeper") {
	case 0:
		path = append(path, Index(rapid.IntRange(0, 2).Draw(t, "index")))
	case 1:
		path = append(path, Name("k"))
	case 2:
		path = append(path, Name("named"), Name("k"), Name("Name"))
	}
	v := reflect.New(typ).Elem()
	drawValue(t, v, 3, rapid.Bool().Draw(t, "full"))

	want, womitted, werr := p.Value(path, v.Interface())
	got, gomitted, gerr := p.AppendValue([]byte("x"), path, v.Interface())
	same(t, want, werr, got, gerr)
	if womitted != gomitted {
		t.Fatalf("Value omits %v, AppendValue %v", womitted, gomitted)
	}
	want, werr = p.Element(path, v.Interface())
	got, gerr = p.AppendElement([]byte("x"), path, v.Interface())
	same(t, want, werr, got, gerr)
	many := reflect.MakeSlice(reflect.SliceOf(typ), 0, 2)
	many = reflect.Append(many, v, v)
	want, werr = p.Set(path, many.Interface())
	got, gerr = p.AppendSet([]byte("x"), path, many.Interface())
	same(t, want, werr, got, gerr)
}

func same(t *rapid.T, want types.AttributeValue, werr error, got []byte, gerr error) {
	t.Helper()
	if (werr == nil) != (gerr == nil) || werr != nil && werr.Error() != gerr.Error() {
		t.Fatalf("the twin fails with %v, the direct way with %v", werr, gerr)
	}
	if string(got[:1]) != "x" || gerr != nil && len(got) != 1 {
		t.Fatalf("dst became %s", got)
	}
	if gerr != nil {
		return
	}
	av, err := AttributeValue(got[1:])
	if err != nil || !reflect.DeepEqual(av, want) {
		t.Fatalf("%s, %v is not %v", got[1:], err, want)
	}
}

func TestOverlay(t *testing.T) {
	is := is.New(t)
	type item struct {
		PK    string `dynamodbav:"pk,omitempty"`
		Name  string
		Total int
	}
	p := compile[item](t, Options{})
	o := p.Overlay("pk", `k"ind`, "Total", "gsi")
	in := item{PK: "old", Name: "n", Total: 5}
	for _, test := range []struct {
		changes []Change
		want    string
	}{
		{[]Change{Text("new"), Text("order"), Keep(), Drop()}, `{"Name":{"S":"n"},"Total":{"N":"5"},"pk":{"S":"new"},"k\"ind":{"S":"order"}}`},
		{[]Change{Drop(), Keep(), RawJSON([]byte(`{"N":"6"}`)), Text("\"")}, `{"Name":{"S":"n"},"Total":{"N":"6"},"gsi":{"S":"\""}}`},
		{make([]Change, 4), `{"pk":{"S":"old"},"Name":{"S":"n"},"Total":{"N":"5"}}`},
	} {
		got, err := o.AppendItem([]byte("x"), &in, test.changes)
		is.NoErr(err)
		is.Equal(string(got), "x"+test.want)
	}
	got, err := compile[struct{}](t, Options{}).Overlay("pk").AppendItem(nil, &struct{}{}, []Change{Text("1")})
	is.NoErr(err)
	is.Equal(string(got), `{"pk":{"S":"1"}}`)

	// An item with a Marshaler, whose map stays as it is.
	got, err = compile[halfWritten](t, Options{}).Overlay("v", "pk").AppendItem(nil, &halfWritten{"x"}, []Change{Drop(), Text("1")})
	is.NoErr(err)
	is.Equal(string(got), `{"pk":{"S":"1"}}`)
}
