package core

import (
	"reflect"
	"sync"
)

// batchMemory is where a batch of writes has its operations, copies of items
// and their JSON, many of them together. It belongs to one batch at a time.
type batchMemory struct {
	ops   []batchWrite
	free  []*batchWrite // that are done, and nobody knows any more
	items reflect.Value // a slice, of the last type
	n     int           // used of it
	json  []byte
	last  int        // the size of an item in JSON
	key   attributes // of the operation that is being made
	byID  map[string]*batchWrite
	id    []byte
}

var batchMemories = sync.Pool{New: func() any {
	return &batchMemory{key: make(attributes, 0, 4), byID: make(map[string]*batchWrite)}
}}

// release gives m back, of which nothing is used any more.
func (m *batchMemory) release() {
	clear(m.ops)
	clear(m.free[:cap(m.free)])
	m.free = m.free[:0]
	m.ops, m.json = m.ops[:0], m.json[:0]
	m.items, m.n = reflect.Value{}, 0 // hooks may have kept items
	batchMemories.Put(m)
}

// write is a new operation.
func (m *batchMemory) write() *batchWrite {
	if n := len(m.free); n > 0 {
		b := m.free[n-1]
		m.free = m.free[:n-1]
		*b = batchWrite{}
		return b
	}
	n := len(m.ops)
	if n == cap(m.ops) {
		m.ops, n = make([]batchWrite, 0, min(max(2*n, 4), maxBatchWrite)), 0
	}
	m.ops = m.ops[:n+1]
	return &m.ops[n]
}

// item is a zero item of type t.
func (m *batchMemory) item(t reflect.Type) reflect.Value {
	n := 0
	if m.items.IsValid() && m.items.Type().Elem() == t {
		if n = m.items.Len(); m.n < n {
			m.n++
			return m.items.Index(m.n - 1)
		}
	}
	n = min(max(2*n, 4), maxBatchWrite)
	m.items, m.n = reflect.MakeSlice(reflect.SliceOf(t), n, n), 1
	return m.items.Index(0)
}

// room is where the JSON of the next item may go, if there is enough of it.
func (m *batchMemory) room() []byte {
	want := m.last * 9 / 8
	if want > 0 && cap(m.json)-len(m.json) < want && want < maxKept/maxBatchWrite {
		m.json = make([]byte, 0, want*maxBatchWrite)
	}
	return m.json[len(m.json):]
}

// used says that w is what the room and the key were for.
func (m *batchMemory) used(w *Write) {
	raw := w.stored.raw
	m.last = len(raw)
	if n := len(m.json); n < cap(m.json) && len(raw) > 0 && &raw[0] == &m.json[:n+1][n] {
		m.json = m.json[:n+len(raw)]
	}
	w.room, w.keyRoom = nil, nil
}
