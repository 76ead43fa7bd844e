package core

import (
	"testing"
	"time"

	"github.com/matryer/is"
	"pgregory.net/rapid"
)

// TestSketch: counts are never too low, at least as high as they say, and whoever
// takes more than a share of the counters is among them; its memory is bounded.
func TestSketch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		is := is.NewRelaxed(t)
		k := sketch{enough: 1e9}
		now := time.Unix(1, 0)
		truth, all := map[uint64]float64{}, 0.0
		n := rapid.IntRange(1, 3*counters).Draw(t, "partitions")
		for range rapid.IntRange(0, 3000).Draw(t, "calls") {
			p := uint64(rapid.IntRange(0, n).Draw(t, "partition"))
			units := rapid.Float64Range(0.5, 40).Draw(t, "units")
			k.add(p, units, now, time.Hour)
			truth[p] += units
			all += units
		}
		is.True(len(k.all) <= counters)
		is.Equal(len(k.all), len(k.index))
		for p, units := range truth {
			i, ok := k.index[p]
			if !ok {
				is.True(units <= all/counters+1e-6)
				continue
			}
			is.Equal(k.all[i].partition, p)
			is.True(k.all[i].units >= units-1e-6)
			is.True(k.all[i].units-k.all[i].over <= units+1e-6)
		}
	})
}
