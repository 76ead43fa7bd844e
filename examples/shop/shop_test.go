package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/memtable"
)

// client speaks to a shop of its own, on an engine of its own, so that tests run in parallel.
type client struct {
	*testing.T
	shop   *Shop
	engine *memtable.Engine
	serve  http.Handler
}

func open(t *testing.T, opts ...dynox.TableOption) *client {
	t.Helper()
	t.Parallel()
	engine := memtable.New(t)
	shop, err := Open(t.Context(), engine.Client(), "shop", opts...)
	if err != nil {
		t.Fatal(err)
	}
	return &client{t, shop, engine, shop.Handler()}
}

// ask sends a request with headers, and decodes the answer's body into out.
func (c *client) ask(method, path, body string, out any, header ...string) *http.Response {
	c.Helper()
	r := httptest.NewRequestWithContext(c.Context(), method, path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	c.serve.ServeHTTP(w, r)
	answer := w.Result()
	if out != nil && answer.StatusCode < 300 {
		if err := json.NewDecoder(answer.Body).Decode(out); err != nil {
			c.Fatal(err)
		}
	}
	return answer
}

// status is that of the answer.
func (c *client) status(method, path, body string, header ...string) int {
	c.Helper()
	return c.ask(method, path, body, nil, header...).StatusCode
}

// ann is a customer, who finds tea and milk.
func (c *client) ann() Customer {
	c.Helper()
	var ann Customer
	c.ask("POST", "/customers", `{"name":"Ann","email":"Ann@example.com"}`, &ann)
	for _, p := range []Product{{"tea", "Tea", 450, 5}, {"milk", "Milk", 120, 9}} {
		if err := c.shop.products.Put(c.Context(), &p); err != nil {
			c.Fatal(err)
		}
	}
	return ann
}

func (c *client) stock(sku string) int {
	c.Helper()
	var p Product
	c.ask("GET", "/products/"+sku, "", &p)
	return p.Stock
}

func TestCustomers(t *testing.T) {
	c := open(t)
	is := is.New(t)
	ann := c.ann()
	is.Equal(ann.Email, "ann@example.com")
	is.True(ann.ID != "" && !ann.Joined.IsZero())
	path := "/customers/" + ann.ID

	is.Equal(c.status("POST", "/customers", `{"name":"Other","email":"ANN@example.com"}`), http.StatusConflict)
	is.Equal(c.status("POST", "/customers", `{"name":"Other"}`), http.StatusUnprocessableEntity)
	is.Equal(c.status("POST", "/customers", `{`), http.StatusBadRequest)
	is.Equal(c.status("POST", "/customers", `{"name":"Bob","email":"bob@example.com"} {}`), http.StatusBadRequest)
	is.Equal(c.status("GET", "/customers/nobody", ""), http.StatusNotFound)

	tag := c.ask("GET", path, "", nil).Header.Get("ETag")
	is.Equal(c.status("PUT", path, `{"name":"Ann B","email":"ann@example.com"}`), http.StatusPreconditionRequired)
	is.Equal(c.status("PUT", path, `{"name":"Ann B","email":"b@example.com"}`, "If-Match", tag), http.StatusOK)
	is.Equal(c.status("PUT", path, `{"name":"Ann C","email":"ann@example.com"}`, "If-Match", tag), http.StatusPreconditionFailed)
	is.Equal(c.status("POST", "/customers", `{"name":"Other","email":"ann@example.com"}`), http.StatusCreated) // it is free again
}

func TestOrders(t *testing.T) {
	c := open(t)
	is := is.New(t)
	ann := c.ann()
	path := "/customers/" + ann.ID + "/orders"

	var o Order
	c.ask("POST", path, `{"lines":[{"sku":"tea","count":1},{"sku":"milk","count":2},{"sku":"tea","count":1}]}`, &o)
	is.Equal(o.Cents, int64(2*450+2*120))
	is.Equal(len(o.Lines), 2)
	is.Equal(c.stock("tea"), 3)
	is.Equal(c.stock("milk"), 7)

	is.Equal(c.status("POST", path, `{"lines":[{"sku":"milk","count":1},{"sku":"tea","count":4}]}`), http.StatusConflict)
	is.Equal(c.stock("milk"), 7) // nothing of it
	is.Equal(c.status("POST", path, `{"lines":[{"sku":"gold","count":1}]}`), http.StatusConflict)
	is.Equal(c.status("POST", path, `{"lines":[]}`), http.StatusUnprocessableEntity)
	is.Equal(c.status("POST", path, `{"lines":[{"sku":"tea","count":0}]}`), http.StatusUnprocessableEntity)
	is.Equal(c.status("POST", "/customers/nobody/orders", `{"lines":[{"sku":"tea","count":1}]}`), http.StatusNotFound)
	is.Equal(c.stock("tea"), 3)
}

// An order that is sent again is placed once, also when the answer to the first was lost.
func TestOrderOnce(t *testing.T) {
	c := open(t)
	is := is.New(t)
	path := "/customers/" + c.ann().ID + "/orders"
	const body = `{"lines":[{"sku":"tea","count":2}]}`
	c.engine.Fail("TransactWriteItems", memtable.ResetAfter())
	for range 3 {
		var o Order
		is.Equal(c.ask("POST", path, body, &o, "Idempotency-Key", "once").StatusCode, http.StatusCreated)
		is.Equal(o.Cents, int64(900))
		is.True(!o.Placed.IsZero())
	}
	is.Equal(c.stock("tea"), 3)
	const other = `{"lines":[{"sku":"tea","count":1}]}`
	is.Equal(c.status("POST", path, other, "Idempotency-Key", "once"), http.StatusUnprocessableEntity)
	is.Equal(c.stock("tea"), 3)
}

// However many order at once, no more is sold than there is.
func TestOrdersAtOnce(t *testing.T) {
	c := open(t)
	is := is.New(t)
	path := "/customers/" + c.ann().ID + "/orders"
	var group sync.WaitGroup
	results := make(chan int, 20)
	for range cap(results) {
		group.Go(func() { results <- c.status("POST", path, `{"lines":[{"sku":"tea","count":1}]}`) })
	}
	group.Wait()
	close(results)
	placed := 0
	for status := range results {
		switch status {
		case http.StatusCreated:
			placed++
		case http.StatusConflict, http.StatusServiceUnavailable:
		default:
			t.Errorf("status %d", status)
		}
	}
	is.Equal(c.stock("tea"), 5-placed)
	n, err := c.shop.orders.Count(t.Context(), orderKey.In(Order{Customer: strings.Split(path, "/")[2]}))
	is.NoErr(err)
	is.Equal(int(n), placed)
}

func TestPages(t *testing.T) {
	c := open(t, dynox.SealCursors([]byte("a key of 16 byte")))
	is := is.New(t)
	ann := c.ann()
	create := func(n int) {
		o := Order{Customer: ann.ID, ID: fmt.Sprintf("%03d", n), Lines: []Line{{SKU: "tea", Count: 1}}}
		is.NoErr(c.shop.orders.Create(t.Context(), &o))
	}
	path := "/customers/" + ann.ID + "/orders"
	var cursor string // of a page that others follow
	sizes := func() (sizes []int) {
		last := "999"
		for after := ""; len(sizes) == 0 || after != ""; {
			var page struct {
				Orders []Order
				Next   string
			}
			c.ask("GET", path+"?after="+after, "", &page)
			sizes, after = append(sizes, len(page.Orders)), page.Next
			if after != "" {
				cursor = after
			}
			for _, o := range page.Orders {
				is.True(o.ID < last)
				last = o.ID
			}
		}
		return sizes
	}
	for n := range 2 * pageSize {
		create(n)
	}
	is.Equal(sizes(), []int{pageSize, pageSize}) // no empty page at the end
	create(2 * pageSize)
	is.Equal(sizes(), []int{pageSize, pageSize, 1})
	is.Equal(c.status("GET", path+"?after="+cursor, ""), http.StatusOK)
	is.Equal(c.status("GET", "/customers/other/orders?after="+cursor, ""), http.StatusBadRequest)
	is.Equal(c.status("GET", path+"?after=forged", ""), http.StatusBadRequest)
	var none struct{ Orders []Order }
	c.ask("GET", "/customers/nobody/orders", "", &none)
	is.Equal(len(none.Orders), 0)
}

// What the service does not answer is no secret, and no lie.
func TestTroubles(t *testing.T) {
	c := open(t)
	is := is.New(t)
	ann := c.ann()
	get, put := "/customers/"+ann.ID, "/products/tea"
	c.engine.Fail("GetItem", memtable.Throttle(), memtable.Times(3))
	answer := c.ask("GET", get, "", nil)
	is.Equal(answer.StatusCode, http.StatusServiceUnavailable)
	is.Equal(answer.Header.Get("Retry-After"), "1")
	is.Equal(c.status("GET", get, ""), http.StatusOK)

	order := "/customers/" + ann.ID + "/orders"
	c.engine.Fail("TransactWriteItems", memtable.Throttle(), memtable.Times(3))
	is.Equal(c.status("POST", order, `{"lines":[{"sku":"tea","count":1}]}`), http.StatusServiceUnavailable)
	is.Equal(c.stock("tea"), 5) // nothing of it

	// The name is changed, but what came back is that the version is another by now.
	c.engine.Fail("PutItem", memtable.ResetAfter())
	is.Equal(c.status("PUT", get, `{"name":"Ann B","email":"ann@example.com"}`, "If-Match", `"1"`), http.StatusGatewayTimeout)
	is.Equal(c.ask("GET", get, "", nil).Header.Get("ETag"), `"2"`)

	c.engine.Fail("PutItem", memtable.ResetAfter(), memtable.Times(3))
	is.Equal(c.status("PUT", put, `{"name":"Tea","cents":1,"stock":1}`), http.StatusGatewayTimeout)
	c.engine.Fail("GetItem", memtable.ErrorResponse(http.StatusBadRequest, "AccessDeniedException", "no"))
	is.Equal(c.status("GET", get, ""), http.StatusInternalServerError)
}
