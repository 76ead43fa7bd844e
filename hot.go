package dynox

import (
	"context"
	"errors"
	"time"

	"github.com/dynox-go/dynox/internal/core"
)

// Hot is a partition that takes many units, see [HotPartitions].
type Hot struct {
	Table     string
	Index     string // that was queried, "" for the table
	Partition uint64 // a hash of its key, see [Repo.PartitionHash]
	Writes    bool
	Units     float64 // taken in the window so far, at most
	AtLeast   float64 // and at least
	Window    time.Duration
}

// HotPartitions calls f of each partition of the table that takes at least so many
// units within a window; 0 of a kind is none. It does so once in each window, in the
// goroutine that makes the call. A partition here is all items with one partition
// key. Up to 3000 units of reads and 1000 of writes in a second are what the service can
// give to one. Scans and the shares of indexes in writes are not told apart: an item's
// write counts with what its indexes take.
//
// Memory is bounded: 256 partitions are counted at once, for reads and for writes, and
// those with the most units stay. Keys are not kept but as hashes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
func HotPartitions(window time.Duration, units Units, f func(ctx context.Context, hot Hot)) TableOption {
	return func(t *Table) {
		switch {
		case window <= 0 || !units.valid():
			t.err = errors.Join(t.err, errors.New("HotPartitions: the window must be longer than 0, and units are numbers from 0 on"))
		case f == nil:
			t.err = errors.Join(t.err, errors.New("HotPartitions: a nil function"))
		default:
			t.sight().Heat = core.NewHeat(window, units.Read, units.Write, func(ctx context.Context, h core.Hot) { f(ctx, Hot(h)) })
		}
	}
}

// PartitionHash is the hash by which [Hot] names the partition of the table that
// items with item's partition key are in. Every process has hashes of its own.
func (r *Repo[T]) PartitionHash(ctx context.Context, item T) (uint64, error) {
	hash, err := r.core.Partition(ctx, &item)
	return hash, r.fail("partition hash", err)
}
