package docs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/blob"
	"github.com/dynox-go/dynox/crypt"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/hooks/gen"
	"github.com/dynox-go/dynox/lock"
	"github.com/dynox-go/dynox/memtable"
)

type Reservation struct {
	Guest    string            `dynamodbav:"guest"`
	Number   string            `dynamodbav:"number"`
	Status   string            `dynamodbav:"status,omitempty"`
	Nights   int               `dynamodbav:"nights,omitempty"`
	Rate     float64           `dynamodbav:"rate,omitempty"`
	Extras   []string          `dynamodbav:"extras,omitempty"` // a set of texts
	Rooms    []string          `dynamodbav:"rooms,omitempty"`  // a set of numbers, as texts
	Made     time.Time         `dynamodbav:"made,omitempty"`
	Settings map[string]any    `dynamodbav:"settings,omitempty"`
	Address  map[string]string `dynamodbav:"address,omitempty"`
	Photo    []byte            `dynamodbav:"photo,omitempty"`
	Notes    string            `dynamodbav:"notes,omitempty"`
	Card     string            `dynamodbav:"card,omitempty"`
	Scan     *S3Value          `dynamodbav:"scan,omitempty"`
	Expires  time.Time         `dynamodbav:"expires,unixtime,omitempty"`
	Version  int64             `dynamodbav:"version,omitempty"`
	Token    string            `dynamodbav:"token,omitempty"`
	LongName string            `dynamodbav:"ln,omitempty"`
}

// S3Value is what pydynox stores of a file in S3.
type S3Value struct {
	Bucket      string `dynamodbav:"bucket"`
	Key         string `dynamodbav:"key"`
	Size        int64  `dynamodbav:"size"`
	ETag        string `dynamodbav:"etag"`
	ContentType string `dynamodbav:"content_type,omitempty"`
}

var (
	reservation         = expr.Proto[Reservation]()
	reservationGuest    = expr.At(reservation, &reservation.Guest)
	reservationNumber   = expr.At(reservation, &reservation.Number)
	reservationSettings = expr.At(reservation, &reservation.Settings)
	reservationNotes    = expr.At(reservation, &reservation.Notes)
	reservationCard     = expr.At(reservation, &reservation.Card)
	reservationExpires  = expr.At(reservation, &reservation.Expires)
	reservationVersion  = expr.At(reservation, &reservation.Version)
	reservationToken    = expr.At(reservation, &reservation.Token)

	ReservationKey = dynox.Key[Reservation]{
		Partition: dynox.Composite("pk", "GUEST#{}", reservationGuest),
		Sort:      dynox.Composite("sk", "ITEM#{}", reservationNumber),
	}
)

// newReservations reads what pydynox has written, and writes what dynox does.
func newReservations(table *dynox.Table, keyring crypt.Keyring) (*dynox.Repo[Reservation], error) {
	return dynox.NewRepo(table, ReservationKey,
		dynox.Kind[Reservation]("Reservation").In("type"), // the discriminator
		dynox.JSON(reservationSettings),
		dynox.TTL(reservationExpires),
		dynox.Generate(reservationToken, gen.ULID),
		lock.Version(reservationVersion),
		blob.Compressed(reservationNotes, blob.ReadPydynox()),
		crypt.Field(reservationCard, keyring, crypt.ReadPydynox(nil), crypt.ReadPlaintext()),
	)
}

// opener is a keyring that opens what pydynox has sealed in crypt/testdata, and seals with a key of its own.
type opener struct {
	crypt.Keyring
	keys map[string][]byte // by their wrapped form
}

func (o *opener) Unwrap(ctx context.Context, wrapped crypt.WrappedKey, pairs map[string]string) ([]byte, error) {
	if key, ok := o.keys[string(wrapped.Bytes)]; ok {
		return bytes.Clone(key), nil
	}
	return o.Keyring.Unwrap(ctx, wrapped, pairs)
}

// TestFromPydynox reads testdata/pydynox.jsonl: what pydynox 1.8.0 has written to an engine that was
// served to it, with a template for the keys, a discriminator, and an attribute of each kind. The card is
// from crypt/testdata/pydynox.json, and the scan is what its S3 attribute stores.
func TestFromPydynox(t *testing.T) {
	is := is.New(t)
	var sealed struct {
		Vectors []struct {
			Text             string
			Wrapped, DataKey []byte
			Stored           string
		}
	}
	raw, err := os.ReadFile("../crypt/testdata/pydynox.json")
	is.NoErr(err)
	is.NoErr(json.Unmarshal(raw, &sealed))
	keyring := &opener{crypt.Raw("test", make([]byte, crypt.KeySize)), map[string][]byte{}}
	for _, v := range sealed.Vectors {
		keyring.keys[string(v.Wrapped)] = v.DataKey
	}

	ctx := t.Context()
	engine := memtable.New(t)
	table := dynox.NewTable(engine.Client(), "hotel")
	reservations, err := newReservations(table, keyring)
	is.NoErr(err)
	is.NoErr(table.Ensure(ctx, reservations))
	lines, err := os.ReadFile("testdata/pydynox.jsonl")
	is.NoErr(err)
	for line := range bytes.Lines(lines) {
		is.NoErr(engine.Seed("hotel", string(bytes.TrimSpace(line))))
	}

	r, err := reservations.Get(ctx, Reservation{Guest: "ann", Number: "7"})
	is.NoErr(err)
	is.Equal([]any{r.Status, r.Nights, r.Rate, r.Version, r.LongName, len(r.Token), r.Photo}, []any{"open", 4, 99.5, int64(2), "Ann Berg", 26, []byte{1, 2}})
	is.Equal(len(r.Extras), 2)
	is.Equal(len(r.Rooms), 2)
	is.True(r.Made.Equal(time.Date(2026, 5, 1, 9, 30, 0, 120000000, time.UTC)))
	is.True(r.Expires.Equal(time.Date(2027, 1, 15, 8, 0, 0, 0, time.UTC)))
	is.Equal(fmt.Sprint(r.Settings["quiet"], r.Settings["lang"], r.Address["city"]), "truenoOslo")
	is.Equal(len(r.Notes), 22*40)
	is.Equal(r.Card, sealed.Vectors[0].Text)
	is.Equal(*r.Scan, S3Value{"files", "GUEST/ann/ITEM/7/scan.pdf", 3, "abc", "application/pdf"})

	n, err := reservations.Count(ctx, dynox.All[Reservation]())
	is.NoErr(err)
	is.Equal(n, int64(2)) // the invoice is of another kind
	_, err = reservations.Get(ctx, Reservation{Guest: "ann", Number: "9"})
	is.True(errors.Is(err, dynox.ErrNotFound))

	is.NoErr(rewrite(ctx, reservations))
	items, err := engine.Dump("hotel")
	is.NoErr(err)
	is.True(!strings.Contains(items[0], "ENC:"))
	is.True(!strings.Contains(items[0], "ZSTD:"))
	is.True(strings.Contains(items[0], `"children"`)) // which the type does not have

	// Versions go on where they were.
	r, err = reservations.Get(ctx, r)
	is.NoErr(err)
	is.Equal(r.Version, int64(3))
	r.Nights = 5
	is.NoErr(reservations.Put(ctx, &r))
	is.Equal(r.Version, int64(4))
	stale := r
	stale.Version = 3
	is.True(dynox.ConditionFailed(reservations.Put(ctx, &stale)))
	again, err := reservations.Get(ctx, r)
	is.NoErr(err)
	is.Equal(fmt.Sprint(again.Notes, again.Card, again.Settings), fmt.Sprint(r.Notes, r.Card, r.Settings))

}

// rewrite gives what is stored the form that dynox writes, beside programs that write.
func rewrite(ctx context.Context, reservations *dynox.Repo[Reservation]) error {
	for r, err := range reservations.Scan(ctx, dynox.All[Reservation]()) {
		if err != nil {
			return err
		}
		_, err = reservations.Update(ctx, r, reservationNotes.Set(r.Notes), expr.If(reservationVersion.Eq(r.Version)))
		if err != nil && !dynox.ConditionFailed(err) { // who has written it meanwhile has done the same
			return err
		}
	}
	_, err := crypt.Rotate(ctx, reservations) // what is encrypted
	return err
}
