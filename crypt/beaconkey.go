package crypt

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"sync/atomic"
)

// BeaconKeyOption is an option of [NewBeaconKey] and [MakeBeaconKey]: a [Context].
type BeaconKeyOption interface{ beaconKey(*BeaconKey) }

// BeaconKey is the key of [Beacon]s. It is wrapped by a keyring and kept in the
// program's configuration: values are found for as long as it is the same. It is
// safe for concurrent use.
type BeaconKey struct {
	keyring Keyring
	wrapped WrappedKey
	context string // canonical
	err     error  // why it cannot be used

	key  atomic.Pointer[[]byte] // once it was opened
	turn chan struct{}          // to open it
}

// MakeBeaconKey makes a key, wrapped: a text to be kept in the configuration, which
// is no secret. There is one for as long as the values are there, so this is called
// once, by hand. [Rotate] does not change it: the key that wrapped it stays needed.
func MakeBeaconKey(ctx context.Context, keyring Keyring, opts ...BeaconKeyOption) (string, error) {
	if err := checkKeyring(keyring); err != nil {
		return "", fmt.Errorf("dynox: crypt.MakeBeaconKey: %w", err)
	}
	k := newBeaconKey(keyring, opts)
	key, wrapped, err := keyring.Generate(ctx, pairs(k.context))
	clear(key)
	if err == nil && len(key) != KeySize {
		err = errGenerated
	}
	if err == nil {
		err = wrapped.check()
	}
	if err != nil {
		return "", fmt.Errorf("dynox: crypt.MakeBeaconKey: %w", err)
	}
	return beaconKeyText.EncodeToString(appendHead(nil, wrapped)), nil
}

var beaconKeyText = base64.RawURLEncoding.Strict()

// NewBeaconKey is the key that wrapped holds, which [MakeBeaconKey] has made with a
// keyring and options that are the same here. It does no I/O: the key is opened
// when a beacon is needed for the first time, and then kept.
func NewBeaconKey(keyring Keyring, wrapped string, opts ...BeaconKeyOption) *BeaconKey {
	k := newBeaconKey(keyring, opts)
	if k.err = checkKeyring(keyring); k.err != nil {
		return k
	}
	b, err := beaconKeyText.DecodeString(wrapped)
	e, ok := parseHead(b)
	if err != nil || !ok || len(e.sealed) > 0 {
		k.err = errors.New("no text that MakeBeaconKey made")
		return k
	}
	k.wrapped = WrappedKey{string(e.keyID), e.wrapped}
	return k
}

func newBeaconKey(keyring Keyring, opts []BeaconKeyOption) *BeaconKey {
	k := &BeaconKey{keyring: keyring, turn: make(chan struct{}, 1)}
	for _, opt := range opts {
		if opt != nil {
			opt.beaconKey(k)
		}
	}
	return k
}

// Format shows no key.
func (k *BeaconKey) Format(s fmt.State, _ rune) { _, _ = fmt.Fprint(s, "crypt.BeaconKey") }

// open is the key. Who needs it while another opens it waits for that.
func (k *BeaconKey) open(ctx context.Context) ([]byte, error) {
	if key := k.key.Load(); key != nil {
		return *key, nil
	}
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if key := k.key.Load(); key != nil {
		return *key, nil
	}
	wrapped := WrappedKey{k.wrapped.KeyID, append([]byte(nil), k.wrapped.Bytes...)}
	key, err := k.keyring.Unwrap(ctx, wrapped, pairs(k.context))
	defer clear(key)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the beacon key: %w", err)
	case len(key) != KeySize:
		return nil, fmt.Errorf("the keyring opened a key of %d bytes, not %d", len(key), KeySize)
	}
	mac := hmac.New(sha256.New, key) // a key for this and nothing else
	_, _ = mac.Write([]byte("dynox beacon key 1"))
	own := mac.Sum(nil)
	k.key.Store(&own)
	return own, nil
}
