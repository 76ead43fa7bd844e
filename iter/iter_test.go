package iter_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/dynox-go/dynox/iter"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/matryer/is"

	gocmp "github.com/google/go-cmp/cmp"
)

func odd(n int) bool { return n%2 == 1 }

// chain is a function under test as a sequence of texts over one sequence of numbers.
type chain struct {
	name  string
	build func(iter.Seq2[int, error]) iter.Seq2[string, error]
	want  []string // of the numbers 1 to 6
	ahead int      // numbers asked for before the first yield, beyond the one that is yielded
	cut   bool     // ends before the sequence below does, so meets no error behind it
}

func text[T any](seq iter.Seq2[T, error]) iter.Seq2[string, error] {
	return iter.Map(seq, func(item T) string { return fmt.Sprint(item) })
}

var chains = []chain{
	{"Take", func(s iter.Seq2[int, error]) iter.Seq2[string, error] { return text(iter.Take(s, 3)) },
		[]string{"1", "2", "3"}, 0, true},
	{"Take more than there is", func(s iter.Seq2[int, error]) iter.Seq2[string, error] { return text(iter.Take(s, 9)) },
		[]string{"1", "2", "3", "4", "5", "6"}, 0, false},
	{"TakeWhile", func(s iter.Seq2[int, error]) iter.Seq2[string, error] {
		return text(iter.TakeWhile(s, func(n int) bool { return n < 4 }))
	}, []string{"1", "2", "3"}, 0, true},
	{"Map", func(s iter.Seq2[int, error]) iter.Seq2[string, error] { return iter.Map(s, strconv.Itoa) },
		[]string{"1", "2", "3", "4", "5", "6"}, 0, false},
	{"TryMap", func(s iter.Seq2[int, error]) iter.Seq2[string, error] {
		return iter.TryMap(s, func(n int) (string, error) { return strconv.Itoa(-n), nil })
	}, []string{"-1", "-2", "-3", "-4", "-5", "-6"}, 0, false},
	{"Filter", func(s iter.Seq2[int, error]) iter.Seq2[string, error] { return text(iter.Filter(s, odd)) },
		[]string{"1", "3", "5"}, 0, false},
	{"Distinct", func(s iter.Seq2[int, error]) iter.Seq2[string, error] {
		return text(iter.Distinct(s, func(n int) int { return n / 2 }))
	}, []string{"1", "2", "4", "6"}, 0, false},
	{"Chunk", func(s iter.Seq2[int, error]) iter.Seq2[string, error] { return text(iter.Chunk(s, 4)) },
		[]string{"[1 2 3 4]", "[5 6]"}, 3, false},
	{"Concat", func(s iter.Seq2[int, error]) iter.Seq2[string, error] {
		return text(iter.Concat(iter.Of(0), s))
	}, []string{"0", "1", "2", "3", "4", "5", "6"}, -1, false},
	{"Merge", func(s iter.Seq2[int, error]) iter.Seq2[string, error] {
		return text(iter.Merge(cmp.Compare, iter.Of(0, 2, 3), s, iter.Of[int]()))
	}, []string{"0", "1", "2", "2", "3", "3", "4", "5", "6"}, 0, false},
	{"Lift of Values", func(s iter.Seq2[int, error]) iter.Seq2[string, error] {
		var err error
		return text(iter.Concat(iter.Lift(iter.Values(s, &err)), func(yield func(int, error) bool) {
			if err != nil {
				yield(0, err)
			}
		}))
	}, []string{"1", "2", "3", "4", "5", "6"}, 0, false},
}

func TestChainsYieldWhatTheyPromise(t *testing.T) {
	for _, c := range chains {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			src := upTo(6)
			seq := c.build(src.seq())
			is.Equal(src.starts, 0) // nothing is read before the range

			for range 2 { // ranging twice reads twice
				got, err := iter.Collect(seq)
				is.NoErr(err)
				is.Equal(gocmp.Diff(c.want, got), "")
				is.Equal(src.open, 0)
			}
			is.Equal(src.starts, 2)
		})
	}
}

func TestChainsReadOnlyWhatIsAskedFor(t *testing.T) {
	for _, c := range chains {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			src := upTo(6)
			for _, err := range c.build(src.seq()) {
				is.NoErr(err)
				is.Equal(src.reads, 1+c.ahead)
				break
			}
			is.Equal(src.reads, 1+c.ahead) // breaking out reads no more
			is.Equal(src.open, 0)
		})
	}
}

func TestChainsStopWhereTheLoopDoes(t *testing.T) {
	for _, c := range chains {
		for stop := range len(c.want) {
			t.Run(fmt.Sprintf("%s/break after %d", c.name, stop+1), func(t *testing.T) {
				is := is.New(t)
				src := upTo(6).fails()
				var got []string
				for item, err := range c.build(src.seq()) {
					is.NoErr(err)
					got = append(got, item)
					if len(got) == stop+1 {
						break
					}
				}
				is.Equal(gocmp.Diff(c.want[:stop+1], got), "")
				is.Equal(src.open, 0) // the sequence below was stopped
				is.Equal(src.starts <= 1, true)
			})
			t.Run(fmt.Sprintf("%s/panic after %d", c.name, stop+1), func(t *testing.T) {
				is := is.New(t)
				src := upTo(6)
				n := 0
				is.Equal(panicOf(func() {
					for _, err := range c.build(src.seq()) {
						is.NoErr(err)
						if n++; n == stop+1 {
							panic("the loop's own")
						}
					}
				}), "the loop's own")
				is.Equal(src.open, 0)
			})
		}
	}
}

func TestChainsEndWithTheFirstError(t *testing.T) {
	for _, c := range chains {
		for at := range 7 {
			t.Run(fmt.Sprintf("%s/error after %d", c.name, at), func(t *testing.T) {
				is := is.New(t)
				src := upTo(at).fails()
				var got []string
				var errs []error
				for item, err := range c.build(src.seq()) {
					is.Equal(len(errs), 0) // the error is the last
					if err != nil {
						is.Equal(item, "") // with a zero item
						errs = append(errs, err)
						continue
					}
					got = append(got, item)
				}
				if c.cut && len(errs) == 0 {
					is.Equal(gocmp.Diff(c.want, got), "")
				} else {
					is.Equal(gocmp.Diff([]error{errRead}, errs, cmpopts.EquateErrors()), "")
				}
				is.Equal(src.open, 0)
			})
		}
	}
}

func TestChainsEndARudeSequence(t *testing.T) {
	for _, c := range chains {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			n := 0
			for item, err := range c.build(rude) {
				is.True(n == 0) // nothing after the error
				if err != nil {
					n++
					is.True(errors.Is(err, errRead))
					is.Equal(item, "")
				}
			}
			is.Equal(n, 1)
		})
	}
}

func panicOf(f func()) (reason any) {
	defer func() { reason = recover() }()
	f()
	return nil
}

func TestTake(t *testing.T) {
	is := is.New(t)
	for _, n := range []int{0, -1} {
		src := upTo(3).fails()
		got, err := iter.Collect(iter.Take(src.seq(), n))
		is.NoErr(err)
		is.Equal(len(got), 0)
		is.Equal(src.starts, 0) // nothing was read at all
	}
	src := upTo(3).fails()
	got, err := iter.Collect(iter.Take(src.seq(), 3))
	is.NoErr(err) // the error is behind the last item
	is.Equal(got, []int{1, 2, 3})
	is.Equal(src.reads, 3)
}

func TestTakeWhileStopsAtTheFirstRefusal(t *testing.T) {
	is := is.New(t)
	src := upTo(9)
	got, err := iter.Collect(iter.TakeWhile(src.seq(), odd))
	is.NoErr(err)
	is.Equal(got, []int{1}) // 3 is odd too, and behind the 2
	is.Equal(src.reads, 2)
}

func TestTryMapEndsWithTheFunctionsError(t *testing.T) {
	is := is.New(t)
	src := upTo(5)
	errOdd := errors.New("odd")
	n := 0
	for item, err := range iter.TryMap(src.seq(), func(n int) (int, error) {
		if n == 3 {
			return 99, errOdd
		}
		return n, nil
	}) {
		if n++; n == 3 {
			is.Equal(err, errOdd)
			is.Equal(item, 0) // the 99 is dropped
		} else {
			is.NoErr(err)
		}
	}
	is.Equal(n, 3)
	is.Equal(src.reads, 3)
	is.Equal(src.open, 0)
}

func TestPanicOfAFunctionStopsTheSequence(t *testing.T) {
	boom := func(int) bool { panic("boom") }
	for name, use := range map[string]func(iter.Seq2[int, error]) iter.Seq2[int, error]{
		"Filter": func(s iter.Seq2[int, error]) iter.Seq2[int, error] { return iter.Filter(s, boom) },
		"Map": func(s iter.Seq2[int, error]) iter.Seq2[int, error] {
			return iter.Map(s, func(n int) int { boom(n); return n })
		},
		"Merge": func(s iter.Seq2[int, error]) iter.Seq2[int, error] {
			return iter.Merge(func(a, _ int) int { boom(a); return 0 }, s, s)
		},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			src := upTo(3)
			is.Equal(panicOf(func() { _, _ = iter.Collect(use(src.seq())) }), "boom")
			is.Equal(src.open, 0)
		})
	}
}

func TestChunk(t *testing.T) {
	t.Run("sizes", func(t *testing.T) {
		is := is.New(t)
		for n := range 8 {
			for size := 1; size < 9; size++ {
				chunks, err := iter.Collect(iter.Chunk(upTo(n).seq(), size))
				is.NoErr(err)
				for i, chunk := range chunks {
					is.Equal(len(chunk), min(size, n-i*size))
				}
				is.Equal(gocmp.Diff(upTo(n).items, slices.Concat(chunks...), cmpopts.EquateEmpty()), "")
			}
		}
	})
	t.Run("slices are the receiver's", func(t *testing.T) {
		is := is.New(t)
		chunks, err := iter.Collect(iter.Chunk(upTo(4).seq(), 2))
		is.NoErr(err)
		_ = append(chunks[0], 99)
		chunks[0][0] = 98
		is.Equal(chunks[1], []int{3, 4})
	})
	t.Run("nothing read is lost", func(t *testing.T) {
		is := is.New(t)
		chunks, err := iter.Collect(iter.Chunk(upTo(5).fails().seq(), 3))
		is.Equal(err, errRead)
		is.Equal(chunks, [][]int{{1, 2, 3}, {4, 5}})
	})
	t.Run("bad size", func(t *testing.T) {
		is := is.New(t)
		src := upTo(3)
		_, err := iter.Collect(iter.Chunk(src.seq(), 0))
		is.Equal(err.Error(), "iter: chunks of 0 items: the size must be 1 or more")
		is.Equal(src.starts, 0)
	})
}

func TestConcatStartsOneAfterTheOther(t *testing.T) {
	is := is.New(t)
	a, b, c := upTo(2), upTo(1).fails(), upTo(3)
	var got []int
	var last error
	for item, err := range iter.Concat(a.seq(), b.seq(), c.seq()) {
		is.True(a.open+b.open+c.open == 1)
		if last = err; err == nil {
			got = append(got, item)
		}
	}
	is.Equal(got, []int{1, 2, 1})
	is.Equal(last, errRead)
	is.Equal(c.starts, 0) // behind the error
}

func TestMerge(t *testing.T) {
	t.Run("equals a stable sort", func(t *testing.T) {
		type entry struct{ at, from int }
		is := is.New(t)
		var seqs []iter.Seq2[entry, error]
		var want []entry
		for from := range 5 {
			var entries []entry
			for i := range from * 3 {
				entries = append(entries, entry{at: i * i % (7 + from), from: from})
			}
			byTime := func(a, b entry) int { return cmp.Compare(a.at, b.at) }
			slices.SortStableFunc(entries, byTime)
			seqs = append(seqs, iter.Of(entries...))
			want = append(want, entries...)
			slices.SortStableFunc(want, byTime)
			got, err := iter.Collect(iter.Merge(byTime, seqs...))
			is.NoErr(err)
			is.Equal(gocmp.Diff(want, got, gocmp.AllowUnexported(entry{})), "")
		}
	})
	t.Run("reads one item ahead of each", func(t *testing.T) {
		is := is.New(t)
		a, b := upTo(5), upTo(5)
		for item, err := range iter.Merge(cmp.Compare, a.seq(), b.seq()) {
			is.NoErr(err)
			if item == 2 {
				break
			}
		}
		is.Equal([]int{a.reads, b.reads}, []int{2, 2})
		is.Equal(a.open+b.open, 0)
	})
	t.Run("an error stops all", func(t *testing.T) {
		is := is.New(t)
		a, b := upTo(5), upTo(2).fails()
		got, err := iter.Collect(iter.Merge(cmp.Compare, a.seq(), b.seq()))
		is.Equal(err, errRead)
		is.Equal(got, []int{1, 1, 2, 2})
		is.Equal(a.open+b.open, 0)
	})
	t.Run("an error at the start starts no more", func(t *testing.T) {
		is := is.New(t)
		a, b, c := upTo(5), upTo(0).fails(), upTo(5)
		got, err := iter.Collect(iter.Merge(cmp.Compare, a.seq(), b.seq(), c.seq()))
		is.Equal(err, errRead)
		is.Equal(len(got), 0)
		is.Equal(a.open, 0)
		is.Equal(c.starts, 0)
	})
	t.Run("a panic below stops all", func(t *testing.T) {
		is := is.New(t)
		a := upTo(5)
		bad := func(yield func(int, error) bool) {
			yield(1, nil)
			panic("below")
		}
		is.Equal(panicOf(func() { _, _ = iter.Collect(iter.Merge(cmp.Compare, a.seq(), bad)) }), "below")
		is.Equal(a.open, 0)
	})
	t.Run("of nothing", func(t *testing.T) {
		is := is.New(t)
		got, err := iter.Collect(iter.Merge[int](cmp.Compare))
		is.NoErr(err)
		is.Equal(len(got), 0)
	})
}

func TestValues(t *testing.T) {
	is := is.New(t)
	err := errors.New("of an earlier range")
	is.Equal(slices.Collect(iter.Values(upTo(3).seq(), &err)), []int{1, 2, 3})
	is.NoErr(err)

	failing := iter.Values(upTo(3).fails().seq(), &err)
	is.Equal(slices.Collect(failing), []int{1, 2, 3})
	is.Equal(err, errRead)
	for range failing {
		break
	}
	is.NoErr(err) // the second range met none
}

func TestPull(t *testing.T) {
	is := is.New(t)
	next, stop := iter.Pull(slices.Values([]int{5, 6}))
	defer stop()
	v, ok := next()
	is.True(ok)
	is.Equal(v, 5)

	src := upTo(2).fails()
	next2, stop2 := iter.Pull2(src.seq())
	v, err, ok := next2()
	is.True(ok)
	is.NoErr(err)
	is.Equal(v, 1)
	stop2()
	_, _, ok = next2()
	is.True(!ok)
	is.Equal(src.open, 0)
}
