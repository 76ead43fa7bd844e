package codec

import (
	"runtime"
	"testing"
	"weak"

	"github.com/matryer/is"
	"pgregory.net/rapid"
)

// TestArena checks that strings stay what they were, and share no more than a chunk.
func TestArena(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a arena
		a.expect(rapid.IntRange(0, 2*maxChunk).Draw(t, "expect"))
		var kept, want []string
		text := make([]byte, maxChunk)
		for i := range rapid.IntRange(1, 30).Draw(t, "strings") {
			n := rapid.SampledFrom([]int{0, 1, 7, 100, maxChunk/8 - 1, maxChunk / 8, maxChunk/8 + 1, maxChunk}).Draw(t, "len")
			for j := range n {
				text[j] = byte(i)
			}
			kept, want = append(kept, a.string(text[:n])), append(want, string(text[:n]))
			if cap(a.chunk) > maxChunk {
				t.Fatalf("a chunk has %d bytes", cap(a.chunk))
			}
			if rapid.IntRange(0, 50).Draw(t, "reset") == 0 {
				a.reset()
			}
		}
		clear(text)
		for i := range kept {
			if kept[i] != want[i] {
				t.Fatalf("string %d changed", i)
			}
		}
	})
}

// TestReleaseKeepsNothing checks that a decoder that is put aside keeps neither the JSON nor the items alive.
func TestReleaseKeepsNothing(t *testing.T) {
	is := is.New(t)
	type item struct {
		ID   string
		Tags []string
		Next *item `dynamodbav:",omitempty"`
		Map  map[myText]*item
	}
	d := compile[item](t, Options{}).Watch("ID", "other").NewDecoder()
	raw := func() weak.Pointer[byte] {
		raw := []byte(`{"ID":{"S":"1\n"},"id":{"S":"2"},"other":{"S":"x"},"Tags":{"SS":["a"]},"Map":{"M":{"k":{"M":{"ID":{"S":"3"}}}}}}`)
		is.NoErr(d.DecodeItem(raw, new(item)))
		is.Equal(string(d.Raw(1)), `{"S":"x"}`)
		is.True(d.DecodeItem(raw[:len(raw)-1], new(item)) != nil)
		return weak.Make(&raw[0])
	}()
	read := func() weak.Pointer[item] {
		it := new(item)
		is.NoErr(d.DecodeItem([]byte(`{"id":{"S":"1"},"Next":{"M":{}}}`), it))
		return weak.Make(it)
	}()
	d.Release()
	runtime.GC()
	runtime.GC()
	is.True(raw.Value() == nil)
	is.True(read.Value() == nil)
	runtime.KeepAlive(d)
}
