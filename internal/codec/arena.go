package codec

// maxChunk is the most bytes that the strings of one chunk of an arena share: a
// string that is kept keeps no more than that alive.
const maxChunk = 32 << 10

// arena makes strings of many small texts in few allocations. Its zero value is
// ready.
type arena struct {
	chunk []byte // bytes up to its length are in strings, and never change
	next  int    // the size of the next chunk
}

// string is text as a string of its own, or as a part of a chunk.
func (a *arena) string(text []byte) string {
	n := len(text)
	if n == 0 {
		return ""
	}
	start := len(a.chunk)
	if cap(a.chunk)-start < n {
		if n > maxChunk/8 {
			return string(text)
		}
		a.chunk, start = make([]byte, 0, max(a.next, n)), 0
		a.next = min(2*cap(a.chunk), maxChunk)
	}
	a.chunk = a.chunk[:start+n]
	copy(a.chunk[start:], text)
	return textOf(a.chunk[start:])
}

// expect says that texts of n bytes in all follow.
func (a *arena) expect(n int) {
	if a.chunk == nil {
		a.next = min(n, maxChunk)
	}
}

// reset leaves the chunk to the strings in it.
func (a *arena) reset() { *a = arena{} }
