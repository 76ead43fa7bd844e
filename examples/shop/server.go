package main

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/lock"
)

// Handler serves the shop.
//
//	POST /customers                 a new customer
//	GET  /customers/{id}            with its version as ETag
//	PUT  /customers/{id}            with If-Match: who changed another version is told
//	POST /customers/{id}/orders     an order; with Idempotency-Key it is placed once
//	GET  /customers/{id}/orders     the newest first, a page at a time: ?after=
//	GET  /products/{sku}
//	PUT  /products/{sku}
func (s *Shop) Handler() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, f func(w http.ResponseWriter, r *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := f(w, r); err != nil {
				refuse(w, r, err)
			}
		})
	}
	handle("POST /customers", s.join)
	handle("GET /customers/{id}", s.customer)
	handle("PUT /customers/{id}", s.change)
	handle("POST /customers/{id}/orders", s.order)
	handle("GET /customers/{id}/orders", s.list)
	handle("GET /products/{sku}", s.product)
	handle("PUT /products/{sku}", s.stock)
	return mux
}

func (s *Shop) join(w http.ResponseWriter, r *http.Request) error {
	var c Customer
	if err := read(r, &c); err != nil {
		return err
	}
	c = Customer{Email: strings.ToLower(c.Email), Name: c.Name}
	if err := s.customers.Create(r.Context(), &c); err != nil {
		return err
	}
	w.Header().Set("Location", "/customers/"+c.ID)
	return answer(w, http.StatusCreated, c)
}

func (s *Shop) customer(w http.ResponseWriter, r *http.Request) error {
	c, err := s.customers.Get(r.Context(), Customer{ID: r.PathValue("id")})
	if err != nil {
		return err
	}
	w.Header().Set("ETag", etag(c))
	return answer(w, http.StatusOK, c)
}

// change puts a customer on the version that the request says it has seen.
func (s *Shop) change(w http.ResponseWriter, r *http.Request) error {
	seen, err := strconv.ParseInt(strings.Trim(r.Header.Get("If-Match"), `"`), 10, 64)
	if err != nil || seen < 1 {
		return &problem{http.StatusPreconditionRequired, "If-Match has the version that you have seen"}
	}
	var given Customer
	if err := read(r, &given); err != nil {
		return err
	}
	c, err := s.customers.Get(r.Context(), Customer{ID: r.PathValue("id")}, dynox.Consistent)
	if err != nil {
		return err
	}
	c.Name, c.Email, c.Version = given.Name, strings.ToLower(given.Email), seen
	if err := s.customers.Put(r.Context(), &c); err != nil {
		return err
	}
	w.Header().Set("ETag", etag(c))
	return answer(w, http.StatusOK, c)
}

func etag(c Customer) string { return strconv.Quote(strconv.FormatInt(c.Version, 10)) }

func (s *Shop) order(w http.ResponseWriter, r *http.Request) error {
	var o Order
	if err := read(r, &o); err != nil {
		return err
	}
	o = Order{Customer: r.PathValue("id"), ID: r.Header.Get("Idempotency-Key"), Lines: o.Lines}
	if err := s.Place(r.Context(), &o); err != nil {
		return err
	}
	return answer(w, http.StatusCreated, o)
}

// pageSize is how many orders a page has.
const pageSize = 20

func (s *Shop) list(w http.ResponseWriter, r *http.Request) error {
	q := orderKey.In(Order{Customer: r.PathValue("id")}).Desc().Limit(pageSize)
	page, err := s.orders.Page(r.Context(), q.After(dynox.Cursor(r.FormValue("after"))))
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, map[string]any{"orders": page.Items, "next": page.Next})
}

func (s *Shop) product(w http.ResponseWriter, r *http.Request) error {
	p, err := s.products.Get(r.Context(), Product{SKU: r.PathValue("sku")})
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, p)
}

func (s *Shop) stock(w http.ResponseWriter, r *http.Request) error {
	var p Product
	if err := read(r, &p); err != nil {
		return err
	}
	p.SKU = r.PathValue("sku")
	if err := s.products.Put(r.Context(), &p); err != nil {
		return err
	}
	return answer(w, http.StatusOK, p)
}

// problem is what is wrong with a request.
type problem struct {
	status int
	text   string
}

func (p *problem) Error() string { return p.text }

// maxBody is the longest body that is read.
const maxBody = 1 << 20

func read(r *http.Request, v any) error {
	d := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxBody))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if _, end := d.Token(); err != nil || !errors.Is(end, io.EOF) {
		return &problem{http.StatusBadRequest, "the body is not the JSON that is expected"}
	}
	return nil
}

func answer(w http.ResponseWriter, status int, v any) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(v)
}

// refuse answers with what err means for a client. What it cannot help is logged.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	status, text := meaning(err)
	if status >= http.StatusInternalServerError {
		slog.ErrorContext(r.Context(), "request", "path", r.Pattern, "class", dynox.ErrorClass(err), "error", err)
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	http.Error(w, text, status)
}

func meaning(err error) (status int, text string) {
	var bad *problem
	var refused *RefusedError
	var stale *lock.StaleError
	switch {
	case errors.As(err, &bad):
		return bad.status, bad.text
	case dynox.UnknownOutcome(err): // before any other reading of the error
		return http.StatusGatewayTimeout, "it may have been done: look before you try again"
	case errors.As(err, &refused):
		return http.StatusConflict, refused.Error()
	case errors.As(err, &stale):
		return http.StatusPreconditionFailed, "somebody else has changed it: get it, and try again"
	case errors.Is(err, dynox.ErrNotUnique):
		return http.StatusConflict, "the email address is taken"
	case errors.Is(err, dynox.ErrNotFound), dynox.ConditionFailed(err): // of the customer
		return http.StatusNotFound, "there is none"
	case errors.Is(err, dynox.ErrInvalid), errors.Is(err, dynox.ErrKey):
		return http.StatusUnprocessableEntity, "a field is missing or wrong"
	case errors.Is(err, errOther):
		return http.StatusUnprocessableEntity, "another order was placed with this Idempotency-Key"
	case errors.Is(err, dynox.ErrCursor):
		return http.StatusBadRequest, "the cursor is not of this list"
	case dynox.Retryable(err), errors.Is(err, errPrice):
		return http.StatusServiceUnavailable, "try again"
	}
	return http.StatusInternalServerError, "something is wrong here"
}
