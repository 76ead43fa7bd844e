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

	"github.com/dynox-go/dynox"
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

// A transport that panics does so for the caller, whom no goroutine outlives.
func TestPanicsOfRequests(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t)
	r := &tap{RoundTripper: engine}
	s := newShop(t, engine.Client(func(o *dynamodb.Options) { o.HTTPClient = &http.Client{Transport: r} }))
	for name, call := range map[string]func() error{
		"write": func() error { return batch.Write(t.Context(), puts(s.orders, upTo(60)...), batch.Concurrency(1)) },
		"get": func() error {
			_, err := seq.Collect(batch.Get(t.Context(), s.orders, keys(upTo(250)...), batch.Concurrency(1)))
			return err
		},
		"one get": func() error { _, err := seq.Collect(batch.Get(t.Context(), s.orders, keys(1))); return err },
		"read":    func() error { return batch.Read(t.Context(), batch.Ref(s.orders, anOrder(1))) },
		"load":    func() error { _, err := batch.NewLoader(s.orders).Load(t.Context(), anOrder(1)); return err },
	} {
		func() {
			r.answer = func(string) string { panic("broken transport") }
			defer func() { is.Equal(recover(), "broken transport") }()
			t.Error(name, call())
		}()
		r.answer = nil
		if err := call(); name != "load" {
			is.NoErr(err)
		}
	}
}

// Whatever the service answers, no operation is both done and left, or neither.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"UnprocessedItems":{}}`, `{"UnprocessedItems":null}`, `{"UnprocessedKeys":{"shop":{"Keys":[{"id":{"S":"1"}}]}}}`,
		`{"UnprocessedItems":{"shop":[{"PutRequest":{"Item":{"id":{"S":"1"},"text":{"S":""}}}},{"DeleteRequest":{"Key":{"id":{"S":"2"}}}}]}}`,
		`{"UnprocessedItems":{"shop":[{"PutRequest":null},{}]}}`, `{"UnprocessedItems":{"shop":[{"PutRequest":{"Item":{"id":{"N":"1"}}}}]}}`,
		`{"Responses":{"shop":[{"id":{"S":"1"},"text":{"S":"a"}},{"id":{"S":"1"}},{"id":{"S":"9"}}],"other":[{}]}}`, `{"Responses":[]}`, `[`,
		`{"ConsumedCapacity":[{"TableName":"shop","CapacityUnits":2.0}]}`,
	} {
		f.Add(seed)
	}
	r := new(tap)
	var repos []*dynox.Repo[Note]
	for _, way := range []func(*dynamodb.Options){testbed.Quick, testbed.OtherProtocol} {
		client := memtable.Open().Client(way, func(o *dynamodb.Options) {
			o.HTTPClient, o.RetryMaxAttempts = &http.Client{Transport: r}, 1
		})
		notes, err := dynox.NewRepo(dynox.NewTable(client, "shop"), NoteKey)
		if err != nil {
			f.Fatal(err)
		}
		repos = append(repos, notes)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		r.sent, r.answer = nil, func(string) string { return pick(answer == "", "{}", answer) }
		for i, notes := range repos {
			if i > 0 && !json.Valid([]byte(answer)) {
				continue // the SDK's own decoder panics on some
			}
			a, b := Note{ID: "1"}, Note{ID: "3"}
			err := batch.Write(t.Context(), ops(batch.Put(notes, &a), batch.Delete(notes, Note{ID: "2"}), batch.Put(notes, &b)), batch.MaxRetries(0))
			var partial *batch.PartialError
			switch {
			case err == nil:
			case !errors.As(err, &partial):
				t.Fatal(err)
			case partial.Counts.Taken != 3 || partial.Counts.Done+len(partial.Left) != 3:
				t.Fatalf("%+v", partial.Counts)
			}
			asked := map[string]bool{"1": true, "2": true, "3": true}
			missing := batch.Missing(func(n Note) { delete(asked, n.ID) })
			got, err := seq.Collect(batch.Get(t.Context(), notes, slices.Values([]Note{{ID: "1"}, {ID: "2"}, {ID: "3"}}), batch.MaxRetries(0), missing))
			for _, n := range got {
				if !asked[n.ID] {
					t.Fatal("an item that is missing, comes twice, or was not asked for")
				}
				delete(asked, n.ID)
			}
			if err == nil && len(asked) > 0 {
				t.Fatal("keys of which nothing was said")
			}
		}
	})
}
