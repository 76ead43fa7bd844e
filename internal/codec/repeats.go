package codec

// repeats remembers short texts, for those that come again: the partition key of
// a page's items, a status, the names in a map. Each is then one string.
type repeats struct {
	items int                 // read so far
	texts *[maxRepeats]string // nil while there are few items
}

const (
	maxRepeats  = 256
	maxRepeated = 24 // bytes
	repeatFrom  = 8  // items: before that, nothing has had time to come again
)

// next says that another item is read.
func (r *repeats) next() {
	if r.items++; r.items == repeatFrom {
		r.texts = new([maxRepeats]string)
	}
}

// string is text as a string, of a's memory if it is a new one.
func (r *repeats) string(a *arena, text []byte) string {
	n := len(text)
	if r.texts == nil || n == 0 || n > maxRepeated {
		return a.string(text)
	}
	known := &r.texts[(int(text[0])*7^int(text[n/2])*31^int(text[n-1])*131^n*17)%maxRepeats]
	if *known != string(text) {
		*known = a.string(text)
	}
	return *known
}

// reset forgets all texts.
func (r *repeats) reset() { *r = repeats{} }
