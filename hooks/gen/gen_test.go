package gen_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox/hooks/gen"
)

func TestIdentifiers(t *testing.T) {
	for name, test := range map[string]struct {
		make  func() string
		size  int
		sorts bool
	}{
		"ULID":   {gen.ULID, 26, true},
		"UUID":   {gen.UUID, 36, false},
		"UUIDv7": {gen.UUIDv7, 36, true},
		"KSUID":  {gen.KSUID, 27, false},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			ids := make([]string, 10_000)
			for i := range ids {
				ids[i] = test.make()
				is.Equal(len(ids[i]), test.size)
			}
			if test.sorts {
				is.True(slices.IsSorted(ids)) // also within a millisecond
			}
			slices.Sort(ids)
			is.Equal(len(slices.Compact(ids)), 10_000)
		})
	}
}

func TestULIDsFromManyGoroutines(t *testing.T) {
	is := is.New(t)
	var wg sync.WaitGroup
	ids := make([][]string, 8)
	for g := range ids {
		wg.Go(func() {
			for range 2000 {
				ids[g] = append(ids[g], gen.ULID())
			}
		})
	}
	wg.Wait()
	for _, own := range ids {
		is.True(slices.IsSorted(own))
	}
	all := slices.Concat(ids...)
	slices.Sort(all)
	is.Equal(len(slices.Compact(all)), 16_000)
}
