package batch_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/internal/testbed"
	seq "github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/memtable"
)

// tap keeps what is sent, and may answer instead of the engine.
type tap struct {
	http.RoundTripper
	sent   []string
	answer func(operation string) string // "": the engine does
}

func (r *tap) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	_, operation, _ := strings.Cut(req.Header.Get("X-Amz-Target"), ".")
	r.sent = append(r.sent, operation+" "+string(body))
	if r.answer != nil {
		if text := r.answer(operation); text != "" {
			return &http.Response{StatusCode: http.StatusOK, Request: req, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text))}, nil
		}
	}
	onward := req.Clone(req.Context())
	onward.Body = io.NopCloser(strings.NewReader(string(body)))
	return r.RoundTripper.RoundTrip(onward)
}

// Whatever the way through the SDK, the service gets the same.
func TestWaysSendTheSame(t *testing.T) {
	is := is.New(t)
	var all [][]any
	for _, way := range []func(*dynamodb.Options){testbed.Quick, testbed.OwnMiddleware, testbed.OtherProtocol} {
		engine := memtable.New(t)
		r := &tap{RoundTripper: engine}
		s := newShop(t, engine.Client(way, func(o *dynamodb.Options) { o.HTTPClient = &http.Client{Transport: r} }))
		r.sent = nil
		u := User{PK: "u", SK: "\u00e9 \" \\", Name: "<&>"}
		mixed := append(slices.Collect(puts(s.orders, 1, 2, 3)), batch.Put(s.users, &u), batch.Delete(s.orders, keyOf(anOrder(9))),
			batch.Put(s.readings, &Reading{Sensor: 1e21}), batch.Delete(s.readings, Reading{Sensor: -0.5}))
		is.NoErr(batch.Write(t.Context(), slices.Values(mixed), batch.Progress(func(batch.Counts) {})))
		_, err := seq.Collect(batch.Get(t.Context(), s.orders, keys(1, 2, 9), batch.Only(total, customer), batch.Consistent()))
		is.NoErr(err)
		_, err = seq.Collect(batch.Get(t.Context(), s.orders, keys(3)))
		is.NoErr(err)
		is.NoErr(batch.Read(t.Context(), batch.Ref(s.users, u), batch.Ref(s.orders, anOrder(1)), batch.Ref(s.readings, Reading{Sensor: 1e21})))
		var sent []any
		for _, request := range r.sent {
			operation, body, _ := strings.Cut(request, " ")
			body = strings.NewReplacer(s.table.Name(), "shop", s.sensors.Name(), "sensors").Replace(body)
			var v any
			is.NoErr(json.Unmarshal([]byte(body), &v))
			sent = append(sent, operation, v)
		}
		is.Equal(len(sent), 8)
		all = append(all, sent)
	}
	is.Equal(cmp.Diff(all[0], all[1]), "")
	is.Equal(cmp.Diff(all[0], all[2]), "")
}

// An answer that names what was not sent is believed in nothing.
func TestOddAnswers(t *testing.T) {
	for _, way := range []func(*dynamodb.Options){testbed.Quick, testbed.OtherProtocol} {
		for name, answer := range map[string]string{
			"another item":  `{"UnprocessedItems":{"TABLE":[{"PutRequest":{"Item":{"pk":{"S":"x"},"sk":{"S":"y"}}}}]},"UnprocessedKeys":{"TABLE":{"Keys":[{"pk":{"S":"x"},"sk":{"S":"y"}}]}}}`,
			"another table": `{"UnprocessedItems":{"other":[{"DeleteRequest":{"Key":{"pk":{"S":"x"}}}}]},"UnprocessedKeys":{"other":{"Keys":[{"pk":{"S":"x"}}]}}}`,
			"no key":        `{"UnprocessedItems":{"TABLE":[{"DeleteRequest":{"Key":{}}}]},"UnprocessedKeys":{"TABLE":{"Keys":[{}]}}}`,
		} {
			t.Run(name, func(t *testing.T) {
				is := is.New(t)
				engine := memtable.New(t)
				r := &tap{RoundTripper: engine}
				s := newShop(t, engine.Client(way, func(o *dynamodb.Options) { o.HTTPClient = &http.Client{Transport: r} }))
				r.answer = func(string) string { return strings.ReplaceAll(answer, "TABLE", s.table.Name()) }
				err := batch.Write(t.Context(), puts(s.orders, 1, 2))
				var partial *batch.PartialError
				is.True(errors.As(err, &partial))
				is.Equal(len(partial.Left), 2)
				got, err := seq.Collect(batch.Get(t.Context(), s.orders, keys(1, 2)))
				is.True(err != nil)
				is.Equal(len(got), 0)
			})
		}
		t.Run("items that nobody asked for", func(t *testing.T) {
			is := is.New(t)
			engine := memtable.New(t)
			r := &tap{RoundTripper: engine}
			s := newShop(t, engine.Client(way, func(o *dynamodb.Options) { o.HTTPClient = &http.Client{Transport: r} }))
			r.answer = func(string) string {
				return `{"Responses":{"other":[{"a":{"S":"b"}}],"` + s.table.Name() + `":[{"pk":{"S":"CUSTOMER#1"},"sk":{"S":"x"}}]}}`
			}
			got, err := seq.Collect(batch.Get(t.Context(), s.orders, keys(1, 2)))
			is.NoErr(err)
			is.Equal(len(got), 0)
		})
	}
}
