package crypt_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

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

// answers is a service that stores nothing, so that a put costs what this side of
// the wire costs.
type answers struct{}

func (answers) RoundTrip(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body: io.NopCloser(strings.NewReader("{}")), ContentLength: 2, Request: r,
	}, nil
}

// BenchmarkPut is what the options add to a put of an item with a field of 100
// bytes.
func BenchmarkPut(b *testing.B) {
	keyring := crypt.Raw("k", rawKey(1))
	key := crypt.NewBeaconKey(keyring, beaconKeyText(b, keyring))
	client := memtable.New(b).Client(func(o *dynamodb.Options) { o.HTTPClient = &http.Client{Transport: answers{}} })
	for _, bench := range []struct {
		name string
		opts []dynox.Option[user]
	}{
		{"plain", nil},
		{"encrypted", []dynox.Option[user]{crypt.Field(email, keyring)}},
		{"searchable", []dynox.Option[user]{crypt.Field(email, keyring), crypt.Beacon(mark, email, key)}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			users, err := dynox.NewRepo(dynox.NewTable(client, "users"), userKey, bench.opts...)
			if err != nil {
				b.Fatal(err)
			}
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

// TestAllocations: what sealing and opening with a cached key allocate.
func TestAllocations(t *testing.T) {
	if isRace {
		t.Skip("the race detector allocates, too")
	}
	is := is.New(t)
	c := coderOf[string](t, crypt.Raw("k", rawKey(1)))
	given := value("0123456789abcdef", "ship.card", field100)
	sealed := seal(t, c, given)[0]
	values := make([]core.Value, 1)
	is.Equal(testing.AllocsPerRun(100, func() {
		values[0] = given
		_ = c.Encode(t.Context(), values)
	}), 1.0) // what is stored
	is.True(testing.AllocsPerRun(100, func() {
		values[0] = sealed
		c.Decode(t.Context(), values)
	}) <= 5) // the envelope, what was in it, and how it is found
}
