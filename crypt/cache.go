package crypt

import (
	"context"
	"crypto/cipher"
	"fmt"
	"slices"
	"sync"
	"time"
)

type limits struct {
	age   time.Duration
	uses  int64
	bytes int64
	size  int
}

var defaults = limits{age: 5 * time.Minute, uses: 1 << 20, bytes: 1 << 30, size: 4096}

// CacheOption is an option of [Cached].
type CacheOption func(*limits)

// MaxAge bounds for how long a data key is used after it was made or opened: 5
// minutes, unless this says otherwise. As long can it take until a permission that
// is taken away has an effect. 0 keeps none.
func MaxAge(d time.Duration) CacheOption { return func(l *limits) { l.age = max(d, 0) } }

// MaxUses bounds how many values are sealed with one data key: 1,048,576 unless
// this says otherwise, and at most 2^30, far below the 2^32 that random nonces
// allow. The values of one item are sealed with one key in any case. 0 makes a data
// key for each item that is written.
func MaxUses(n int64) CacheOption { return func(l *limits) { l.uses = min(max(n, 0), 1<<30) } }

// MaxBytes bounds how many bytes are sealed with one data key: 1 GiB unless this
// says otherwise. The values of one item are sealed with one key in any case. 0
// makes a data key for each item that is written.
func MaxBytes(n int64) CacheOption { return func(l *limits) { l.bytes = max(n, 0) } }

// Size bounds how many opened data keys are kept: 4,096 unless this says otherwise,
// of some 2 KB each. A page never asks twice for the same one, whatever the size. 0
// keeps none.
func Size(n int) CacheOption { return func(l *limits) { l.size = max(n, 0) } }

// Cached remembers the data keys of a keyring within limits: the one to seal with,
// and those that were opened, by their wrapped form. Who asks for the same key at
// the same time waits for one answer. A failure is not remembered. The keyrings of
// this package are cached already: this gives them other limits, and a cache of
// their own.
//
// A data key is erased when its cipher is made. The key schedule in that cipher is
// memory that Go gives no means to erase: it stays until it is collected and used
// again, some time after the key was dropped.
func Cached(keyring Keyring, opts ...CacheOption) Keyring {
	c := &cached{inner: bare(keyring), limits: defaults, err: checkKeyring(keyring)}
	for _, opt := range opts {
		if opt != nil {
			opt(&c.limits)
		}
	}
	return c
}

// cached is a keyring that remembers data keys. With no limits it remembers none.
type cached struct {
	inner  Keyring
	limits limits
	err    error // why it cannot be used

	mu      sync.Mutex
	sealing map[string]*sealing // by context
	opened  map[string]opened   // by context and head
	order   []string            // of opened, the oldest first
	flights map[string]*flight
}

// dataKey is a data key in use.
type dataKey struct {
	aead cipher.AEAD
	id   string // of the key that wrapped it
	head []byte // of its envelopes
}

// sealing is a data key that values are sealed with.
type sealing struct {
	key         *dataKey
	until       time.Time
	uses, bytes int64
}

// opened is a data key that values are opened with.
type opened struct {
	key   *dataKey
	until time.Time
}

// flight is a call of the keyring that others may wait for.
type flight struct {
	done  chan struct{}
	key   *dataKey
	err   error
	alone bool // err is that the caller's context was done, which concerns nobody else
}

func (c *cached) Format(s fmt.State, verb rune) {
	if f, ok := c.inner.(fmt.Formatter); ok && c.err == nil {
		f.Format(s, verb)
		return
	}
	_, _ = fmt.Fprintf(s, "crypt.Cached(%T)", c.inner)
}

// Generate asks the keyring.
func (c *cached) Generate(ctx context.Context, encryptionContext map[string]string) ([]byte, WrappedKey, error) {
	return c.inner.Generate(ctx, encryptionContext)
}

// Unwrap asks the keyring.
func (c *cached) Unwrap(ctx context.Context, wrapped WrappedKey, encryptionContext map[string]string) ([]byte, error) {
	return c.inner.Unwrap(ctx, wrapped, encryptionContext)
}

// caching is keyring with its cache, or with one that remembers nothing.
func caching(keyring Keyring) *cached {
	if c, ok := keyring.(*cached); ok {
		return c
	}
	return &cached{inner: keyring}
}

// toSeal is a data key for some values, of so many bytes together, under a
// canonical context.
func (c *cached) toSeal(ctx context.Context, canon string, values int, bytes int64) (*dataKey, error) {
	l := c.limits
	if l.age == 0 || l.uses == 0 || l.bytes == 0 {
		return c.generate(ctx, canon)
	}
	for {
		c.mu.Lock()
		s := c.sealing[canon]
		if s != nil && s.uses+int64(values) <= l.uses && s.bytes+bytes <= l.bytes && time.Now().Before(s.until) {
			s.uses += int64(values)
			s.bytes += bytes
			c.mu.Unlock()
			return s.key, nil
		}
		name := "seal" + canon
		f, leads := c.join(name)
		c.mu.Unlock()
		if !leads {
			if err := f.wait(ctx); err != nil {
				return nil, err
			}
			continue
		}
		key, err := c.lead(ctx, name, f, func() (*dataKey, error) { return c.generate(ctx, canon) }, func(key *dataKey) {
			if c.sealing == nil {
				c.sealing = make(map[string]*sealing)
			}
			until := time.Now().Add(l.age)
			c.sealing[canon] = &sealing{key, until, int64(values), bytes}
			c.keep(identify(nil, canon, key.head), opened{key, until})
		})
		return key, err
	}
}

// known is a data key that is in the cache, nil if it is not.
func (c *cached) known(id []byte) *dataKey {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept(id)
}

// kept is known. The lock is held.
func (c *cached) kept(id []byte) *dataKey {
	if o, ok := c.opened[string(id)]; ok && time.Now().Before(o.until) {
		return o.key
	}
	return nil
}

// toOpen is the data key that e was sealed with.
func (c *cached) toOpen(ctx context.Context, canon string, e envelope) (*dataKey, error) {
	id := identify(nil, canon, e.head)
	name := "open" + string(id)
	for {
		c.mu.Lock()
		if key := c.kept(id); key != nil {
			c.mu.Unlock()
			return key, nil
		}
		f, leads := c.join(name)
		c.mu.Unlock()
		if leads {
			return c.lead(ctx, name, f, func() (*dataKey, error) { return c.unwrap(ctx, canon, e) }, func(key *dataKey) {
				c.keep(id, opened{key, time.Now().Add(c.limits.age)})
			})
		}
		switch err := f.wait(ctx); {
		case err != nil:
			return nil, err
		case f.key != nil:
			return f.key, nil
		}
	}
}

// identify appends what an opened key is known by.
func identify(b []byte, canon string, head []byte) []byte {
	b = slices.Grow(b, 4+len(canon)+len(head))
	return append(appendField(b, canon), head...)
}

// keep remembers an opened key. The lock is held.
func (c *cached) keep(id []byte, o opened) {
	if c.limits.size == 0 || c.limits.age == 0 {
		return
	}
	if c.opened == nil {
		c.opened = make(map[string]opened)
	}
	now := time.Now()
	for len(c.order) > 0 && (len(c.order) >= c.limits.size || !now.Before(c.opened[c.order[0]].until)) {
		delete(c.opened, c.order[0])
		c.order[0] = ""
		c.order = c.order[1:]
	}
	if _, ok := c.opened[string(id)]; !ok {
		c.opened[string(id)] = o
		c.order = append(c.order, string(id))
	}
}

// join is the flight of that name, and whether the caller leads it: whoever does
// calls lead. The lock is held.
func (c *cached) join(name string) (f *flight, leads bool) {
	if f, ok := c.flights[name]; ok {
		return f, false
	}
	if c.flights == nil {
		c.flights = make(map[string]*flight)
	}
	f = &flight{done: make(chan struct{})}
	c.flights[name] = f
	return f, true
}

// lead makes the call of a flight, in the caller's goroutine and with its context.
// What is to be done with the key happens before others have it.
func (c *cached) lead(ctx context.Context, name string, f *flight, call func() (*dataKey, error), then func(*dataKey)) (*dataKey, error) {
	f.alone = true // if the keyring panics
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if f.key != nil {
			then(f.key)
		}
		delete(c.flights, name)
		close(f.done)
	}()
	f.key, f.err = call()
	f.alone = f.err != nil && ctx.Err() != nil
	return f.key, f.err
}

// wait is the error of the flight that ends, or of the ctx that is done first.
func (f *flight) wait(ctx context.Context) error {
	select {
	case <-f.done:
		if f.alone {
			return nil
		}
		return f.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *cached) generate(ctx context.Context, canon string) (*dataKey, error) {
	key, wrapped, err := c.inner.Generate(ctx, pairs(canon))
	defer clear(key)
	if err != nil {
		return nil, err
	}
	if err := wrapped.check(); err != nil {
		return nil, err
	}
	if len(key) != KeySize {
		return nil, errGenerated
	}
	return newDataKey(key, wrapped.KeyID, appendHead(nil, wrapped))
}

func (c *cached) unwrap(ctx context.Context, canon string, e envelope) (*dataKey, error) {
	key, err := c.inner.Unwrap(ctx, WrappedKey{string(e.keyID), append([]byte(nil), e.wrapped...)}, pairs(canon))
	defer clear(key)
	if err != nil {
		return nil, err
	}
	return newDataKey(key, string(e.keyID), append([]byte(nil), e.head...))
}

func newDataKey(key []byte, id string, head []byte) (*dataKey, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	return &dataKey{aead, id, head}, nil
}
