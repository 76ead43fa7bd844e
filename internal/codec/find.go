package codec

import (
	"strings"
	"unicode/utf8"
)

// finder finds names of attributes: exactly by a small hash table, else without
// case. It is immutable.
type finder struct {
	names []string
	slots []uint16 // index of a name plus one, at its hash or behind
	seed  uint32   // of a hash with few collisions
	plain uint64   // lengths up to 63 of names in ASCII
	other bool     // some name is not ASCII, or longer
}

func newFinder(names []string) finder {
	f := finder{names: names}
	size := 4
	for size < 2*len(names) {
		size *= 2
	}
	fewest := -1
	for try := range uint32(16) {
		seed := 0x9E3779B1 + 2*try*0x85EBCA6B
		slots, collisions := fillSlots(names, size, seed)
		if fewest < 0 || collisions < fewest {
			f.slots, f.seed, fewest = slots, seed, collisions
		}
		if collisions == 0 {
			break
		}
	}
	for _, name := range names {
		if isASCII(name) && len(name) < 64 {
			f.plain |= 1 << len(name)
		} else {
			f.other = true
		}
	}
	return f
}

func fillSlots(names []string, size int, seed uint32) (slots []uint16, collisions int) {
	slots = make([]uint16, size)
	for i, name := range names {
		at := hashOf(name, seed) & (size - 1)
		for slots[at] != 0 {
			at = (at + 1) & (size - 1)
			collisions++
		}
		slots[at] = uint16(i + 1)
	}
	return slots, collisions
}

func hashOf[T string | []byte](name T, seed uint32) int {
	n := len(name)
	if n == 0 {
		return 0
	}
	h := (uint32(n) + uint32(name[0])<<8 + uint32(name[n/2])<<16 + uint32(name[n-1])<<24) * seed
	return int(h >> 16)
}

// index is that of name, or -1.
func (f *finder) index(name []byte) int {
	at := hashOf(name, f.seed) & (len(f.slots) - 1)
	for {
		i := int(f.slots[at]) - 1
		if i < 0 || f.names[i] == string(name) {
			return i
		}
		at = (at + 1) & (len(f.slots) - 1)
	}
}

// fold is the index of the first of the first n names that differs from name by
// case only, or -1.
func (f *finder) fold(name []byte, n int) int {
	if !f.other && isASCII(name) && (len(name) > 63 || f.plain>>len(name)&1 == 0) {
		return -1
	}
	for i := range f.names[:n] {
		if strings.EqualFold(f.names[i], string(name)) {
			return i
		}
	}
	return -1
}

func isASCII[T string | []byte](text T) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
