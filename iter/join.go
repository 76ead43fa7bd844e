package iter

import "slices"

// Concat returns the items of the sequences one after the other. A sequence is started when the one before it has
// ended, and an error in one of them ends the whole.
func Concat[T any](seqs ...Seq2[T, error]) Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, seq := range seqs {
			for item, err := range seq {
				if err != nil {
					fail(yield, err)
					return
				}
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}

// Merge returns the items of sequences that are each in the order of compare (as cmp.Compare reports it) as one
// sequence in that order: several partitions by time, say. Of equal items, those of an earlier sequence come first.
// For descending sequences swap the arguments of compare.
//
// It holds one item of each sequence and reads in the caller's goroutine, one sequence at a time: the first item of
// all of them before it yields anything, then the next of the one whose item was yielded, once more is asked for.
// An error of any sequence ends the whole, and the items held at that moment are dropped. Each item costs one
// comparison for each sequence.
func Merge[T any](compare func(a, b T) int, seqs ...Seq2[T, error]) Seq2[T, error] {
	return func(yield func(T, error) bool) {
		heads := make([]head[T], 0, len(seqs))
		for _, seq := range seqs {
			next, stop := Pull2(seq)
			defer stop()
			h := head[T]{next: next}
			if more, err := h.advance(); err != nil {
				fail(yield, err)
				return
			} else if more {
				heads = append(heads, h)
			}
		}
		for len(heads) > 0 {
			least := 0
			for i := range heads {
				if compare(heads[i].item, heads[least].item) < 0 {
					least = i
				}
			}
			if !yield(heads[least].item, nil) {
				return
			}
			more, err := heads[least].advance()
			if err != nil {
				fail(yield, err)
				return
			}
			if !more {
				heads = slices.Delete(heads, least, least+1)
			}
		}
	}
}

// head is the next item of a sequence that is being merged.
type head[T any] struct {
	item T
	next func() (T, error, bool)
}

func (h *head[T]) advance() (more bool, err error) {
	h.item, err, more = h.next()
	return more && err == nil, err
}
