package docs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/stream"
)

// mailer tells guests that their bookings are confirmed, until ctx ends.
func mailer(ctx context.Context, h hotel, mail func(Booking)) error {
	checkpoints, err := stream.NewCheckpoints(dynox.NewTable(h.engine.Client(), "checkpoints"))
	if err != nil {
		return err
	}
	streams := h.engine.StreamsClient() // or dynamodbstreams.NewFromConfig(cfg)
	changes, err := stream.New(streams, h.bookings, stream.As("mailer", checkpoints))
	if err != nil {
		return err
	}
	for c, err := range changes.Changes(ctx) {
		if err != nil {
			return err
		}
		if c.Event == stream.Modify && c.Old.Status != c.New.Status {
			mail(*c.New)
		}
	}
	return nil
}

func Example_streams() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	h := openHotel(ctx, dynox.Stream(types.StreamViewTypeNewAndOldImages))
	other := dynox.NewTable(h.engine.Client(), "checkpoints")
	checkpoints, err := stream.NewCheckpoints(other)
	succeed(err)
	succeed(other.Ensure(ctx, checkpoints.Repo()))
	_, err = h.bookings.Update(ctx, Booking{Guest: "ann", ID: "1"}, bookingStatus.Set("confirmed"))
	succeed(err)
	err = mailer(ctx, h, func(b Booking) {
		fmt.Println(b.Guest, b.ID, b.Status)
		cancel()
	})
	fmt.Println(err)
	// Output:
	// ann 1 confirmed
	// dynox: stream hotel: booking: context canceled
}

// handler is the function of a Lambda.
type handler struct {
	bookings *dynox.Repo[Booking]
	mail     func(context.Context, stream.Change[Booking]) error
}

func (h handler) handle(ctx context.Context, event json.RawMessage) (stream.Response, error) {
	done, err := stream.Handle(ctx, h.bookings, event, h.mail)
	if err != nil {
		slog.Error("bookings", "error", err)
	}
	return done, nil
}

func Example_lambda() {
	ctx := context.Background()
	f := handler{openHotel(ctx).bookings, func(_ context.Context, c stream.Change[Booking]) error {
		fmt.Println(c.Event, c.New.Guest, c.New.Status)
		return nil
	}}
	done, err := f.handle(ctx, json.RawMessage(`{"Records":[{"eventName":"INSERT","eventSource":"aws:dynamodb","dynamodb":{
		"SequenceNumber":"1","StreamViewType":"NEW_IMAGE",
		"Keys":{"pk":{"S":"GUEST#eve"},"sk":{"S":"BOOKING#1"}},
		"NewImage":{"pk":{"S":"GUEST#eve"},"sk":{"S":"BOOKING#1"},"kind":{"S":"booking"},"guest":{"S":"eve"},"id":{"S":"1"},"status":{"S":"open"}}}}]}`))
	fmt.Println(len(done.BatchItemFailures), err)
	// Output:
	// INSERT eve open
	// 0 <nil>
}
