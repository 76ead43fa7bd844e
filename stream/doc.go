// Package stream reads the changes of a table's items from its DynamoDB stream, as
// the types that repositories have:
//
//	changes, err := stream.New(streams, orders, stream.As("mailer", checkpoints))
//	…
//	for c, err := range changes.Changes(ctx) {
//		if err != nil {
//			return err
//		}
//		switch c.Event {
//		case stream.Insert:
//			…
//		}
//	}
//
// Images are opened, upgraded and decoded as the repository does with items that it
// reads. Every change is yielded at least once, and the changes of one item in the
// order of their writes, across the shards that come and go. What a consumer has
// done is stored in [Checkpoints], so that it goes on there after a restart, and any
// number of workers share the shards: each call of [Stream.Changes] is one.
//
// [Decode] and [Handle] read the events that AWS Lambda gets of a stream.
//
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
package stream
