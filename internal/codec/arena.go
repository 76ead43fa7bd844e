package codec

import "strings"

// maxChunk is the most bytes that the strings of one chunk of an arena share: a
// string that is kept keeps no more than that alive.
const maxChunk = 32 << 10

// arena makes strings of many small texts in few allocations. Its zero value is
// ready.
type arena struct {
	chunk *strings.Builder
	next  int // the size of the next chunk
}

// string is text as a string of its own, or as a part of a chunk.
func (a *arena) string(text []byte) string {
	n := len(text)
	if n == 0 {
		return ""
	}
	if a.chunk == nil || a.chunk.Cap()-a.chunk.Len() < n {
		if n > maxChunk/8 {
			return string(text)
		}
		a.chunk = new(strings.Builder)
		a.chunk.Grow(max(a.next, n))
		a.next = min(2*a.chunk.Cap(), maxChunk)
	}
	start := a.chunk.Len()
	a.chunk.Write(text)
	return a.chunk.String()[start:]
}

// expect says that texts of n bytes in all follow.
func (a *arena) expect(n int) { a.next = max(a.next, min(n, maxChunk)) }

// reset leaves the chunk to the strings in it.
func (a *arena) reset() { *a = arena{} }
