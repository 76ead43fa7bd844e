package codec

import (
	"reflect"

	"github.com/dynox-go/dynox/internal/wire"
)

// slab makes the slices that one kind of list is read into, in few allocations:
// they share its memory, of which each has no more than it needs. What appends
// to such a slice moves it to memory of its own.
type slab struct {
	list *listType
	mem  memory
	used int // elements of mem that are taken, or being read
	size int // elements of mem
	bet  int // how many elements the last list had
	none reflect.Value
}

// listType is how slices of a type are read. It is immutable.
type listType struct {
	typ   reflect.Type
	size  uintptr // of an element
	share int     // the most elements of a slab
	empty reflect.Value
	elem  *codec
}

// maxSlab is the most elements that share a slab, of at most maxChunk bytes.
const maxSlab = 64

// maxBet is the longest list that is read without counting its elements first.
const maxBet = 16

func newList(t reflect.Type, elem *codec) *listType {
	size := t.Elem().Size()
	return &listType{
		typ: t, size: size, elem: elem, empty: reflect.MakeSlice(t, 0, 0),
		share: int(min(maxSlab, max(maxChunk/max(size, 1), 1))),
	}
}

// slab is that of l. The kinds of lists of one plan are few.
func (d *Decoder) slab(l *listType) *slab {
	for _, s := range d.slabs {
		if s.list == l {
			return s
		}
	}
	s := &slab{list: l, bet: 1, none: reflect.New(l.typ).Elem()}
	d.slabs = append(d.slabs, s)
	return s
}

// take is where n more elements can be: memory, and the first one's index.
func (s *slab) take(n int) (memory, int) {
	if n > s.list.share/2 {
		mem, _ := newMemory(s.none, n)
		return mem, 0
	}
	if s.size-s.used < n {
		s.mem, s.size = newMemory(s.none, min(max(2*s.size, n), s.list.share))
		s.used = 0
	}
	s.used += n
	return s.mem, s.used - n
}

// giveBack returns n elements of mem before end, which are as they were taken,
// if nothing was taken since.
func (s *slab) giveBack(mem memory, end, n int) {
	if s.used == end && sameMemory(s.mem, mem) {
		s.used -= n
	}
}

// read reads an array into the slice at p; of is the type of its elements if it
// is a set. It bets that it has as many elements as the last one: counting them
// would be reading them twice.
func (l *listType) read(d *Decoder, of wire.Type, p slot, depth int) error {
	start := *d.s
	if err := d.s.Array(); err != nil {
		return err
	}
	s := d.slab(l)
	room := s.bet
	mem, from := s.take(room)
	for n := 0; ; n++ {
		more, err := d.s.Element()
		if err == nil && !more {
			s.giveBack(mem, from+room, room-n)
			s.bet = min(max(n, 1), maxBet)
			l.set(p, mem, from, n)
			return nil
		}
		if err == nil && n == room {
			if room *= 2; room > maxBet {
				room = max(start.Count(), n+1) // of a damaged list it counts what is before the damage
			}
			grown, at := s.take(room)
			copyMemory(l.typ, grown, at, mem, from, n)
			mem, from = grown, at
		}
		if err == nil {
			err = d.element(l.elem, of, inMemory(mem, from+n, l.size), depth+1)
		}
		if err != nil {
			l.set(p, mem, from, n)
			return under(err, Index(n))
		}
	}
}

// set makes the slice at p that of n elements in mem.
func (l *listType) set(p slot, mem memory, from, n int) {
	if n == 0 {
		valueAt(p, l.typ).Set(l.empty)
		return
	}
	setSlice(p, mem, from, n, l.size)
}
