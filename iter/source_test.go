package iter_test

import (
	"errors"
	"testing"

	"github.com/dynox-go/dynox/iter"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errRead = errors.New("read failed")

// source is a sequence that records how it is used.
type source struct {
	items  []int
	err    error // ends the sequence, if set
	starts int   // how often it was ranged over
	reads  int   // items and errors asked for, in all ranges
	open   int   // ranges that are not over
}

func upTo(n int) *source {
	s := &source{}
	for i := range n {
		s.items = append(s.items, i+1)
	}
	return s
}

// fails makes the sequence end with errRead.
func (s *source) fails() *source {
	s.err = errRead
	return s
}

func (s *source) seq() iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		s.starts++
		s.open++
		defer func() { s.open-- }()
		for _, item := range s.items {
			s.reads++
			if !yield(item, nil) {
				return
			}
		}
		if s.err != nil {
			s.reads++
			yield(0, s.err)
		}
	}
}

// rude goes on after its error, and gives an item with it, against the contract.
func rude(yield func(int, error) bool) {
	_ = yield(1, nil) && yield(7, errRead) && yield(2, nil) && yield(8, errors.New("a second error"))
}
