package crypt_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/matryer/is"
	"pgregory.net/rapid"

	"github.com/dynox-go/dynox/crypt"
	"github.com/dynox-go/dynox/internal/core"
)

func coderOf[V any](t testing.TB, keyring crypt.Keyring, opts ...crypt.FieldOption) core.Coder {
	t.Helper()
	coder, err := crypt.NewCoder[V](keyring, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return coder
}

// rawKey is a key that tests tell from others by a number.
func rawKey(n byte) []byte {
	key := make([]byte, crypt.KeySize)
	for i := range key {
		key[i] = n + byte(i)
	}
	return key
}

func value(key, path, json string) core.Value {
	return core.Value{Table: "cards", Key: []byte(key), Path: path, JSON: []byte(json)}
}

// seal is values as they are stored.
func seal(t testing.TB, c core.Coder, values ...core.Value) []core.Value {
	t.Helper()
	values = slices.Clone(values)
	if err := c.Encode(t.Context(), values); err != nil {
		t.Fatal(err)
	}
	return values
}

// open is one value as it was, or why it cannot be had.
func open(t testing.TB, c core.Coder, v core.Value) (string, error) {
	t.Helper()
	values := []core.Value{v}
	c.Decode(t.Context(), values)
	return string(values[0].JSON), values[0].Err
}

// envelopeOf is the envelope that a value holds.
func envelopeOf(t testing.TB, v core.Value) []byte {
	t.Helper()
	var stored struct{ B []byte }
	if err := json.Unmarshal(v.JSON, &stored); err != nil {
		t.Fatal(err)
	}
	return stored.B
}

func binary(b []byte) []byte {
	return []byte(`{"B":"` + base64.StdEncoding.EncodeToString(b) + `"}`)
}

func TestValuesOfEveryType(t *testing.T) {
	c := coderOf[string](t, crypt.Raw("k", rawKey(1)))
	for _, text := range []string{
		`{"S":"4111 1111"}`, `{"S":""}`, `{"S":"a\"\\ü\u0000"}`, `{"N":"12.50"}`, `{"B":"AAEC"}`, `{"B":""}`, `{"BOOL":true}`,
		`{"NULL":true}`, `{"M":{"a":{"S":"x"},"b":{"L":[{"N":"1"}]}}}`, `{"L":[]}`, `{"SS":["a","b"]}`, `{"NS":["1"]}`, `{"BS":["AA=="]}`,
		`{"S":"` + strings.Repeat("x", 300_000) + `"}`,
	} {
		is := is.New(t)
		given := value("1", "number", text)
		stored := seal(t, c, given)[0]
		is.Equal(string(given.JSON), text)
		is.Equal(envelopeOf(t, stored)[0], byte(1))
		got, err := open(t, c, stored)
		is.NoErr(err)
		is.Equal(got, text)
	}
}

// TestBound: an envelope opens in its place, and nowhere else.
func TestBound(t *testing.T) {
	is := is.New(t)
	keyring := crypt.Raw("k", rawKey(1))
	tenant := crypt.Context(map[string]string{"tenant": "a", "use": "pii"})
	c := coderOf[string](t, keyring, tenant)
	stored := seal(t, c, value("1", "number", `{"S":"4111"}`))[0]
	got, err := open(t, coderOf[string](t, keyring, crypt.Context(map[string]string{"use": "pii", "tenant": "a"}), crypt.Scope("cards")), stored)
	is.NoErr(err)
	is.Equal(got, `{"S":"4111"}`)

	moved := func(what string, c core.Coder, change func(*core.Value)) {
		t.Helper()
		v := stored
		change(&v)
		if got, err := open(t, c, v); !errors.Is(err, crypt.ErrOpen) {
			t.Errorf("%s: %q, %v", what, got, err)
		}
	}
	same := func(*core.Value) {}
	moved("item", c, func(v *core.Value) { v.Key = []byte("2") })
	moved("attribute", c, func(v *core.Value) { v.Path = "code" })
	moved("table", c, func(v *core.Value) { v.Table = "copy" })
	moved("fields that run into each other", c, func(v *core.Value) { v.Key, v.Path = []byte("1n"), "umber" })
	moved("scope", coderOf[string](t, keyring, tenant, crypt.Scope("shop")), same)
	moved("context", coderOf[string](t, keyring), same)
	moved("context, other", coderOf[string](t, keyring, crypt.Context(map[string]string{"tenant": "b", "use": "pii"})), same)
	moved("key", coderOf[string](t, crypt.Raw("k", rawKey(2)), tenant), same)
	moved("key id", coderOf[string](t, crypt.Raw("l", rawKey(1)), tenant), same)

	// In a scope that was given, the table's name does not matter.
	shop := coderOf[string](t, keyring, crypt.Scope("shop"))
	v := seal(t, shop, value("1", "number", `{"S":"4111"}`))[0]
	v.Table = "restored"
	got, err = open(t, shop, v)
	is.NoErr(err)
	is.Equal(got, `{"S":"4111"}`)
}

// TestEveryBit: no bit of an envelope can be another.
func TestEveryBit(t *testing.T) {
	is := is.New(t)
	for name, opts := range map[string][]crypt.FieldOption{"strict": nil, "migrating": {crypt.ReadPlaintext(), crypt.ReadPydynox(nil)}} {
		c := coderOf[string](t, crypt.Raw("key", rawKey(1)), opts...)
		stored := seal(t, c, value("1", "number", `{"S":"4111"}`))[0]
		envelope := envelopeOf(t, stored)
		for i := range len(envelope) * 8 {
			bad := slices.Clone(envelope)
			bad[i/8] ^= 1 << (i % 8)
			v := stored
			v.JSON = binary(bad)
			if got, err := open(t, c, v); !errors.Is(err, crypt.ErrOpen) || strings.Contains(got, "4111") {
				t.Fatalf("%s: bit %d: %q, %v", name, i, got, err)
			}
		}
		for n := range envelope {
			v := stored
			v.JSON = binary(envelope[:n])
			_, err := open(t, c, v)
			is.True(errors.Is(err, crypt.ErrOpen))
		}
		v := stored
		v.JSON = binary(append(slices.Clone(envelope), 0))
		_, err := open(t, c, v)
		is.True(errors.Is(err, crypt.ErrOpen))
	}
}

func TestModes(t *testing.T) {
	is := is.New(t)
	keyring := crypt.Raw("k", rawKey(1))
	given := value("1", "number", `{"S":"4111"}`)
	c := coderOf[string](t, keyring, crypt.WriteOnly())
	stored := seal(t, c, given)[0]
	_, err := open(t, c, stored)
	is.True(errors.Is(err, crypt.ErrSealed))
	returned := stored
	returned.Returned = true
	got, err := open(t, c, returned)
	is.NoErr(err)
	is.Equal(got, "")
	got, err = open(t, coderOf[string](t, keyring), stored)
	is.NoErr(err)
	is.Equal(got, `{"S":"4111"}`)
	_, err = crypt.NewCoder[string](keyring, crypt.WriteOnly(), crypt.ReadOnly())
	is.True(err != nil)
}

func TestPlaintext(t *testing.T) {
	is := is.New(t)
	keyring := crypt.Raw("k", rawKey(1))
	strict, lax := coderOf[string](t, keyring), coderOf[string](t, keyring, crypt.ReadPlaintext())
	for _, text := range []string{`{"S":"4111"}`, `{"N":"1"}`, `{"NULL":true}`, `{"M":{}}`, `{"S":"ENC:AAAA"}`} {
		_, err := open(t, strict, value("1", "number", text))
		is.True(errors.Is(err, crypt.ErrNotSealed))
		got, err := open(t, lax, value("1", "number", text))
		is.NoErr(err)
		is.Equal(got, text)
	}
	_, err := open(t, lax, value("1", "number", `{"B":"AAEC"}`)) // no attribute of bytes
	is.True(errors.Is(err, crypt.ErrOpen))
	type code [4]byte
	for _, c := range []core.Coder{coderOf[[]byte](t, keyring, crypt.ReadPlaintext()), coderOf[*code](t, keyring, crypt.ReadPlaintext())} {
		got, err := open(t, c, value("1", "code", `{"B":"AAEC"}`))
		is.NoErr(err)
		is.Equal(got, `{"B":"AAEC"}`)
	}
	got, err := open(t, lax, seal(t, lax, value("1", "number", `{"S":"4111"}`))[0])
	is.NoErr(err)
	is.Equal(got, `{"S":"4111"}`)
}

// TestCodersAreEqual: fields with the same options go through one call.
func TestCodersAreEqual(t *testing.T) {
	is := is.New(t)
	keyring := crypt.Raw("k", rawKey(1))
	opts := func() []crypt.FieldOption {
		return []crypt.FieldOption{crypt.Scope("s"), crypt.Context(map[string]string{"a": "b", "c": "d"}), nil}
	}
	is.True(coderOf[string](t, keyring, opts()...) == coderOf[[]byte](t, keyring, opts()...))
	is.True(coderOf[string](t, keyring, opts()...) != coderOf[string](t, keyring))
	is.True(coderOf[string](t, keyring) != coderOf[string](t, crypt.Raw("k", rawKey(1))))
}

// TestRoundTrip: whatever is sealed opens, together with others, in any order.
func TestRoundTrip(t *testing.T) {
	keyring := crypt.AnyOf(crypt.Raw("new", rawKey(1)), crypt.Raw("old", rawKey(2)))
	coders := []core.Coder{
		coderOf[string](t, keyring), coderOf[string](t, keyring, crypt.Scope("s")),
		coderOf[string](t, crypt.Cached(keyring, crypt.MaxUses(0))), coderOf[string](t, crypt.Raw("old", rawKey(2))),
	}
	reader := coders[:2]
	rapid.Check(t, func(rt *rapid.T) {
		var given, stored []core.Value
		scoped := rapid.IntRange(0, 1).Draw(rt, "scoped")
		for i := range rapid.IntRange(1, 20).Draw(rt, "items") {
			item := make([]core.Value, rapid.IntRange(1, 3).Draw(rt, "values"))
			for n := range item {
				text, _ := json.Marshal(map[string]string{rapid.SampledFrom([]string{"S", "N"}).Draw(rt, "type"): rapid.String().Draw(rt, "text")})
				item[n] = value(string(rune('a'+i)), string(rune('x'+n)), string(text))
			}
			writer := coders[1]
			if scoped == 0 {
				writer = rapid.SampledFrom([]core.Coder{coders[0], coders[2], coders[3]}).Draw(rt, "writer")
			}
			given = append(given, item...)
			stored = append(stored, seal(t, writer, item...)...)
		}
		order := rapid.Permutation(indexes(len(stored))).Draw(rt, "order")
		page := make([]core.Value, len(stored))
		for i, at := range order {
			page[i] = stored[at]
		}
		reader[scoped].Decode(t.Context(), page)
		for i, at := range order {
			var got, want map[string]string
			_, _ = json.Unmarshal(page[i].JSON, &got), json.Unmarshal(given[at].JSON, &want)
			if page[i].Err != nil || len(got) != 1 || got["S"] != want["S"] || got["N"] != want["N"] {
				rt.Fatalf("%v: %s, not %s", page[i].Err, page[i].JSON, given[at].JSON)
			}
		}
	})
}

func indexes(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}
