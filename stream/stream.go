package stream

import (
	"context"
	"crypto/rand"
	"errors"
	"iter"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/internal/core"
)

// Client is what a stream is read with: a *dynamodbstreams.Client, of the region of
// the table's client. It must be safe for concurrent use.
type Client interface {
	DescribeStream(context.Context, *dynamodbstreams.DescribeStreamInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.DescribeStreamOutput, error)
	GetShardIterator(context.Context, *dynamodbstreams.GetShardIteratorInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetShardIteratorOutput, error)
	GetRecords(context.Context, *dynamodbstreams.GetRecordsInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetRecordsOutput, error)
}

// Source tells whose changes are read: a *[dynox.Repo], or a *[dynox.UnionOf] for
// several kinds.
type Source[T any] interface {
	Images(core.Door) (*core.Images, func(repo int, item reflect.Value) T)
}

// Stream is the changes of the items of a repository, or a union. It is immutable and
// safe for concurrent use.
type Stream[T any] struct {
	options

	client Client
	images *core.Images
	as     func(repo int, item reflect.Value) T
}

// New describes the stream of the table that source reads. It does no I/O. It makes no
// stream either: the option [dynox.Stream] has the table's definition say that there is
// one.
//
// Changes of other kinds' items are left out, and so are the claims of unique values.
// Of a union's they are errors unless [dynox.UnionOf.Skip] says otherwise. An item
// that becomes one of another kind was removed. Kinds are told apart by the images:
// where there is none, only by what keys begin with.
func New[T any](client Client, source Source[T], opts ...Option) (*Stream[T], error) {
	s := &Stream[T]{client: client}
	fail := func(err error) (*Stream[T], error) {
		table, name := "(none)", reflect.TypeFor[T]().String()
		if s.images != nil && s.images.Check() == nil {
			table, name = s.images.Table().Name, s.images.Name()
		}
		return nil, &dynox.Error{Op: "new stream", Table: table, Item: name, Err: err}
	}
	if v := reflect.ValueOf(client); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return fail(errors.New("a stream without a client"))
	}
	var err error
	if s.images, s.as, err = open(source); err != nil {
		return fail(err)
	}
	if s.options, err = newOptions(opts); err != nil {
		return fail(err)
	}
	return s, nil
}

// open is what reads the images of a source.
func open[T any](source Source[T]) (*core.Images, func(int, reflect.Value) T, error) {
	if source == nil {
		return nil, nil, errors.New("nil repository")
	}
	images, as := source.Images(core.Door{})
	return images, as, images.Check()
}

// Changes yields the changes, as a worker of the consumer that [As] names. It goes on
// until ctx ends, which is the last error it yields; until the loop is left; or
// until a stream that was switched off is consumed. Any other error is yielded last,
// once, too, and another loop goes on after what is done. Throttled requests are sent
// again as long as it takes; what else may pass, such as a service that does not answer,
// for a minute.
//
// A change is done when the loop asks for the next one. A loop that is left, by break,
// return or a panic, leaves its change undone. What is done is stored from time
// to time, see [SaveEvery], and when the loop ends, with a few seconds left for it
// after ctx: so a change may come again only after a worker died, lost its shards
// because it could not reach the service for the time of a [Lease], or failed to store
// its checkpoints. Whoever gets a shard then may yield its changes while the one who
// lost it is still busy with one: what must not be done by both is guarded by
// [Change.Token].
//
// Changes of an item come in the order of their writes, after those of the
// shards that its own descends from. Between items there is no order.
//
// Bodies run one at a time, in the caller's goroutine, hooks too. Requests of shards
// have goroutines that end before the loop has ended; each shard has at most two
// requests' records in memory, of 1000 changes or 1 MB each. Heartbeats do not depend on
// the body, so that it may take any time.
func (s *Stream[T]) Changes(ctx context.Context) iter.Seq2[Change[T], error] {
	return func(yield func(Change[T], error) bool) {
		err := s.run(ctx, 1, func(p *parcel, some []reading) bool {
			return yield(s.change(p, &some[0]), nil)
		})
		if err != nil {
			yield(Change[T]{}, err)
		}
	}
}

// Batches is [Stream.Changes] by up to limit changes of a shard at once, in order, but
// never none: those that are there, without waiting for more. They are done
// together when the loop asks for the next. The slice is the loop's own.
func (s *Stream[T]) Batches(ctx context.Context, limit int) iter.Seq2[[]Change[T], error] {
	return func(yield func([]Change[T], error) bool) {
		if limit < 1 {
			yield(nil, s.fail(errors.New("batches of less than 1 change")))
			return
		}
		err := s.run(ctx, limit, func(p *parcel, some []reading) bool {
			changes := make([]Change[T], len(some))
			for i := range some {
				changes[i] = s.change(p, &some[i])
			}
			return yield(changes, nil)
		})
		if err != nil {
			yield(nil, err)
		}
	}
}

// run is a worker that yields up to limit changes at once.
func (s *Stream[T]) run(ctx context.Context, limit int, yield func(*parcel, []reading) bool) error {
	w := &worker{
		options: s.options, client: s.client, images: s.images, id: rand.Text(),
		store: &memoryStore{all: map[string]Checkpoint{}},
		limit: limit, yield: yield,
	}
	return s.fail(w.run(ctx))
}

// change is a reading of p as users see it.
func (s *Stream[T]) change(p *parcel, r *reading) Change[T] {
	c := changeOf(r, s.as)
	c.Shard, c.Token = p.shard.id, p.shard.token
	return c
}

func changeOf[T any](r *reading, as func(int, reflect.Value) T) Change[T] {
	image := func(i *core.Imaged) *T {
		if i == nil {
			return nil
		}
		item := as(i.Repo, i.Item)
		return &item
	}
	return Change[T]{
		Event: r.event, Key: as(r.key.Repo, r.key.Item), Old: image(r.old), New: image(r.new),
		At: r.at, Expired: r.expired, ID: r.id, Sequence: r.sequence,
	}
}

// fail makes the public error of a loop that failed with err.
func (s *Stream[T]) fail(err error) error {
	if err == nil {
		return nil
	}
	return &dynox.Error{Op: "stream", Table: s.images.Table().Name, Item: s.images.Name(), Err: dynox.PublicError(core.Door{}, err)}
}
