package crypt

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
)

// Raw is a keyring of one AES-256 key of [KeySize] bytes, for tests and for where
// there is no KMS. It wraps data keys by AES-GCM with random nonces. The id names
// the key, 1 to 255 bytes, and is stored in the clear with every value: a new key
// gets a new id. The key is copied; keep it where no copy of the table is.
func Raw(id string, key []byte) Keyring {
	c := &cached{limits: defaults}
	switch aead, err := newAEAD(key); {
	case id == "" || len(id) > 255:
		c.err = fmt.Errorf("crypt.Raw: an id has 1 to 255 bytes, not %d", len(id))
	case err != nil:
		c.err = fmt.Errorf("crypt.Raw: %w", err)
	default:
		c.inner = &raw{id, aead}
	}
	return c
}

// newAEAD seals with a nonce that it draws, and puts in front. It keeps a schedule
// of the key and not the key.
func newAEAD(key []byte) (cipher.AEAD, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("a key has %d bytes, not %d", KeySize, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

type raw struct {
	id   string
	aead cipher.AEAD
}

func (r *raw) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "crypt.Raw(%q)", r.id) }

// bound is what a wrapped key is bound to.
func (r *raw) bound(encryptionContext map[string]string) []byte {
	b := appendField([]byte(nil), "dynox raw key 1")
	return appendField(appendField(b, r.id), canonical(encryptionContext))
}

func (r *raw) Generate(ctx context.Context, encryptionContext map[string]string) ([]byte, WrappedKey, error) {
	if err := ctx.Err(); err != nil {
		return nil, WrappedKey{}, err
	}
	key := make([]byte, KeySize)
	_, _ = rand.Read(key) // never fails
	return key, WrappedKey{r.id, r.aead.Seal(nil, nil, key, r.bound(encryptionContext))}, nil
}

func (r *raw) Unwrap(ctx context.Context, wrapped WrappedKey, encryptionContext map[string]string) ([]byte, error) {
	switch err := ctx.Err(); {
	case err != nil:
		return nil, err
	case wrapped.KeyID != r.id:
		return nil, errOtherKey
	}
	key, err := r.aead.Open(nil, nil, wrapped.Bytes, r.bound(encryptionContext))
	if err != nil {
		return nil, errAltered
	}
	return key, nil
}

var errGenerated = errors.New("the keyring generated no data key of 32 bytes")
