package iter_test

import (
	"testing"

	"github.com/dynox-go/dynox/iter"
	"github.com/matryer/is"
)

func TestCollect(t *testing.T) {
	is := is.New(t)
	got, err := iter.Collect(upTo(0).seq())
	is.NoErr(err)
	is.True(got == nil)

	got, err = iter.Collect(upTo(3).fails().seq())
	is.Equal(err, errRead)
	is.Equal(got, []int{1, 2, 3}) // what came before the error

	got, err = iter.Collect(rude)
	is.Equal(err, errRead)
	is.Equal(got, []int{1})
}

func TestFirstAndOne(t *testing.T) {
	for name, c := range map[string]struct {
		src              *source
		first, one       int
		errFirst, errOne error
		reads            int // of One
	}{
		"none":               {upTo(0), 0, 0, iter.ErrNone, iter.ErrNone, 0},
		"one":                {upTo(1), 1, 1, nil, nil, 1},
		"two":                {upTo(2), 1, 0, nil, iter.ErrMany, 2},
		"three":              {upTo(3), 1, 0, nil, iter.ErrMany, 2},
		"an error":           {upTo(0).fails(), 0, 0, errRead, errRead, 1},
		"one, then an error": {upTo(1).fails(), 1, 0, nil, errRead, 2},
		"two, then an error": {upTo(2).fails(), 1, 0, nil, iter.ErrMany, 2},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			got, err := iter.First(c.src.seq())
			is.Equal(err, c.errFirst)
			is.Equal(got, c.first)
			is.Equal(c.src.reads, min(c.reads, 1)) // never a second item
			c.src.reads = 0

			got, err = iter.One(c.src.seq())
			is.Equal(err, c.errOne)
			is.Equal(got, c.one)
			is.Equal(c.src.reads, c.reads)
			is.Equal(c.src.open, 0)
		})
	}
	is := is.New(t)
	_, err := iter.First[int](func(yield func(int, error) bool) { yield(7, errRead) })
	is.Equal(err, errRead)
}

func TestCount(t *testing.T) {
	is := is.New(t)
	n, err := iter.Count(upTo(4).seq())
	is.NoErr(err)
	is.Equal(n, 4)
	n, err = iter.Count(upTo(3).fails().seq())
	is.Equal(err, errRead)
	is.Equal(n, 3)
	n, err = iter.Count(rude)
	is.Equal(err, errRead)
	is.Equal(n, 1)
}

func TestGroupByAndToMap(t *testing.T) {
	is := is.New(t)
	third := func(n int) int { return n % 3 }

	groups, err := iter.GroupBy(upTo(5).seq(), third)
	is.NoErr(err)
	is.Equal(groups, map[int][]int{0: {3}, 1: {1, 4}, 2: {2, 5}})
	groups, err = iter.GroupBy(upTo(2).fails().seq(), third)
	is.Equal(err, errRead)
	is.Equal(groups, map[int][]int{1: {1}, 2: {2}})

	items, err := iter.ToMap(upTo(5).seq(), third)
	is.NoErr(err)
	is.Equal(items, map[int]int{0: 3, 1: 4, 2: 5}) // the last of equal keys
	items, err = iter.ToMap(upTo(2).fails().seq(), third)
	is.Equal(err, errRead)
	is.Equal(items, map[int]int{1: 1, 2: 2})

	items, err = iter.ToMap(upTo(0).seq(), third)
	is.NoErr(err)
	is.True(items != nil)
}
