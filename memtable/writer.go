package memtable

import (
	"bytes"
	"math"
	"strconv"
	"time"

	"github.com/dynox-go/dynox/internal/wire"
)

// writer builds a response's JSON. Its methods come in pairs: one writes a member with its name, the one
// with "Elem" writes an array's element. Commas are its own business.
type writer struct{ b []byte }

func (w *writer) comma() {
	if n := len(w.b); n > 0 {
		switch w.b[n-1] {
		case '{', '[', ':':
		default:
			w.b = append(w.b, ',')
		}
	}
}

func (w *writer) name(name string) {
	w.comma()
	w.b = wire.AppendString(w.b, name)
	w.b = append(w.b, ':')
}

func (w *writer) beginObject() {
	w.comma()
	w.b = append(w.b, '{')
}

func (w *writer) object(name string) {
	w.name(name)
	w.b = append(w.b, '{')
}

func (w *writer) endObject() { w.b = append(w.b, '}') }

func (w *writer) array(name string) {
	w.name(name)
	w.b = append(w.b, '[')
}

func (w *writer) endArray() { w.b = append(w.b, ']') }

func (w *writer) text(name, value string) {
	w.name(name)
	w.b = wire.AppendString(w.b, value)
}

func (w *writer) textElem(value string) {
	w.comma()
	w.b = wire.AppendString(w.b, value)
}

func (w *writer) texts(name string, values []string) {
	w.array(name)
	for _, v := range values {
		w.textElem(v)
	}
	w.endArray()
}

func (w *writer) int(name string, value int64) {
	w.name(name)
	w.b = strconv.AppendInt(w.b, value, 10)
}

func (w *writer) bool(name string, value bool) {
	w.name(name)
	w.b = wire.AppendBool(w.b, value)
}

// number writes capacity units: halves, and whole numbers with one decimal as the service has them.
func (w *writer) number(name string, value float64) {
	w.name(name)
	w.b = strconv.AppendFloat(w.b, value, 'f', 1, 64)
}

// float writes a number with one decimal at least.
func (w *writer) float(name string, value float64) {
	w.name(name)
	w.b = appendFloat(w.b, value, 64)
}

// appendFloat appends the shortest text of a float of so many bits, with one decimal at least. A 64-bit float
// that is very large or very small has an exponent.
func appendFloat(dst []byte, f float64, bits int) []byte {
	if abs := math.Abs(f); bits == 64 && abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		return strconv.AppendFloat(dst, f, 'e', -1, bits)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', -1, bits)
	if bytes.IndexByte(dst[start:], '.') < 0 {
		dst = append(dst, ".0"...)
	}
	return dst
}

// time writes seconds since 1970 with milliseconds.
func (w *writer) time(name string, t time.Time) {
	w.name(name)
	w.b = strconv.AppendFloat(w.b, float64(t.UnixMilli())/1000, 'f', 3, 64)
}
