package stream_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/stream"
)

type parcel struct {
	ID     string   `dynamodbav:"id"`
	Seal   []byte   `dynamodbav:"seal,omitempty"`
	Weight float64  `dynamodbav:"weight,omitempty"`
	Tags   []string `dynamodbav:"tags,stringset,omitempty"`
	Sent   bool     `dynamodbav:"sent,omitempty"`
}

func parcelsRepo(t testing.TB) *dynox.Repo[parcel] {
	t.Helper()
	p := expr.Proto[parcel]()
	key := dynox.Key[parcel]{Partition: dynox.By(expr.At(p, &p.ID))}
	parcels, err := dynox.NewRepo(dynox.NewTable(memtable.New(t).Client(), "parcels"), key, dynox.Kind[parcel]("parcel"))
	if err != nil {
		t.Fatal(err)
	}
	return parcels
}

// event is in the form in which Lambda gets one: three changes of parcels, and one of
// another kind.
const event = `{"Records":[
{"eventID":"e1","eventName":"INSERT","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"us-east-1",
 "dynamodb":{"ApproximateCreationDateTime":1479499740,"Keys":{"id":{"S":"7"}},
  "NewImage":{"id":{"S":"7"},"kind":{"S":"parcel"},"seal":{"B":"AAEqQSA="},"weight":{"N":"1.5"},"tags":{"SS":["a","b"]},"more":{"NULL":true}},
  "SequenceNumber":"4421584500000000017450439091","SizeBytes":26,"StreamViewType":"NEW_AND_OLD_IMAGES"},
 "eventSourceARN":"arn:aws:dynamodb:us-east-1:123456789012:table/parcels/stream/2016-11-16T20:42:48.104"},
{"eventID":"e2","eventName":"INSERT","dynamodb":{"ApproximateCreationDateTime":1479499740.5,"Keys":{"id":{"S":"8"}},
  "NewImage":{"id":{"S":"8"},"kind":{"S":"van"}},"SequenceNumber":"4421584500000000017450439092"}},
{"eventID":"e3","eventName":"MODIFY","dynamodb":{"Keys":{"id":{"S":"7"}},
  "OldImage":{"id":{"S":"7"},"kind":{"S":"parcel"}},"NewImage":{"id":{"S":"7"},"kind":{"S":"parcel"},"sent":{"BOOL":true}},
  "SequenceNumber":"4421584500000000017450439093"}},
{"eventID":"e4","eventName":"REMOVE","dynamodb":{"Keys":{"id":{"S":"7"}},"OldImage":{"id":{"S":"7"},"kind":{"S":"parcel"},"sent":{"BOOL":true}},
  "SequenceNumber":"4421584500000000017450439094"},"userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"}}]}`

func TestDecode(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	parcels := parcelsRepo(t)
	list := strings.TrimSuffix(strings.TrimPrefix(event, `{"Records":`), "}")
	for _, text := range []string{event, list, " " + list} {
		all, err := stream.Decode(ctx, parcels, []byte(text))
		is.NoErr(err)
		is.Equal(len(all), 3)
		is.Equal(all[0].Event, stream.Insert)
		is.Equal(*all[0].New, parcel{ID: "7", Seal: []byte{0, 1, 42, 65, 32}, Weight: 1.5, Tags: []string{"a", "b"}})
		is.Equal(all[0].Key, parcel{ID: "7"})
		is.Equal(all[0].At, time.Unix(1479499740, 0).UTC())
		is.Equal(all[0].ID, "e1")
		is.Equal(all[0].Sequence, "4421584500000000017450439091")
		is.Equal(all[1].Event, stream.Modify)
		is.True(all[1].New.Sent && !all[1].Old.Sent && !all[1].Expired)
		is.Equal(all[2].Event, stream.Remove)
		is.True(all[2].Expired && all[2].New == nil && all[2].Old.Sent)
	}
	some, err := stream.Decode(ctx, parcels, []byte(strings.Replace(event, `"weight":{"N":"1.5"}`, `"weight":{"S":"much"}`, 1)))
	is.Equal(len(some), 2) // those that can be read
	var bad *stream.ChangeError
	is.True(errors.As(err, &bad))
	is.Equal(bad.Sequence, "4421584500000000017450439091")
	none, err := stream.Decode(ctx, parcels, []byte(`{"Records":[]}`))
	is.NoErr(err)
	is.Equal(len(none), 0)
}

func TestEventsThatAreNone(t *testing.T) {
	is := is.New(t)
	parcels := parcelsRepo(t)
	record := func(s string) string { return `[{"eventName":"INSERT","dynamodb":{` + s + `}}]` }
	for text, want := range map[string]string{
		``:                                    "no JSON at byte 0",
		`{"Records":[secret]}`:                "no JSON at byte 13",
		`{}`:                                  "it has no Records",
		`{"Records":null}`:                    "it has no Records",
		`{"Records":[{"eventName":5}]}`:       "another type than stream.Event",
		`[{"eventName":"ObjectCreated:Put"}]`: "record 0: its eventName is none of a stream",
		record(`"Keys":{"id":{"S":"7"}}`):     "record 0: it has no sequence number",
		record(`"SequenceNumber":"1"`):        "record 0: it has no Keys",
		record(`"SequenceNumber":"1","Keys":{"id":{"S":"7"}},"OldImage":{"id":{"S":"7"}}`):      "record 0: it is an INSERT with an OldImage",
		record(`"SequenceNumber":"1","Keys":{"id":{"S":5}}`):                                    "record 0: Keys: decode",
		record(`"SequenceNumber":"1","Keys":{"id":"secret"}`):                                   "record 0: Keys: decode",
		record(`"SequenceNumber":"1","Keys":["secret"]`):                                        "record 0: Keys: decode",
		record(`"SequenceNumber":"1","Keys":{"id":{"S":"7"}},"NewImage":{"x":{"B":"se cret"}}`): "record 0: NewImage: decode",
	} {
		_, err := stream.Decode(t.Context(), parcels, []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, not %s", text, err, want)
		}
		done, err := stream.Handle(t.Context(), parcels, []byte(text), func(context.Context, stream.Change[parcel]) error { return nil })
		is.True(err != nil)
		is.Equal(done.BatchItemFailures, []stream.Failure{{""}}) // all of it again
	}
	var none *dynox.Repo[parcel]
	_, err := stream.Decode(t.Context(), none, []byte(event))
	is.True(err != nil)
}

func TestHandle(t *testing.T) {
	is := is.New(t)
	parcels := parcelsRepo(t)
	fails := errors.New("no van")
	for stop, want := range []string{
		`{"batchItemFailures":[{"itemIdentifier":"4421584500000000017450439091"}]}`,
		`{"batchItemFailures":[{"itemIdentifier":"4421584500000000017450439093"}]}`,
		`{"batchItemFailures":[{"itemIdentifier":"4421584500000000017450439094"}]}`,
		`{"batchItemFailures":[]}`,
	} {
		n := 0
		done, err := stream.Handle(t.Context(), parcels, []byte(event), func(context.Context, stream.Change[parcel]) error {
			if n++; n == stop+1 {
				return fails
			}
			return nil
		})
		text, jsonErr := json.Marshal(done)
		is.NoErr(jsonErr)
		is.Equal(string(text), want)
		is.Equal(errors.Is(err, fails), stop < 3)
		is.Equal(n, min(stop+1, 3)) // none after the one that failed
	}
	unreadable := strings.Replace(event, `"sent":{"BOOL":true}`, `"sent":{"S":"x"}`, 1)
	n := 0
	done, err := stream.Handle(t.Context(), parcels, []byte(unreadable), func(context.Context, stream.Change[parcel]) error {
		n++
		return nil
	})
	is.Equal(done.BatchItemFailures, []stream.Failure{{"4421584500000000017450439093"}})
	var bad *stream.ChangeError
	is.True(errors.As(err, &bad))
	is.Equal(n, 1)
}

// FuzzDecode: whatever an event is, each of its records of the kind is a change, or a
// reason is given; nothing panics, and Handle asks for an event again exactly if
// Decode cannot read all of it.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(event))
	f.Add([]byte(`[{"eventName":"INSERT","dynamodb":{"SequenceNumber":"1","Keys":{"id":{"S":"7"}},"OldImage":null,"NewImage":{}}}]`))
	f.Add([]byte(`{"Records":[{}]}`))
	parcels := parcelsRepo(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := stream.Decode(t.Context(), parcels, text)
		n := 0
		done, handleErr := stream.Handle(t.Context(), parcels, text, func(_ context.Context, c stream.Change[parcel]) error {
			if c.Sequence == "" || c.Event == "" || c.Old != nil && c.New != nil && c.Event != stream.Modify {
				t.Errorf("%v without what it needs", c.Event)
			}
			n++
			return nil
		})
		if (err == nil) != (handleErr == nil) || (err == nil) != (len(done.BatchItemFailures) == 0) || n > len(all) || err == nil && n < len(all) {
			t.Errorf("%d changes and %v, but handled %d and %v", len(all), err, n, handleErr)
		}
	})
}
