package crypt

import (
	"reflect"

	"github.com/dynox-go/dynox/internal/core"
)

// NewCoder is the coder of a field of type V.
func NewCoder[V any](keyring Keyring, opts ...FieldOption) (core.Coder, error) {
	o := newField(reflect.TypeFor[V](), keyring, opts)
	return o.coder, o.err
}

// OpenedBeaconKey is the key that beacons are made with, which was opened.
func OpenedBeaconKey(k *BeaconKey) []byte { return *k.key.Load() }
