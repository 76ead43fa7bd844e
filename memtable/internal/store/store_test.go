package store

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/matryer/is"
	"pgregory.net/rapid"
)

func TestPartsOrderAsBytesAndEndByThemselves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bytesGen := rapid.SliceOf(rapid.SampledFrom([]byte{0, 1, 'a', 0xFE, 0xFF}))
		a, b := bytesGen.Draw(t, "a"), bytesGen.Draw(t, "b")
		rest := bytesGen.Draw(t, "rest")
		pa, pb := AppendPart(nil, string(a)), AppendPart(nil, string(b))
		if got, want := bytes.Compare(append(pa, rest...), pb), bytes.Compare(a, b); want != 0 && got != want {
			t.Fatalf("parts compare %d, bytes %d", got, want)
		}
		prefixed := bytes.HasPrefix(AppendPart(nil, string(a)), AppendPrefix(nil, string(b)))
		if want := bytes.HasPrefix(a, b); prefixed != want {
			t.Fatalf("prefix %v, bytes %v", prefixed, want)
		}
	})
}

func TestRangesAgreeWithASlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringOfN(rapid.SampledFrom([]rune("abc")), 0, 3, -1)
		keys := rapid.SliceOfDistinct(rapid.StringOfN(rapid.SampledFrom([]rune("abc")), 1, 3, -1), rapid.ID).Draw(t, "keys")
		var tree Tree[int]
		for i, k := range keys {
			tree.Set(k, i)
		}
		snap := tree.Snapshot()
		tree.Set("zzz", -1) // later writes don't show in the snapshot
		for _, k := range keys[:len(keys)/2] {
			tree.Delete(k)
		}
		r := Range{From: word.Draw(t, "from"), Until: word.Draw(t, "until")}
		after := word.Draw(t, "after")
		slices.Sort(keys)

		var got, want []string
		for k := range snap.Ascend(r, after) {
			got = append(got, k)
		}
		for _, k := range keys {
			if k >= r.From && (r.Until == "" || k < r.Until) && k > after {
				want = append(want, k)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("ascending %q, want %q", got, want)
		}
		got, want = nil, nil
		for k := range snap.Descend(r, after) {
			got = append(got, k)
		}
		slices.Reverse(keys)
		for _, k := range keys {
			if k >= r.From && (r.Until == "" || k < r.Until) && (after == "" || k < after) {
				want = append(want, k)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("descending %q, want %q", got, want)
		}
	})
}

func TestSegmentsCoverEveryPartitionOnce(t *testing.T) {
	is := is.New(t)
	for _, total := range []uint64{1, 2, 3, 7, 4096, 1_000_000} {
		for i := range 200 {
			key := string(AppendHash(nil, fmt.Sprint(i)))
			in := 0
			for s := range min(total, 50_000) {
				r := Segment(s, total)
				if key >= r.From && (r.Until == "" || key < r.Until) {
					in++
				}
			}
			is.True(in == 1 || (in == 0 && total > 50_000))
			if total > 50_000 {
				break
			}
		}
	}
	is.Equal(Segment(0, 1), Range{})
}

func TestPrefixed(t *testing.T) {
	is := is.New(t)
	is.Equal(Prefixed([]byte("ab")), Range{From: "ab", Until: "ac"})
	is.Equal(Prefixed([]byte("a\xFF")), Range{From: "a\xFF", Until: "b"})
	is.Equal(Prefixed([]byte("\xFF")), Range{From: "\xFF"})
}
