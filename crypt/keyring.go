package crypt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// KeySize is the length of data keys, in bytes.
const KeySize = 32

// Keyring makes data keys and opens them. [KMS], [Raw] and [AnyOf] are keyrings
// that remember data keys for a while, as [Cached] does. One of your own is asked
// for a data key with every item that is written, and for each wrapped key of a
// page that is read, unless it is given to [Cached].
//
// A Keyring is comparable and safe for concurrent use, and uses neither the map nor
// what it returned once a call has returned. Its errors are part of those of the
// calls that need a key, so they hold nothing secret.
type Keyring interface {
	// Generate makes a data key of [KeySize] random bytes: as it is, which its
	// caller erases, and wrapped. The context, which may be empty, is bound to it.
	Generate(ctx context.Context, encryptionContext map[string]string) (key []byte, wrapped WrappedKey, err error)
	// Unwrap is the data key that was wrapped, with the same context. A key that it
	// cannot have wrapped is an [ErrOpen].
	Unwrap(ctx context.Context, wrapped WrappedKey, encryptionContext map[string]string) (key []byte, err error)
}

// WrappedKey is a data key that only its keyring opens. It is no secret: every
// envelope holds one.
type WrappedKey struct {
	// KeyID names the key that wrapped it, the same wherever that is used: 1 to 255
	// bytes; 0 if it is not known, in values that another library has sealed.
	KeyID string
	Bytes []byte // 1 to 65,535
}

func (k WrappedKey) check() error {
	switch {
	case k.KeyID == "" || len(k.KeyID) > 255:
		return fmt.Errorf("the keyring names a key with %d bytes, not 1 to 255", len(k.KeyID))
	case len(k.Bytes) == 0 || len(k.Bytes) > 65535:
		return fmt.Errorf("the keyring wrapped a key into %d bytes, not 1 to 65,535", len(k.Bytes))
	}
	return nil
}

// checkKeyring says what is wrong with a keyring that is given to an option.
func checkKeyring(k Keyring) error {
	switch k := k.(type) {
	case nil:
		return errors.New("no keyring")
	case *cached:
		return k.err
	}
	if v := reflect.ValueOf(k); !v.Comparable() {
		return fmt.Errorf("a %T is not comparable: give a pointer to it", k)
	} else if v.Kind() == reflect.Pointer && v.IsNil() {
		return errors.New("no keyring")
	}
	return nil
}

// AnyOf seals with the first keyring, and opens what any of them opens: those of
// several regions, or of a new key and the ones before it. It asks them in turn,
// and only those that can have wrapped a key where that can be told: not of a KMS
// key that is given by its alias. It remembers data keys within the limits of the
// first.
func AnyOf(first Keyring, others ...Keyring) Keyring {
	c := &cached{limits: defaults}
	if k, ok := first.(*cached); ok {
		c.limits = k.limits
	}
	var all anyOf
	for _, k := range append([]Keyring{first}, others...) {
		if err := checkKeyring(k); err != nil {
			c.err = errors.Join(c.err, err)
			continue
		}
		all.keyrings = append(all.keyrings, bare(k))
	}
	c.inner = &all
	return c
}

// bare is k without its cache.
func bare(k Keyring) Keyring {
	if c, ok := k.(*cached); ok {
		return c.inner
	}
	return k
}

type anyOf struct{ keyrings []Keyring }

func (a *anyOf) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "crypt.AnyOf(%d keyrings)", len(a.keyrings))
}

func (a *anyOf) Generate(ctx context.Context, encryptionContext map[string]string) ([]byte, WrappedKey, error) {
	return a.keyrings[0].Generate(ctx, encryptionContext)
}

// Unwrap fails with what may pass, if there is such an error: then the key is not
// known to be a stranger's.
func (a *anyOf) Unwrap(ctx context.Context, wrapped WrappedKey, encryptionContext map[string]string) ([]byte, error) {
	var refused, trouble error
	for _, k := range a.keyrings {
		key, err := k.Unwrap(ctx, wrapped, maps.Clone(encryptionContext))
		switch {
		case err == nil:
			return key, nil
		case ctx.Err() != nil:
			return nil, err
		case errors.Is(err, ErrOpen):
			if refused == nil || refused == errOtherKey { //nolint:errorlint // that very error, which tells least
				refused = err
			}
		case trouble == nil:
			trouble = err
		default:
			trouble = fmt.Errorf("%w; %w", trouble, err)
		}
	}
	if trouble != nil {
		return nil, trouble
	}
	return nil, refused
}

// canonical is a context as one text, the same for equal ones: each name and each
// value behind its length, in the order of the names. It is "" for an empty one.
func canonical(pairs map[string]string) string {
	var b []byte
	for _, name := range slices.Sorted(maps.Keys(pairs)) {
		b = appendField(appendField(b, name), pairs[name])
	}
	return string(b)
}

// pairs is the context that canonical made text of; nil for "".
func pairs(text string) map[string]string {
	if text == "" {
		return nil
	}
	next := func() string {
		n := binary.BigEndian.Uint32([]byte(text[:4]))
		field := text[4 : 4+n]
		text = text[4+n:]
		return field
	}
	out := make(map[string]string)
	for text != "" {
		name := next()
		out[name] = next()
	}
	return out
}

// appendField appends text behind its length, of four bytes.
func appendField[T string | []byte](b []byte, text T) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(text))), text...)
}
