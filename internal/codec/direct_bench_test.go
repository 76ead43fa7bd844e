package codec

import (
	"fmt"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox/internal/wire"
)

// sale has twelve fields and about 700 bytes of JSON.
type sale struct {
	Customer string    `dynamodbav:"customer"`
	ID       string    `dynamodbav:"id"`
	Status   status    `dynamodbav:"status"`
	Total    int64     `dynamodbav:"total"`
	Weight   float64   `dynamodbav:"weight"`
	Paid     bool      `dynamodbav:"paid"`
	Tags     []string  `dynamodbav:"tags,stringset,omitempty"`
	Ship     shipTo    `dynamodbav:"ship"`
	Lines    []int     `dynamodbav:"lines"`
	Note     string    `dynamodbav:"note"`
	Placed   time.Time `dynamodbav:"placed"`
	Version  int64     `dynamodbav:"version"`
}

type shipTo struct {
	Street string `dynamodbav:"street"`
	City   string `dynamodbav:"city"`
	Zip    string `dynamodbav:"zip"`
}

var benchSale = sale{
	Customer: "CUSTOMER#0190a1b2-c3d4", ID: "ORDER#2024-05-06#00017", Status: "SHIPPED", Total: 129_900, Weight: 12.75, Paid: true,
	Tags: []string{"fragile", "gift", "priority"}, Ship: shipTo{"Karl Johans gate 22", "Oslo", "0026"}, Lines: []int{3, 14, 159},
	Note:   "Leave the parcel with the neighbour on the second floor if nobody opens; ring twice, please, and do not put it into the box outside of the house.",
	Placed: time.Date(2024, 5, 6, 7, 8, 9, 123456789, time.UTC), Version: 7,
}

func benchPlan(tb testing.TB) *Plan {
	p, err := Compile(reflect.TypeFor[sale](), Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func benchJSON(tb testing.TB) []byte {
	raw, err := benchPlan(tb).AppendItem(nil, &benchSale)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// TestAllocations pins what the direct way allocates: nothing to write an item,
// and to read one what it consists of.
func TestAllocations(t *testing.T) {
	if !isUnsafe {
		t.Skip("reflect allocates")
	}
	is := is.New(t)
	p, raw := benchPlan(t), benchJSON(t)
	o := p.Overlay("pk", "sk", "kind", "total")
	changes := []Change{Text("CUSTOMER#1"), Text("ORDER#1"), Text("order"), Keep()}
	dst := make([]byte, 0, 2*len(raw))
	var err error
	is.Equal(testing.AllocsPerRun(100, func() { _, err = p.AppendItem(dst, &benchSale) }), 0.0)
	is.NoErr(err)
	is.Equal(testing.AllocsPerRun(100, func() { _, err = o.AppendItem(dst, &benchSale, changes) }), 0.0)
	is.NoErr(err)

	for range 20 { // what items take is learned
		_, err = p.AppendItem(nil, &benchSale)
		is.NoErr(err)
	}
	is.Equal(testing.AllocsPerRun(100, func() { _, err = p.AppendItem(nil, &benchSale) }), 1.0)
	is.NoErr(err)

	d := p.Watch("customer", "id", "kind").NewDecoder()
	var out sale
	is.Equal(testing.AllocsPerRun(100, func() {
		d.Release() // a chunk for the strings of one item
		err = d.DecodeItem(raw, &out)
	}), 3.0) // the chunk, Tags, Lines
	page := wire.NewScanner(raw)
	is.Equal(testing.AllocsPerRun(100, func() {
		d.Release()
		s := page
		err = d.ReadItem(&s, &out)
	}), 4.0) // the same, and the scanner
	is.NoErr(err)
	is.Equal(out, benchSale)
}

func BenchmarkEncodeItem(b *testing.B) {
	p, raw := benchPlan(b), benchJSON(b)
	b.Run("direct", func(b *testing.B) {
		dst := make([]byte, 0, 2*len(raw))
		b.SetBytes(int64(len(raw)))
		b.ReportAllocs()
		for b.Loop() {
			_, _ = p.AppendItem(dst, &benchSale)
		}
	})
	b.Run("attributevalue and SDK", func(b *testing.B) {
		b.SetBytes(int64(len(raw)))
		b.ReportAllocs()
		for b.Loop() {
			m, _ := attributevalue.MarshalMap(&benchSale)
			in := &dynamodb.PutItemInput{Item: m}
			req := smithyhttp.NewStackRequest().(*smithyhttp.Request)
			_ = sdkProtocol.SerializeRequest(b.Context(), sdkPutItem, in, req)
		}
	})
	b.Run("attributevalue alone", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = attributevalue.MarshalMap(&benchSale)
		}
	})
}

func BenchmarkDecodeItem(b *testing.B) {
	p, raw := benchPlan(b), benchJSON(b)
	b.Run("direct", func(b *testing.B) {
		d := p.Watch("customer", "id").NewDecoder()
		b.SetBytes(int64(len(raw)))
		b.ReportAllocs()
		for b.Loop() {
			var out sale
			_ = d.DecodeItem(raw, &out)
		}
	})
	b.Run("attributevalue and SDK", func(b *testing.B) {
		b.SetBytes(int64(len(raw)))
		b.ReportAllocs()
		for b.Loop() {
			m, _ := sdkItem(b.Context(), raw)
			var out sale
			_ = attributevalue.UnmarshalMap(m, &out)
		}
	})
	b.Run("attributevalue alone", func(b *testing.B) {
		m, _ := sdkItem(b.Context(), raw)
		b.ReportAllocs()
		for b.Loop() {
			var out sale
			_ = attributevalue.UnmarshalMap(m, &out)
		}
	})
}

// benchPage is about 1 MB of items, as a query's answer has them; shuffled and
// sparse, if asked for, differ from item to item.
func benchPage(tb testing.TB, shuffled, sparse bool) []byte {
	m, err := benchPlan(tb).Encode(&benchSale)
	if err != nil {
		tb.Fatal(err)
	}
	names := []string{"customer", "id", "status", "total", "weight", "paid", "tags", "ship", "lines", "note", "placed", "version"}
	doc := []byte(`{"Count":00000,"Items":[`)
	n := 0
	for i := 0; len(doc) < 1<<20; i++ {
		n++
		if i > 0 {
			doc = append(doc, ',')
		}
		doc = append(doc, '{')
		first := true
		for j := range names {
			name := names[j]
			if shuffled {
				name = names[(j*[]int{1, 5, 7, 11}[i%4]+i)%len(names)]
			}
			if sparse && (i*7+j*13)%5 < 2 {
				continue
			}
			if !first {
				doc = append(doc, ',')
			}
			first = false
			one, _ := appendAttributes(nil, map[string]types.AttributeValue{name: m[name]}, 0)
			doc = append(doc, one[1:len(one)-1]...)
		}
		doc = append(doc, '}')
	}
	copy(doc, fmt.Sprintf(`{"Count":%-5d`, n))
	return append(doc, `]}`...)
}

func BenchmarkDecodePage(b *testing.B) {
	p := benchPlan(b)
	for _, shape := range []struct {
		name             string
		shuffled, sparse bool
	}{{"one order", false, false}, {"shuffled", true, false}, {"sparse", false, true}} {
		doc := benchPage(b, shape.shuffled, shape.sparse)
		b.Run(shape.name+"/direct", func(b *testing.B) {
			d := p.Watch("customer", "id").NewDecoder()
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := readPage(d, doc); err != nil {
					b.Fatal(err)
				}
				d.Release()
			}
		})
		b.Run(shape.name+"/attributevalue and SDK", func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				items, err := sdkPage(b.Context(), doc)
				if err != nil {
					b.Fatal(err)
				}
				var out []sale
				if err := attributevalue.UnmarshalListOfMaps(items, &out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// readPage reads the items of doc, as a repository would.
func readPage(d *Decoder, doc []byte) ([]sale, error) {
	s := wire.NewScanner(doc)
	if err := s.Object(); err != nil {
		return nil, err
	}
	if _, _, err := s.Member(); err != nil {
		return nil, err
	}
	count, err := s.Number()
	if err != nil {
		return nil, err
	}
	if _, _, err := s.Member(); err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(string(count))
	if err != nil {
		return nil, err
	}
	items := make([]sale, 0, n)
	if err := s.Array(); err != nil {
		return nil, err
	}
	for {
		if more, err := s.Element(); err != nil || !more {
			return items, err
		}
		items = append(items, sale{})
		if err := d.ReadItem(&s, &items[len(items)-1]); err != nil {
			return nil, err
		}
	}
}
