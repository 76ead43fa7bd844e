package docs_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

// Every error that a package exports is in the table of errors.
func TestErrorsAreListed(t *testing.T) {
	is := is.New(t)
	page, err := os.ReadFile("errors.md")
	is.NoErr(err)
	lists, err := filepath.Glob("../internal/house/testdata/api/*.txt")
	is.NoErr(err)
	exported := regexp.MustCompile(`(?m)^\s*(?:var )?(Err[A-Z]\w+)\s*=|^type (\w*Error) struct`)
	n := 0
	for _, list := range lists {
		text, err := os.ReadFile(list) //nolint:gosec // of this repository
		is.NoErr(err)
		pkg := strings.TrimSuffix(filepath.Base(list), ".txt")
		for _, m := range exported.FindAllStringSubmatch(string(text), -1) {
			n++
			if name := pkg + "." + m[1] + m[2]; !strings.Contains(string(page), name+"`") {
				t.Errorf("errors.md has no %s", name)
			}
		}
	}
	is.True(n > 40)
}

// status is what a handler answers with err.
func status(err error) int {
	switch {
	case err == nil:
		return http.StatusOK
	case dynox.UnknownOutcome(err): // first: the write may have taken effect
		return http.StatusGatewayTimeout
	case dynox.ConditionFailed(err): // an item that exists, a stale version, a value that is not unique
		return http.StatusConflict
	case errors.Is(err, dynox.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, dynox.ErrCursor), errors.Is(err, dynox.ErrKey), errors.Is(err, dynox.ErrRequired), errors.Is(err, dynox.ErrInvalid):
		return http.StatusBadRequest
	case dynox.Retryable(err):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

func TestStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, is := t.Context(), is.New(t)
		h := openHotel(ctx)
		ann, nobody := Guest{ID: "ann"}, Guest{ID: "nobody"}
		get := func(g Guest) error { _, err := h.guests.Get(ctx, g); return err }
		add := func() error { _, err := h.guests.Update(ctx, ann, expr.Add(guestPoints, 1)); return err }
		page := func(c dynox.Cursor) error {
			_, err := h.bookings.Page(ctx, BookingKey.In(Booking{Guest: "ann"}).After(c))
			return err
		}
		is.Equal(status(get(ann)), http.StatusOK)
		is.Equal(status(get(nobody)), http.StatusNotFound)
		is.Equal(status(get(Guest{})), http.StatusBadRequest)
		is.Equal(status(page("made up")), http.StatusBadRequest)
		is.Equal(status(h.guests.Create(ctx, &ann)), http.StatusConflict)
		is.Equal(status(tx.Write(ctx, tx.Create(h.guests, &ann))), http.StatusConflict)
		is.Equal(status(tx.Write(ctx, tx.Update(h.guests, nobody, guestPoints.Set(1)))), http.StatusNotFound)

		members, err := dynox.NewRepo(h.table, GuestKey, dynox.Kind[Guest]("guest"), tx.Unique(guestName), dynox.Required(guestName))
		is.NoErr(err)
		is.NoErr(members.Create(ctx, &Guest{ID: "cid", Name: "Cid"}))
		is.Equal(status(members.Create(ctx, &Guest{ID: "eve", Name: "Cid"})), http.StatusConflict)
		is.Equal(status(members.Create(ctx, &Guest{ID: "eve"})), http.StatusBadRequest)

		h.engine.Fail("UpdateItem", memtable.ResetAfter())
		is.Equal(status(add()), http.StatusGatewayTimeout)
		h.engine.Fail("UpdateItem", memtable.Throttle(), memtable.Always())
		is.Equal(status(add()), http.StatusServiceUnavailable)
		late, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		h.engine.Fail("GetItem", memtable.Latency(time.Minute))
		_, err = h.guests.Get(late, ann)
		is.Equal(status(err), http.StatusInternalServerError)
	})
}
