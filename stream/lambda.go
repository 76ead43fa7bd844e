package stream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/internal/codec"
	"github.com/dynox-go/dynox/internal/core"
)

// Decode reads an event that AWS Lambda gets of a table's stream, JSON with a list
// Records, or the list alone, as EventBridge Pipes send it: the changes that
// [Stream.Changes] would yield, in order. Of changes that cannot be read the error has
// a [ChangeError] each; those that can are returned all the same.
//
// https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
func Decode[T any](ctx context.Context, source Source[T], event []byte) ([]Change[T], error) {
	images, as, err := open(source)
	if err != nil {
		return nil, failEvent(images, err)
	}
	ours, err := readEvent(ctx, images, event)
	if err != nil {
		return nil, failEvent(images, err)
	}
	var changes []Change[T]
	var errs []error
	for i := range ours {
		if ours[i].err != nil {
			errs = append(errs, ours[i].failure(""))
		} else {
			changes = append(changes, changeOf(&ours[i], as))
		}
	}
	return changes, failEvent(images, errors.Join(errs...))
}

// Response tells Lambda where to go on after an event, when the function reports
// failures of single items (ReportBatchItemFailures): the handler returns it. Without
// a failure the whole event is done.
//
// https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
type Response struct {
	BatchItemFailures []Failure `json:"batchItemFailures"` // one, or none; never nil
}

// Failure is the change to go on with.
type Failure struct {
	ItemIdentifier string `json:"itemIdentifier"` // its sequence number; "": all of the event
}

// Handle calls f with the changes of an event that AWS Lambda gets of a stream, in
// order, up to the first that fails, or cannot be read. The response has that one, so
// that Lambda sends it and those after it again; of an event that cannot be read at
// all, it asks for the whole event. The error is why, to be logged: who returns it to
// Lambda has the whole event sent again, too.
//
//	func handle(ctx context.Context, event json.RawMessage) (stream.Response, error) {
//		done, err := stream.Handle(ctx, orders, event, ship)
//		if err != nil {
//			slog.Error("orders", "error", err)
//		}
//		return done, nil
//	}
func Handle[T any](ctx context.Context, source Source[T], event []byte, f func(context.Context, Change[T]) error) (Response, error) {
	all := Response{[]Failure{{""}}}
	images, as, err := open(source)
	if err != nil {
		return all, failEvent(images, err)
	}
	ours, err := readEvent(ctx, images, event)
	if err != nil {
		return all, failEvent(images, err)
	}
	for i := range ours {
		r := &ours[i]
		if err = r.err; err != nil {
			err = r.failure("")
		} else {
			err = f(ctx, changeOf(r, as))
		}
		if err != nil {
			return Response{[]Failure{{r.sequence}}}, failEvent(images, err)
		}
	}
	return Response{[]Failure{}}, nil
}

// failEvent makes the public error of an event that failed with err.
func failEvent(images *core.Images, err error) error {
	if err == nil {
		return nil
	}
	table, name := "(none)", "event"
	if images != nil && images.Check() == nil {
		table, name = images.Table().Name, images.Name()
	}
	return &dynox.Error{Op: "stream event", Table: table, Item: name, Err: err}
}

// eventRecord is a record of an event.
type eventRecord struct {
	EventID   string `json:"eventID"`
	EventName Event  `json:"eventName"`
	Dynamodb  struct {
		At       float64         `json:"ApproximateCreationDateTime"` // in seconds
		Keys     json.RawMessage `json:"Keys"`
		OldImage json.RawMessage `json:"OldImage"`
		NewImage json.RawMessage `json:"NewImage"`
		Sequence string          `json:"SequenceNumber"`
	} `json:"dynamodb"`
	UserIdentity struct {
		Principal string `json:"principalId"`
		Type      string `json:"type"`
	} `json:"userIdentity"`
}

// readEvent reads what of an event is of images' repositories.
func readEvent(ctx context.Context, images *core.Images, event []byte) ([]reading, error) {
	given, err := parseEvent(event)
	if err != nil {
		return nil, fmt.Errorf("the event cannot be read: %w", err)
	}
	records := make([]record, len(given))
	for i := range given {
		if records[i], err = given[i].record(); err != nil {
			return nil, fmt.Errorf("the event cannot be read: record %d: %w", i, err)
		}
	}
	return read(ctx, images, records), nil
}

func parseEvent(event []byte) ([]eventRecord, error) {
	var of struct{ Records *[]eventRecord }
	to := any(&of)
	if bytes.HasPrefix(bytes.TrimSpace(event), []byte("[")) {
		of.Records = new([]eventRecord)
		to = of.Records
	}
	if err := json.Unmarshal(event, to); err != nil {
		return nil, quiet(err)
	}
	if of.Records == nil {
		return nil, errors.New("it has no Records")
	}
	return *of.Records, nil
}

// quiet is an error of encoding/json without what it quotes.
func quiet(err error) error {
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("no JSON at byte %d", syntax.Offset)
	case errors.As(err, &wrong):
		return fmt.Errorf("field %s is of another type than %v", wrong.Field, wrong.Type)
	}
	return fmt.Errorf("no JSON: %v", reflect.TypeOf(err))
}

func (e *eventRecord) record() (record, error) {
	d := &e.Dynamodb
	r := record{id: e.EventID, sequence: d.Sequence, event: e.EventName, expired: expired(e.UserIdentity.Type, e.UserIdentity.Principal)}
	switch {
	case r.event != Insert && r.event != Modify && r.event != Remove:
		return r, errors.New("its eventName is none of a stream")
	case r.sequence == "":
		return r, errors.New("it has no sequence number")
	}
	if d.At > 0 && d.At < 1<<40 {
		seconds, rest := math.Modf(d.At)
		r.at = time.Unix(int64(seconds), int64(rest*1e9)).UTC()
	}
	for _, part := range []struct {
		name string
		json json.RawMessage
		to   *attributes
	}{{"Keys", d.Keys, &r.keys}, {"OldImage", d.OldImage, &r.old}, {"NewImage", d.NewImage, &r.new}} {
		if len(part.json) == 0 || string(part.json) == "null" {
			continue
		}
		var err error
		if *part.to, err = codec.AttributeValues(part.json); err != nil {
			return r, fmt.Errorf("%s: %w", part.name, err)
		}
		if len(*part.to) == 0 {
			*part.to = nil
		}
	}
	switch {
	case len(r.keys) == 0:
		return r, errors.New("it has no Keys")
	case r.event == Insert && r.old != nil:
		return r, errors.New("it is an INSERT with an OldImage")
	case r.event == Remove && r.new != nil:
		return r, errors.New("it is a REMOVE with a NewImage")
	}
	return r, nil
}
