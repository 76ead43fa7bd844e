package crypt_test

import (
	"strings"
	"testing"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/crypt"
	"github.com/dynox-go/dynox/crypt/internal/kmstest"
	"github.com/dynox-go/dynox/internal/core"
	"github.com/dynox-go/dynox/memtable"
)

var field100 = `{"S":"` + strings.Repeat("x", 100) + `"}`

// BenchmarkSeal seals a field of 100 bytes with a data key that is cached.
func BenchmarkSeal(b *testing.B) {
	c := coderOf[string](b, crypt.KMS(kmstest.New("1234abcd-12ab-34cd-56ef-1234567890ab").Client(), "1234abcd-12ab-34cd-56ef-1234567890ab"))
	values := make([]core.Value, 1)
	b.ReportAllocs()
	for b.Loop() {
		values[0] = value("0123456789abcdef", "ship.card", field100)
		if err := c.Encode(b.Context(), values); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen opens what BenchmarkSeal seals.
func BenchmarkOpen(b *testing.B) {
	c := coderOf[string](b, crypt.KMS(kmstest.New("1234abcd-12ab-34cd-56ef-1234567890ab").Client(), "1234abcd-12ab-34cd-56ef-1234567890ab"))
	stored := seal(b, c, value("0123456789abcdef", "ship.card", field100))
	values := make([]core.Value, 1)
	b.ReportAllocs()
	for b.Loop() {
		values[0] = stored[0]
		if c.Decode(b.Context(), values); values[0].Err != nil {
			b.Fatal(values[0].Err)
		}
	}
}

// BenchmarkOpenPage opens a page of 100 items with one data key.
func BenchmarkOpenPage(b *testing.B) {
	c := coderOf[string](b, crypt.Raw("k", rawKey(1)))
	var stored []core.Value
	for range 100 {
		stored = append(stored, seal(b, c, value("0123456789abcdef", "ship.card", field100))...)
	}
	values := make([]core.Value, len(stored))
	b.ReportAllocs()
	for b.Loop() {
		copy(values, stored)
		if c.Decode(b.Context(), values); values[0].Err != nil {
			b.Fatal(values[0].Err)
		}
	}
}

// BenchmarkBeacon is a put with a beacon, and without.
func BenchmarkPut(b *testing.B) {
	keyring := crypt.Raw("k", rawKey(1))
	key := crypt.NewBeaconKey(keyring, beaconKeyText(b, keyring))
	for name, opts := range map[string][]dynox.Option[user]{
		"plain": nil, "encrypted": {crypt.Field(email, keyring)}, "searchable": {crypt.Field(email, keyring), crypt.Beacon(mark, email, key)},
	} {
		b.Run(name, func(b *testing.B) {
			users := newUsers(b, memtable.New(b).Client(), opts...)
			item := user{Team: "a", ID: 1, Email: strings.Repeat("x", 100)}
			b.ReportAllocs()
			for b.Loop() {
				if err := users.Put(b.Context(), &item); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
