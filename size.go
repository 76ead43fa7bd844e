package dynox

import (
	"context"
)

// Size is how large an item is as it is stored, and what it costs, in capacity
// units, to read or write it alone. Indexes that the item is in cost as much
// again for what they hold of it.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
type Size struct {
	Bytes      int            // as the service counts them
	Attributes map[string]int // bytes of each, its name among them

	Read            float64 // eventually consistent
	ReadConsistent  float64
	ReadTransaction float64

	Write            float64
	WriteTransaction float64
}

// The bytes that one unit pays for.
const (
	readUnit  = 4 << 10
	writeUnit = 1 << 10
)

// SizeOf is the size of an item as a put would store it: with composed keys, the
// kind, and encrypted or compressed attributes in that form, for which another
// service may be asked. Values that only a write generates are not in it.
func (r *Repo[T]) SizeOf(ctx context.Context, item T) (Size, error) {
	s, err := r.core.SizeOf(ctx, &item)
	if err != nil {
		return Size{}, r.fail("size of", err)
	}
	units := func(bytes int) float64 { return float64(max((s.Bytes+bytes-1)/bytes, 1)) }
	read, write := units(readUnit), units(writeUnit)
	return Size{
		Bytes: s.Bytes, Attributes: s.Attributes,
		Read: read / 2, ReadConsistent: read, ReadTransaction: 2 * read,
		Write: write, WriteTransaction: 2 * write,
	}, nil
}
