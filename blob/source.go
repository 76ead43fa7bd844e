package blob

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"sync"
)

// source is bytes to be stored. It belongs to all copies of its Ref.
type source struct {
	mu     sync.Mutex
	reader io.Reader
	seek   int64 // where a reader that can seek began
	bytes  []byte
	path   string
	size   int64 // -1: not known
	spent  bool  // the reader was read
	busy   bool  // the reader is being read
	err    error // why there are no bytes
}

// Option is an option of [From], [FromReader] and [FromFile].
type Option func(*Ref)

// Type sets the content type, which S3 serves the object with.
func Type(contentType string) Option { return func(r *Ref) { r.typ = contentType } }

// Meta sets names and values that are kept with the object and in the item. S3
// takes names in ASCII without spaces, case folded, and up to 2 KB together.
func Meta(meta map[string]string) Option {
	return func(r *Ref) { r.meta = maps.Clone(meta) }
}

// From is b, to be stored by the next write. It is not copied: b must not change
// until then. A nil b is an empty blob, too.
func From(b []byte, opts ...Option) Ref {
	return newRef(&source{bytes: b, size: int64(len(b))}, opts)
}

// FromReader is what r has, up to its end, to be stored by the next write, which
// reads it in parts and never holds all of it. One that can seek is read from where
// it stands, and again if the write is repeated; of another, a second write is an
// error. The reader belongs to the write meanwhile, to one blob of it, and is not
// closed.
func FromReader(r io.Reader, opts ...Option) Ref {
	s := &source{reader: r, size: -1}
	if r == nil {
		s.err = errors.New("the reader of a blob is nil")
	}
	if seeker, ok := r.(io.Seeker); ok {
		start, err := seeker.Seek(0, io.SeekCurrent)
		if err == nil {
			if end, err := seeker.Seek(0, io.SeekEnd); err == nil {
				s.size = end - start
			}
			_, err = seeker.Seek(start, io.SeekStart)
		}
		if s.seek = start; err != nil {
			s.seek = -1
		}
	} else {
		s.seek = -1
	}
	return newRef(s, opts)
}

// FromFile is the file of that name, to be stored by the next write, which opens
// it.
func FromFile(name string, opts ...Option) Ref {
	s := &source{path: name, size: -1}
	if name == "" {
		s.err = errors.New("the file of a blob has no name")
	}
	return newRef(s, opts)
}

func newRef(s *source, opts []Option) Ref {
	r := Ref{source: s}
	for _, opt := range opts {
		if opt != nil {
			opt(&r)
		}
	}
	return r
}

var (
	errSpent = errors.New("the reader of a blob was read by a write before: give it anew")
	errBusy  = errors.New("the reader of a blob is being read for another blob: give each its own")
)

// open is the bytes from the start, and their number, -1 if it is not known.
func (s *source) open() (io.ReadCloser, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.err != nil:
		return nil, 0, s.err
	case s.path != "":
		return openFile(s.path)
	case s.reader == nil:
		return io.NopCloser(bytes.NewReader(s.bytes)), s.size, nil
	case s.busy:
		return nil, 0, errBusy
	case s.spent && s.seek < 0:
		return nil, 0, errSpent
	case s.spent:
		if _, err := s.reader.(io.Seeker).Seek(s.seek, io.SeekStart); err != nil { //nolint:forcetypeassert // FromReader saw it
			return nil, 0, err
		}
	}
	s.spent, s.busy = true, true
	return lent{s}, s.size, nil
}

func openFile(path string) (io.ReadCloser, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		return f, info.Size(), nil
	}
	return f, -1, nil
}

// lent is the reader of a source, for one write, which closes it.
type lent struct{ s *source }

func (l lent) Read(p []byte) (int, error) { return l.s.reader.Read(p) }

func (l lent) Close() error {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	l.s.busy = false
	return nil
}
