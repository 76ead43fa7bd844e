package stream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
)

// Checkpoint is what is stored of a consumer: of a shard, how far it is and which
// worker has it; of a worker, that it lives; and where the consumer began.
type Checkpoint struct {
	Consumer string        `dynamodbav:"consumer"`
	Stream   string        `dynamodbav:"stream"`             // the ARN
	Name     string        `dynamodbav:"name"`               // "shard#" and its ID, "worker#" and its holder, "start"
	Parent   string        `dynamodbav:"parent,omitempty"`   // the ID of the shard's parent
	Sequence string        `dynamodbav:"sequence,omitempty"` // the last sequence number that is done
	Done     bool          `dynamodbav:"done"`               // all of the shard is
	Skipped  bool          `dynamodbav:"skipped,omitempty"`  // done because it is older than Latest
	From     Start         `dynamodbav:"from,omitempty"`     // of the start
	Since    time.Time     `dynamodbav:"since,omitzero"`     // without a sequence number: changes from then on
	Holder   string        `dynamodbav:"holder"`             // random, of the worker; empty when nobody has the shard
	Token    int64         `dynamodbav:"token"`              // how many have had it
	Beat     int64         `dynamodbav:"beat"`               // counts the holder's writes
	Lease    time.Duration `dynamodbav:"lease"`              // in nanoseconds, as the holder wants it
	At       time.Time     `dynamodbav:"at"`                 // of the last write, by the holder's clock
}

// Checkpoints are where consumers store how far they are. They are safe for
// concurrent use.
type Checkpoints struct {
	repo   *dynox.Repo[Checkpoint]
	key    dynox.Key[Checkpoint]
	holder expr.Attr[Checkpoint, string]
	token  expr.Attr[Checkpoint, int64]
	beat   expr.Attr[Checkpoint, int64]
}

// CheckpointsOption is an option of [NewCheckpoints].
type CheckpointsOption func(*checkpointsOptions)

type checkpointsOptions struct{ partition, sort string }

// CheckpointKey names the table's key attributes, which are texts: "pk" and "sk"
// unless it says otherwise.
func CheckpointKey(partition, sort string) CheckpointsOption {
	return func(o *checkpointsOptions) { o.partition, o.sort = partition, sort }
}

// NewCheckpoints are the checkpoints in a table, which may hold other items. It does
// no I/O. Those of one consumer of a stream are one item collection, with the partition
// key "checkpoint#", the consumer, "#" and the stream's ARN.
//
// The table may be the one whose changes are read, but each heartbeat of a worker is
// then a change too, which every consumer of the stream skips: one of its own is
// better.
func NewCheckpoints(t *dynox.Table, opts ...CheckpointsOption) (*Checkpoints, error) {
	o := checkpointsOptions{partition: "pk", sort: "sk"}
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	p := expr.Proto[Checkpoint]()
	c := &Checkpoints{
		holder: expr.At(p, &p.Holder), token: expr.At(p, &p.Token), beat: expr.At(p, &p.Beat),
		key: dynox.Key[Checkpoint]{
			Partition: dynox.Composite(o.partition, "checkpoint#{}#{}", expr.At(p, &p.Consumer), expr.At(p, &p.Stream)),
			Sort:      dynox.Composite(o.sort, "{}", expr.At(p, &p.Name)),
		},
	}
	var err error
	c.repo, err = dynox.NewRepo(t, c.key, dynox.Kind[Checkpoint]("checkpoint"))
	return c, err
}

// Repo is the repository of the checkpoints: for [dynox.Table.Ensure], and to look at
// them. Who deletes all of a consumer, while it has no workers, has it begin anew.
func (c *Checkpoints) Repo() *dynox.Repo[Checkpoint] { return c.repo }

// errMoved: a checkpoint is not as it was thought to be.
var errMoved = errors.New("another worker has written the checkpoint")

// store is where the checkpoints of one consumer of a stream are.
type store interface {
	list(context.Context) ([]Checkpoint, error)
	// create stores a checkpoint that is not there yet, or fails with errMoved.
	create(context.Context, Checkpoint) error
	// renew stores one whose holder and token are those of from, or fails with errMoved.
	renew(_ context.Context, from, to Checkpoint) error
	// take stores one if nothing was written since from was, or fails with errMoved.
	take(_ context.Context, from, to Checkpoint) error
	// put stores one in any case.
	put(context.Context, Checkpoint) error
	// remove deletes one if nothing was written since.
	remove(context.Context, Checkpoint) error
}

// tableStore is a store in a table.
type tableStore struct {
	*Checkpoints

	collection Checkpoint
}

func (s *tableStore) list(ctx context.Context) ([]Checkpoint, error) {
	var all []Checkpoint
	for c, err := range s.repo.Query(ctx, s.key.Collection(s.collection).Consistent()) {
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

func (s *tableStore) create(ctx context.Context, c Checkpoint) error {
	return moved(s.repo.Create(ctx, s.named(&c)))
}

func (s *tableStore) renew(ctx context.Context, from, to Checkpoint) error {
	return moved(s.repo.Put(ctx, s.named(&to), expr.If(s.same(from))))
}

func (s *tableStore) take(ctx context.Context, from, to Checkpoint) error {
	return moved(s.repo.Put(ctx, s.named(&to), expr.If(s.same(from), s.beat.Eq(from.Beat))))
}

func (s *tableStore) put(ctx context.Context, c Checkpoint) error {
	return s.repo.Put(ctx, s.named(&c))
}

func (s *tableStore) remove(ctx context.Context, c Checkpoint) error {
	return moved(s.repo.Delete(ctx, *s.named(&c), expr.If(s.same(c), s.beat.Eq(c.Beat))))
}

func (s *tableStore) same(c Checkpoint) expr.Cond[Checkpoint] {
	return s.holder.Eq(c.Holder).And(s.token.Eq(c.Token))
}

// named is c with its key.
func (s *tableStore) named(c *Checkpoint) *Checkpoint {
	c.Consumer, c.Stream = s.collection.Consumer, s.collection.Stream
	return c
}

// moved is err of a write that depends on what is stored.
func moved(err error) error {
	if errors.Is(err, dynox.ErrConditionFailed) && !errors.Is(err, dynox.ErrUnknownOutcome) {
		return fmt.Errorf("%w: %w", errMoved, err)
	}
	return err
}

// memoryStore is a store of one worker that stands alone.
type memoryStore struct {
	mu  sync.Mutex
	all map[string]Checkpoint
}

func (s *memoryStore) list(context.Context) ([]Checkpoint, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Checkpoint, 0, len(s.all))
	for _, c := range s.all {
		all = append(all, c)
	}
	return all, nil
}

func (s *memoryStore) put(_ context.Context, c Checkpoint) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[c.Name] = c
	return nil
}

func (s *memoryStore) create(ctx context.Context, c Checkpoint) error    { return s.put(ctx, c) }
func (s *memoryStore) renew(ctx context.Context, _, to Checkpoint) error { return s.put(ctx, to) }
func (s *memoryStore) take(ctx context.Context, _, to Checkpoint) error  { return s.put(ctx, to) }
func (s *memoryStore) remove(_ context.Context, c Checkpoint) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, c.Name)
	return nil
}
