package codec

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"
)

func TestScalar(t *testing.T) {
	is := is.New(t)
	for raw, want := range map[string]string{
		`{"S":"a\"b"}`: `S a"b`, `{"N":"-1.5"}`: "N -1.5", `{"B":"aGk="}`: "B hi", ` { "S" : "" } `: "S ",
		`{"L":[{"S":"x"}]}`: " ", `{"NULL":true}`: " ",
	} {
		kind, out, err := Scalar([]byte("x"), []byte(raw))
		is.NoErr(err)
		is.Equal(kind+" "+strings.TrimPrefix(string(out), "x"), want)
	}
	for _, raw := range []string{``, `{}`, `{"S":1}`, `{"S":"a"`, `{"S":"a"}}`, `{"S":"a","N":"1"}`, `{"X":"a"}`, `{"B":"?"}`} {
		_, out, err := Scalar([]byte("x"), []byte(raw))
		is.True(errors.As(err, new(*Error)))
		is.Equal(string(out), "x")
	}
}

// TestAppendAllocatesNothing is for the kinds that TestAllocations does not have.
func TestAppendAllocatesNothing(t *testing.T) {
	if !isUnsafe || isRace {
		t.Skip("reflect allocates, and so do pools under the race detector")
	}
	type inner struct {
		A, B string
		N    *int `dynamodbav:",omitempty"`
	}
	type item struct {
		Bytes   []byte
		Three   [3]byte
		Bins    [][]byte
		Nums    []float64           `dynamodbav:",numberset"`
		Set     map[string]struct{} `dynamodbav:",stringset"`
		Map     map[string]string
		ByInt   map[int]inner
		Inners  []inner
		Pointer *inner
		Any     any
		Anys    []any
		Fixed   time.Time
		Milli   *time.Time
		Expires time.Time `dynamodbav:",unixtime,omitempty"`
		Zero    inner     `dynamodbav:",omitzero"`
		F32     float32
		Small   int8 `dynamodbav:",string"`
		U       uint16
	}
	is := is.New(t)
	p := compile[item](t, Options{Formats: map[string]Format{"Fixed": FixedTime, "Milli": UnixMilli}})
	n, now := 5, time.Now()
	in := item{
		Bytes: []byte("hello"), Bins: [][]byte{{1}, {2}}, Nums: []float64{1.5, 2}, Set: map[string]struct{}{"b": {}, "a": {}},
		Map: map[string]string{"a": "b"}, ByInt: map[int]inner{1: {A: "a"}}, Inners: []inner{{A: "\n"}, {N: &n}}, Pointer: &inner{},
		Any: "text", Anys: []any{1, "a", true, nil, inner{A: "x"}}, Fixed: now, Milli: &now, Expires: now, F32: 1.5,
	}
	var dst []byte
	var err error
	is.Equal(testing.AllocsPerRun(100, func() { dst, err = p.AppendItem(dst[:0], &in) }), 0.0)
	is.NoErr(err)
	var out item
	is.NoErr(p.Watch().NewDecoder().DecodeItem(dst, &out))
	is.Equal(out.Set, in.Set)
	is.Equal(out.ByInt, in.ByInt)

	path := Path{Name("Fixed")}
	var v any = now
	is.Equal(testing.AllocsPerRun(100, func() { dst, _, err = p.AppendValue(dst[:0], path, v) }), 0.0)
	is.NoErr(err)
}

// TestStringsOutliveTheJSON checks that nothing of an item aliases what it was read from, nor the next item.
func TestStringsOutliveTheJSON(t *testing.T) {
	is := is.New(t)
	type item struct {
		A, B string
		M    map[string]any
		Raw  []byte
		Text []string
	}
	d := compile[item](t, Options{}).Watch().NewDecoder()
	long := strings.Repeat("x", maxChunk)
	var items []item
	for i := range 2000 {
		raw := fmt.Appendf(nil, `{"A":{"S":"a%d"},"B":{"S":"\n%d%s"},"M":{"M":{"k%d":{"S":"v%d"}}},"Raw":{"B":"AAAA"},"Text":{"SS":["t%d"]}}`,
			i, i, long[:i%7*(maxChunk/16)], i, i, i)
		var it item
		is.NoErr(d.DecodeItem(raw, &it))
		clear(raw)
		items = append(items, it)
		if i%100 == 0 {
			d.Release()
		}
	}
	for i, it := range items {
		is.Equal(it.A, fmt.Sprint("a", i))
		is.Equal(it.B, fmt.Sprint("\n", i, long[:i%7*(maxChunk/16)]))
		is.Equal(it.M, map[string]any{fmt.Sprint("k", i): fmt.Sprint("v", i)})
		is.Equal(it.Text, []string{fmt.Sprint("t", i)})
		is.Equal(it.Raw, []byte{0, 0, 0})
	}
}

// TestSlicesAreApart checks that appending to a slice leaves its neighbours in the slab alone.
func TestSlicesAreApart(t *testing.T) {
	is := is.New(t)
	type item struct {
		A, B []string
		I, J []int
		F, G []float64
	}
	d := compile[item](t, Options{}).Watch().NewDecoder()
	for range 100 {
		var it item
		is.NoErr(d.DecodeItem([]byte(`{"A":{"SS":["a"]},"B":{"SS":["b"]},"I":{"NS":["1"]},"J":{"NS":["2"]},"F":{"NS":["1"]},"G":{"NS":["2"]}}`), &it))
		it.A, it.I, it.F = append(it.A, "x"), append(it.I, 9), append(it.F, 9)
		is.Equal(it, item{[]string{"a", "x"}, []string{"b"}, []int{1, 9}, []int{2}, []float64{1, 9}, []float64{2}})
	}
}

func TestDecoderGoesOnAfterAnError(t *testing.T) {
	is := is.New(t)
	d := compile[order](t, Options{}).Watch("pk").NewDecoder()
	for range 3 {
		var out order
		is.True(d.DecodeItem([]byte(`{"pk":{"S":"1"},"SHIP":{"M":{"CITY":{"S":"x"},"zip":{"S":"x"}}}}`), &out) != nil)
		is.NoErr(d.DecodeItem([]byte(`{"ID":{"S":"1"},"ship":{"M":{"City":{"S":"Oslo"}}}}`), &out))
		is.Equal(out, order{ID: "1", Ship: address{City: "Oslo"}})
		is.True(d.Raw(0) == nil)
		is.True(d.DecodeItem(nil, &out) != nil)
		is.True(d.DecodeItem([]byte(`{}`), nil) != nil)
		is.True(d.DecodeItem([]byte(`{}`), &address{}) != nil)
	}
}

func TestPlansAreShared(t *testing.T) {
	p := compile[order](t, Options{Formats: map[string]Format{"placed": FixedTime}})
	w := p.Watch("id")
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			d := w.NewDecoder()
			in := order{ID: fmt.Sprint(i), Seen: map[int]struct{}{i: {}}, Meta: map[string]any{"i": float64(i)}, Placed: time.Unix(int64(i), 0).UTC()}
			for range 200 {
				raw, err := p.AppendItem(nil, &in)
				var out order
				if err == nil {
					err = d.DecodeItem(raw, &out)
				}
				if err != nil || out.ID != in.ID || out.Meta["i"] != float64(i) || !out.Placed.Equal(in.Placed) {
					t.Error(err, out)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestItemsWithTheirOwnMarshaler(t *testing.T) {
	is := is.New(t)
	raw, err := compile[halfWritten](t, Options{}).AppendItem(nil, &halfWritten{"x"})
	is.NoErr(err)
	is.Equal(string(raw), `{"v":{"S":"~x"}}`)
	_, err = compile[coin](t, Options{}).AppendItem(nil, &coin{5})
	is.Equal(err.Error(), "encode coin: its Marshaler returns no map")

	var h halfRead
	d := compile[halfRead](t, Options{}).Watch("pk", "").NewDecoder()
	is.NoErr(d.DecodeItem([]byte(`{"pk":{"S":"1"},"V":{"N":"2"}}`), &h))
	is.Equal(h.V, "*types.AttributeValueMemberM")
	is.Equal(string(d.Raw(0)), `{"S":"1"}`)
	is.True(d.Raw(1) == nil)
	is.True(d.DecodeItem([]byte(`{"pk":{"S":"1"},"V":{"X":"2"}}`), &h) != nil)
	is.True(d.DecodeItem([]byte(`{"pk":{"S":"1"}}}`), &h) != nil)
}

func TestInvalidUTF8IsReplaced(t *testing.T) {
	is := is.New(t)
	type item struct {
		Text string
		Map  map[string]int
		Set  []string `dynamodbav:",stringset"`
		Any  any
	}
	raw, err := compile[item](t, Options{}).AppendItem(nil, &item{"a\xff", map[string]int{"\xc3": 1}, []string{"\xe2\x82"}, "\xff"})
	is.NoErr(err)
	is.Equal(string(raw), `{"Text":{"S":"a�"},"Map":{"M":{"�":{"N":"1"}}},"Set":{"SS":["��"]},"Any":{"S":"�"}}`)
}

func TestChangesMatchTheOverlay(t *testing.T) {
	is := is.New(t)
	_, err := compile[address](t, Options{}).Overlay("pk").AppendItem(nil, &address{}, nil)
	is.Equal(err.Error(), "encode address: 0 changes for 1 names")
}
