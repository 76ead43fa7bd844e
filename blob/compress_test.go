package blob_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/klauspost/compress/zstd"
	"github.com/matryer/is"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/blob"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/core"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/memtable"
)

type page struct {
	URL  string            `dynamodbav:"url"`
	Text string            `dynamodbav:"text"`
	Raw  []byte            `dynamodbav:"raw"`
	Meta map[string]string `dynamodbav:"meta"`
	Tags []string          `dynamodbav:"tags,stringset,omitempty"`
	Head *head             `dynamodbav:"head"`
	Any  any               `dynamodbav:"any,omitempty"`
	Hits int               `dynamodbav:"hits"`
}

type head struct {
	Title string   `dynamodbav:"title"`
	Lines []string `dynamodbav:"lines"`
}

var (
	pageProto = expr.Proto[page]()
	pageURL   = expr.At(pageProto, &pageProto.URL)
	pageText  = expr.At(pageProto, &pageProto.Text)
	pageRaw   = expr.At(pageProto, &pageProto.Raw)
	pageMeta  = expr.At(pageProto, &pageProto.Meta)
	pageTags  = expr.At(pageProto, &pageProto.Tags)
	pageHead  = expr.At(pageProto, &pageProto.Head)
	pageTitle = expr.At(pageProto, &pageProto.Head.Title)
	pageAny   = expr.At(pageProto, &pageProto.Any)
	pageHits  = expr.At(pageProto, &pageProto.Hits)
	pageKey   = dynox.Key[page]{Partition: dynox.By(pageURL)}
)

func pages(t testing.TB, client *dynamodb.Client, opts ...dynox.Option[page]) *dynox.Repo[page] {
	t.Helper()
	is := is.New(t)
	table := testbed.Table(t, client)
	r, err := dynox.NewRepo(table, pageKey, opts...)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), r))
	return r
}

// storedItem is the item as the table has it.
func storedItem(t testing.TB, client *dynamodb.Client, r *dynox.Repo[page], url string) map[string]types.AttributeValue {
	t.Helper()
	out, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: aws.String(r.Core(core.Door{}).Table.Name), ConsistentRead: aws.Bool(true),
		Key: map[string]types.AttributeValue{"url": &types.AttributeValueMemberS{Value: url}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Item
}

func TestCompressed(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		r := pages(t, client, blob.Compressed(pageText), blob.Compressed(pageRaw, blob.Gzip(6)), blob.Compressed(pageMeta),
			blob.Compressed(pageTags), blob.Compressed(pageHead, blob.Zstd(19)), blob.Compressed(pageAny))
		long := strings.Repeat("to be, or not to be; ", 100)
		p := page{
			URL: "/1", Text: long, Raw: []byte(long), Meta: map[string]string{"a": long, "b": ""}, Tags: []string{long, "x"},
			Head: &head{long, []string{long, "<&> é"}}, Any: map[string]any{"deep": []any{long, true, nil, 7.5}}, Hits: 3,
		}
		is.NoErr(r.Put(ctx, &p))
		got, err := r.Get(ctx, page{URL: "/1"}, dynox.Consistent)
		is.NoErr(err)
		is.Equal(got, p)
		item := storedItem(t, client, r, "/1")
		for _, name := range []string{"text", "raw", "meta", "tags", "head", "any"} {
			b, ok := item[name].(*types.AttributeValueMemberB)
			is.True(ok)
			is.True(len(b.Value) < 300)
		}

		// What is small, or does not shrink, is stored as it is.
		noise := make([]byte, 2000)
		for i := range noise {
			noise[i] = byte(rand.IntN(256)) //nolint:gosec // noise
		}
		small := page{URL: "/2", Text: "short", Raw: noise, Meta: map[string]string{"a": "b"}, Head: &head{"t", []string{}}, Any: true}
		is.NoErr(r.Put(ctx, &small))
		got, err = r.Get(ctx, page{URL: "/2"}, dynox.Consistent)
		is.NoErr(err)
		is.Equal(got, small)
		item = storedItem(t, client, r, "/2")
		is.Equal(item["text"], &types.AttributeValueMemberS{Value: "short"})
		is.Equal(item["raw"], &types.AttributeValueMemberB{Value: noise})
		_, ok := item["meta"].(*types.AttributeValueMemberM)
		is.True(ok)

		// Updates set the whole, or remove it; conditions ask whether it exists.
		got, err = r.Update(ctx, p, pageText.Set(long+long), expr.Add(pageHits, 1), pageHead.Remove())
		is.NoErr(err)
		is.Equal(got.Text, long+long)
		is.Equal(got.Hits, 4)
		is.True(got.Head == nil)
		_, err = r.Update(ctx, p, pageTitle.Set("t"))
		is.True(err != nil)
		_, err = r.Update(ctx, p, expr.Add(pageHits, 1), expr.If(pageText.Eq("x")))
		is.True(err != nil)
		_, err = r.Update(ctx, p, expr.Add(pageHits, 1), expr.If(pageText.Exists()))
		is.NoErr(err)
		n := 0
		for got, err := range r.Scan(ctx, dynox.All[page]()) {
			is.NoErr(err)
			is.True(got.URL == "/1" && got.Text == long+long || got.URL == "/2" && bytes.Equal(got.Raw, noise))
			n++
		}
		is.Equal(n, 2)
	})
}

// value is a property test's: one of any type, and its own bytes as they could
// be mistaken for others.
func value(t *rapid.T) []byte {
	begin := rapid.SampledFrom([]string{"", "\xd7dz", "\xd7dz\x01zS", "\xd7dz\x01pB", "\xd7dz\x09", "\xd7d", "ZSTD:", "LZ4:", "GZIP:H4sI", "ZSTD:KLUv/SAAAQAA", "LZ4:AAAAAAAA"}).Draw(t, "begin")
	data := append([]byte(begin), bytes.Repeat(rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "data"), rapid.IntRange(1, 40).Draw(t, "times"))...)
	text := strings.ToValidUTF8(string(data), "?")
	var av any
	switch rapid.IntRange(0, 6).Draw(t, "type") {
	case 0:
		av = map[string]any{"S": text}
	case 1:
		av = map[string]any{"B": data}
	case 2:
		av = map[string]any{"N": "-12.5"}
	case 3:
		av = map[string]any{"M": map[string]any{text + "k": map[string]any{"S": text}, "b": map[string]any{"BOOL": true}}}
	case 4:
		av = map[string]any{"L": []any{map[string]any{"B": data}, map[string]any{"NULL": true}, map[string]any{"S": text}}}
	case 5:
		av = map[string]any{"SS": []string{text, text + "2"}}
	case 6:
		av = map[string]any{"BS": [][]byte{data}}
	}
	b, err := json.Marshal(av)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func same(t interface{ Fatalf(string, ...any) }, a, b []byte) {
	var x, y any
	if err := errors.Join(json.Unmarshal(a, &x), json.Unmarshal(b, &y)); err != nil || fmt.Sprint(x) != fmt.Sprint(y) {
		t.Fatalf("%.200q became %.200q: %v", a, b, err)
	}
}

func TestCompressedRoundTrips(t *testing.T) {
	options := map[string][]blob.CompressOption{
		"zstd":    {blob.MinSize(0)},
		"gzip":    {blob.MinSize(0), blob.Gzip(9)},
		"default": nil,
		"pydynox": {blob.ReadPydynox()},
	}
	coders := map[string]core.Coder{}
	for name, opts := range options {
		coders[name] = blob.NewCoder(opts...)
	}
	rapid.Check(t, func(t *rapid.T) {
		v := value(t)
		for name, c := range coders {
			values := []core.Value{{JSON: bytes.Clone(v)}, {JSON: []byte(`{"S":"other"}`)}}
			if err := c.Encode(t.Context(), values); err != nil {
				t.Fatal(err)
			}
			// Whoever reads, the stored value is what it says, not what its reader writes.
			for reader, c := range coders {
				read := append([]core.Value(nil), values...)
				c.Decode(t.Context(), read)
				if read[0].Err != nil || string(read[1].JSON) != `{"S":"other"}` {
					t.Fatal(name, reader, read[0].Err)
				}
				same(t, v, read[0].JSON)
			}
		}
	})
}

func TestCompressedConcurrently(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for name, opts := range map[string][]blob.CompressOption{"zstd": nil, "gzip": {blob.Gzip(6)}} {
		c := blob.NewCoder(opts...)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for n := range 50 {
					v := fmt.Appendf(nil, `{"S":"%s"}`, strings.Repeat(fmt.Sprint(i, n, ";"), 200))
					values := []core.Value{{JSON: v}}
					if err := c.Encode(t.Context(), values); err != nil {
						t.Error(name, err)
					}
					if c.Decode(t.Context(), values); values[0].Err != nil || !bytes.Equal(values[0].JSON, v) {
						t.Error(name, values[0].Err)
					}
				}
			})
		}
		wg.Wait()
	}
}

func binary64(head string, data []byte) []byte {
	return fmt.Appendf(nil, `{"B":%q}`, base64.StdEncoding.EncodeToString(append([]byte(head), data...)))
}

func zipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

func TestCompressedBombs(t *testing.T) {
	is := is.New(t)
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	is.NoErr(err)
	bomb := make([]byte, 64<<20)
	z, g := enc.EncodeAll(bomb, nil), zipped(bomb)
	var stream bytes.Buffer // without its size
	enc.Reset(&stream)
	_, err = enc.Write(bomb)
	is.NoErr(err)
	is.NoErr(enc.Close())
	lz4 := binary.LittleEndian.AppendUint32(nil, 64<<20)
	lz4 = append(append(lz4, 0x1f, 0, 1, 0), bytes.Repeat([]byte{255}, 200000)...)
	text := func(prefix string, b []byte) []byte {
		return fmt.Appendf(nil, `{"S":%q}`, prefix+base64.StdEncoding.EncodeToString(b))
	}
	for name, v := range map[string][]byte{
		"zstd":         binary64("\xd7dz\x01zB", z),
		"zstd stream":  binary64("\xd7dz\x01zB", stream.Bytes()),
		"gzip":         binary64("\xd7dz\x01gB", g),
		"plain":        binary64("\xd7dz\x01pB", make([]byte, 70000)),
		"pydynox zstd": text("ZSTD:", z),
		"pydynox gzip": text("GZIP:", g),
		"pydynox lz4":  text("LZ4:", lz4),
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			values := []core.Value{{JSON: v}}
			blob.NewCoder(blob.MaxSize(1<<16), blob.ReadPydynox()).Decode(t.Context(), values)
			is.True(errors.Is(values[0].Err, blob.ErrTooLarge))
		})
	}
	// What could not be read is not written, and what can be is.
	c := blob.NewCoder(blob.MaxSize(1000))
	is.True(errors.Is(c.Encode(t.Context(), []core.Value{{JSON: fmt.Appendf(nil, `{"S":"%01001d"}`, 0)}}), blob.ErrTooLarge))
	values := []core.Value{{JSON: fmt.Appendf(nil, `{"S":"%01000d"}`, 0)}}
	is.NoErr(c.Encode(t.Context(), values))
	is.True(bytes.HasPrefix(values[0].JSON, []byte(`{"B":`)))
	c.Decode(t.Context(), values)
	is.NoErr(values[0].Err)
}

func TestCompressedDamaged(t *testing.T) {
	is := is.New(t)
	c := blob.NewCoder()
	text := fmt.Appendf(nil, `{"S":"%s"}`, strings.Repeat("damage ", 200))
	values := []core.Value{{JSON: text}}
	is.NoErr(c.Encode(t.Context(), values))
	var whole struct{ B []byte }
	is.NoErr(json.Unmarshal(values[0].JSON, &whole))
	for i := range whole.B {
		if i < 3 {
			continue // not marked: bytes of the user's
		}
		for bit := range 8 {
			b := bytes.Clone(whole.B)
			b[i] ^= 1 << bit
			read := []core.Value{{JSON: binary64("", b)}}
			c.Decode(t.Context(), read)
			if read[0].Err == nil && !bytes.Equal(read[0].JSON, text) {
				t.Errorf("bit %d of byte %d: another text", bit, i)
			}
		}
		cut := []core.Value{{JSON: binary64("", whole.B[:i])}}
		if c.Decode(t.Context(), cut); cut[0].Err == nil {
			t.Errorf("cut at %d: no error", i)
		}
	}
	for name, v := range map[string][]byte{
		"kind":     binary64("\xd7dz\x01pX", nil),
		"form":     binary64("\xd7dz\x01xS", nil),
		"version":  binary64("\xd7dz\x02pS", nil),
		"no UTF-8": binary64("\xd7dz\x01pS\xff", nil),
		"no JSON":  binary64("\xd7dz\x01pJ", []byte(`{"S":`)),
		"no value": binary64("\xd7dz\x01pJ", []byte(`{"X":"x"}`)),
		"two":      binary64("\xd7dz\x01pJ", []byte(`{"S":"x"}{"S":"y"}`)),
	} {
		read := []core.Value{{JSON: v}}
		if c.Decode(t.Context(), read); read[0].Err == nil {
			t.Error(name, "no error")
		}
	}
}

// The vectors were made by pydynox itself, as their file says.
func TestReadPydynox(t *testing.T) {
	is := is.New(t)
	data, err := os.ReadFile("testdata/pydynox.json")
	is.NoErr(err)
	var file struct {
		Vectors []struct{ Name, Stored, Text string }
	}
	is.NoErr(json.Unmarshal(data, &file))
	is.True(len(file.Vectors) > 20)
	c := blob.NewCoder(blob.ReadPydynox())
	for _, v := range file.Vectors {
		stored, _ := json.Marshal(map[string]string{"S": v.Stored})
		values := []core.Value{{JSON: stored}}
		c.Decode(t.Context(), values)
		var got struct{ S string }
		if err := errors.Join(values[0].Err, json.Unmarshal(values[0].JSON, &got)); err != nil || got.S != v.Text {
			t.Errorf("%s: %v", v.Name, err)
		}
		// A reader that was not told sees what is stored.
		values = []core.Value{{JSON: stored}}
		blob.NewCoder().Decode(t.Context(), values)
		is.Equal(string(values[0].JSON), string(stored))
	}
	for _, text := range []string{"ZSTD: is fast", "LZ4:", "LZ4:AAA", "GZIP:SGVsbG8=", "ZSTD:SGVsbG8="} {
		v := fmt.Appendf(nil, `{"S":%q}`, text)
		values := []core.Value{{JSON: v}}
		c.Decode(t.Context(), values)
		is.NoErr(values[0].Err)
		is.Equal(string(values[0].JSON), string(v))
	}
}

func TestCompressedRefused(t *testing.T) {
	table := testbed.Table(t, memtable.New(t).Client())
	for name, opt := range map[string]dynox.Option[page]{
		"a number":     blob.Compressed(pageHits),
		"a key":        blob.Compressed(pageURL),
		"a level":      blob.Compressed(pageText, blob.Zstd(23)),
		"level 0":      blob.Compressed(pageText, blob.Gzip(0)),
		"a MinSize":    blob.Compressed(pageText, blob.MinSize(-1)),
		"a MaxSize":    blob.Compressed(pageText, blob.MaxSize(0)),
		"no attribute": blob.Compressed(expr.Attr[page, string]{}),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := dynox.NewRepo(table, pageKey, opt)
			is.New(t).True(err != nil)
			t.Log(err)
		})
	}
}

func FuzzCompressed(f *testing.F) {
	for _, v := range []string{"\xd7dz\x01pSx", "\xd7dz\x01zJ\x28\xb5\x2f\xfd\x20\x00\x01\x00\x00", "LZ4:BQAAAFBoZWxsbw=="} {
		f.Add([]byte(v))
	}
	c := blob.NewCoder(blob.ReadPydynox(), blob.MaxSize(1<<16))
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := json.Marshal(map[string]string{"S": strings.ToValidUTF8(string(data), "")})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range [][]byte{binary64("", data), text} {
			values := []core.Value{{JSON: v}}
			c.Decode(t.Context(), values)
			if values[0].Err != nil {
				continue
			}
			// What was read can be written, and is read again as the same.
			again := []core.Value{{JSON: values[0].JSON}}
			if err := c.Encode(t.Context(), again); err != nil {
				t.Fatal(err)
			}
			c.Decode(t.Context(), again)
			if again[0].Err != nil {
				t.Fatal(again[0].Err)
			}
			same(t, values[0].JSON, again[0].JSON)
		}
	})
}

func BenchmarkCompressed(b *testing.B) {
	for _, size := range []int{1 << 10, 10 << 10, 100 << 10} {
		var text strings.Builder
		for i := 0; text.Len() < size; i++ {
			fmt.Fprintf(&text, "line %d of a text: %x ", i, rand.Uint32()) //nolint:gosec // text
		}
		v := fmt.Appendf(nil, `{"S":%q}`, text.String()[:size])
		for name, opts := range map[string][]blob.CompressOption{"zstd": nil, "gzip": {blob.Gzip(6)}} {
			c := blob.NewCoder(opts...)
			stored := []core.Value{{JSON: v}}
			if err := c.Encode(b.Context(), stored); err != nil {
				b.Fatal(err)
			}
			b.Run(fmt.Sprintf("%s/%dk/encode", name, size>>10), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(size))
				for b.Loop() {
					values := []core.Value{{JSON: v}}
					if err := c.Encode(b.Context(), values); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(len(stored[0].JSON))/float64(len(v)), "ratio")
			})
			b.Run(fmt.Sprintf("%s/%dk/decode", name, size>>10), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(size))
				for b.Loop() {
					values := []core.Value{stored[0]}
					if c.Decode(b.Context(), values); values[0].Err != nil {
						b.Fatal(values[0].Err)
					}
				}
			})
		}
	}
}
