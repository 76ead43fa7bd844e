package crypt

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/core"
)

// BeaconOption is an option of [Beacon].
type BeaconOption func(*beacon)

type beacon struct {
	key  *BeaconKey
	path string
	bits int
}

// Bits makes beacons so many bits long, 1 to 256, in place of 128. With fewer,
// several values have the same beacon: a query yields the items of all of them, and
// its caller compares what was opened. In return a beacon tells less: choose so few
// that each is expected to be that of several values that are stored.
func Bits(n int) BeaconOption { return func(b *beacon) { b.bits = n } }

// Beacon keeps in to what makes the values of from searchable by equality, while
// they are encrypted: the first bits of a keyed hash of the value, in hexadecimal
// digits. Every write of from writes it, and removes it where from is zero or
// removed. It may be in the key of an index, which is queried by an item that has
// from set:
//
//	ByEmail := dynox.GSI("by-email", dynox.Key[User]{Partition: dynox.By(emailBeacon)})
//	users, err := dynox.NewRepo(table, UserKey, ByEmail,
//		crypt.Field(email, keyring), crypt.Beacon(emailBeacon, email, key))
//	for u, err := range users.Query(ctx, ByEmail.In(User{Email: "amy@example.com"})) {
//
// The values are texts, integers, bytes or times, or pointers to them; times are
// equal if they are the same instant, as far as it is stored. It is exactly the value that is looked for:
// bring texts into one form, such as lower case, before they are written.
//
// A beacon tells who reads the table which items have equal values, and how many:
// of few possible values, or of some that are common, that may tell the value. Who
// has the key, too, can try values. An attribute without that need has no beacon.
func Beacon[T any, B ~string, V any](to expr.Attr[T, B], from expr.Attr[T, V], key *BeaconKey, opts ...BeaconOption) dynox.Option[T] {
	b := beacon{key: key, path: from.String(), bits: 128}
	for _, opt := range opts {
		if opt != nil {
			opt(&b)
		}
	}
	err := b.check(reflect.TypeFor[V]())
	d := core.Derived{
		To: fault(to.Ref(ast.Door{}), err), From: from.Ref(ast.Door{}),
		Make: func(ctx context.Context, from reflect.Value) (reflect.Value, error) {
			text, err := b.of(ctx, from)
			return reflect.ValueOf(B(text)), err
		},
	}
	return dynox.WithStages[T](core.Door{}, func(s *core.Stages) { s.Derived = append(s.Derived, d) })
}

func (b *beacon) check(t reflect.Type) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case b.key == nil || b.key.turn == nil && b.key.err == nil:
		return errors.New("no beacon key")
	case b.key.err != nil:
		return b.key.err
	case b.bits < 1 || b.bits > 256:
		return fmt.Errorf("a beacon has 1 to 256 bits, not %d", b.bits)
	}
	if _, ok := appendSought(nil, reflect.Zero(t)); !ok {
		return fmt.Errorf("a %v has no beacon: only texts, integers, bytes and times have", t)
	}
	return nil
}

// of is the beacon of a value.
func (b *beacon) of(ctx context.Context, v reflect.Value) (string, error) {
	key, err := b.key.open(ctx)
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, key)
	in := appendField(appendField([]byte(nil), "dynox beacon"), b.path)
	in, _ = appendSought(in, v)
	_, _ = mac.Write(in)
	clear(in)
	sum := mac.Sum(nil)
	if rest := b.bits % 8; rest != 0 {
		sum[b.bits/8] &= 0xff << (8 - rest)
	}
	return hex.EncodeToString(sum)[:(b.bits+3)/4], nil
}

var timeType = reflect.TypeFor[time.Time]()

// appendSought appends a value in a form that only equal ones have. It reports
// false if values of the type have none.
func appendSought(b []byte, v reflect.Value) ([]byte, bool) {
	t := v.Type()
	switch {
	case t.Kind() == reflect.String:
		return append(append(b, 'S'), v.String()...), true
	case v.CanInt():
		return strconv.AppendInt(append(b, 'N'), v.Int(), 10), true
	case v.CanUint():
		return strconv.AppendUint(append(b, 'N'), v.Uint(), 10), true
	case t.ConvertibleTo(timeType):
		return v.Convert(timeType).Interface().(time.Time).UTC().AppendFormat(append(b, 'T'), time.RFC3339Nano), true
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return append(append(b, 'B'), v.Bytes()...), true
	case t.Kind() == reflect.Array && t.Elem().Kind() == reflect.Uint8:
		b = append(b, 'B')
		for i := range v.Len() {
			b = append(b, byte(v.Index(i).Uint()))
		}
		return b, true
	}
	return b, false
}
