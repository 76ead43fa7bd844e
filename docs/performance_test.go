package docs_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/dynox-go/dynox"
)

// nightsBooked adds up what is booked, with four segments of the table at once, and two attributes of
// each item on the way.
func nightsBooked(ctx context.Context, bookings *dynox.Repo[Booking]) (nights int, err error) {
	all := dynox.All[Booking]().Segments(4).Only(bookingNights, bookingStatus)
	for b, err := range bookings.Scan(ctx, all) {
		if err != nil {
			return 0, err
		}
		nights += b.Nights
	}
	return nights, nil
}

// stay is a booking for those who want no more of it.
type stay struct {
	Room   string `dynamodbav:"room"`
	Nights int    `dynamodbav:"nights"`
}

// stays reads the next page while the items of the last are used.
func stays(ctx context.Context, bookings *dynox.Repo[Booking], guest string) (all []stay, err error) {
	for s, err := range dynox.Into[stay](ctx, bookings, BookingKey.In(Booking{Guest: guest}).Prefetch()) {
		if err != nil {
			return all, err
		}
		all = append(all, s)
	}
	return all, nil
}

func Example_fastReads() {
	ctx := context.Background()
	h := openHotel(ctx)
	fmt.Println(nightsBooked(ctx, h.bookings))
	fmt.Println(stays(ctx, h.bookings, "ann"))
	// Output:
	// 8 <nil>
	// [{101 2} {102 1}] <nil>
}

// manyAtOnce is a client for a few hundred calls at once.
func manyAtOnce(cfg aws.Config) *dynamodb.Client {
	return dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) {
		o.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConns, t.MaxIdleConnsPerHost = 256, 256
		})
		o.Retryer = dynox.Retryer(0)
	})
}

func Example_manyAtOnce() {
	client, ok := manyAtOnce(aws.Config{Region: "eu-west-1"}).Options().HTTPClient.(*awshttp.BuildableClient)
	fmt.Println(ok, client.GetTransport().MaxIdleConnsPerHost)
	// Output:
	// true 256
}
