package docs_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// listing answers with a page of a guest's bookings.
func listing(orders *dynox.Repo[Booking]) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, q := r.Context(), BookingKey.In(Booking{Guest: r.FormValue("guest")})
		page, err := orders.Page(ctx, q.Limit(20).After(dynox.Cursor(r.FormValue("after")))) // page.Items, page.Next
		if err != nil {
			http.Error(w, "try again", http.StatusInternalServerError)
			return
		}
		for _, b := range page.Items {
			_, _ = fmt.Fprintln(w, b.ID)
		}
		_, _ = fmt.Fprintln(w, "next:", url.QueryEscape(string(page.Next)))
	}
}

func Example_readmePage() {
	h := openHotel(context.Background())
	answer := httptest.NewRecorder()
	listing(h.bookings)(answer, httptest.NewRequest(http.MethodGet, "/bookings?guest=ann", nil))
	fmt.Print(answer.Body)
	// Output:
	// 1
	// 2
	// next:
}

func confirmed(ctx context.Context, bookings *dynox.Repo[Booking], b Booking) error {
	_, err := bookings.Update(ctx, b, bookingStatus.Set("confirmed"), expr.If(bookingStatus.Ne("confirmed")))
	return err
}

func TestConfirm(t *testing.T) {
	engine := memtable.New(t)                         // ends with the test
	table := dynox.NewTable(engine.Client(), "hotel") // a real *dynamodb.Client over the engine, without a socket
	bookings, err := dynox.NewRepo(table, BookingKey)
	if err != nil {
		t.Fatal(err)
	}
	b := Booking{Guest: "ann", ID: "1", Status: "open"}
	if err := table.Ensure(t.Context(), bookings); err != nil {
		t.Fatal(err)
	}
	if err := bookings.Put(t.Context(), &b); err != nil {
		t.Fatal(err)
	}

	engine.Fail("UpdateItem", memtable.Throttle(), memtable.Times(2)) // what a test table never does when you want it
	if err := confirmed(t.Context(), bookings, b); err != nil {
		t.Error(err)
	}
}
