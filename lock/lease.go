package lock

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
)

// How an acquiring or a lease ends, for errors.Is.
var (
	// ErrHeld: somebody else has held the lease for as long as Acquire would wait.
	ErrHeld = errors.New("dynox: lock: the lease is held by another")
	// ErrLost: the holder could not renew the lease in time, or another has it now.
	ErrLost = errors.New("dynox: lock: the lease is lost")
)

// Record is a lease as it is stored. It is never deleted, so that its tokens only
// grow.
type Record struct {
	Name     string        `dynamodbav:"name"`
	Holder   string        `dynamodbav:"holder,omitempty"` // random; empty when nobody holds it
	Token    int64         `dynamodbav:"token"`            // how many holders there have been
	Duration time.Duration `dynamodbav:"duration"`         // in nanoseconds, as the holder wants it
	Version  int64         `dynamodbav:"version"`          // counts the writes
	Write    string        `dynamodbav:"write"`            // random, of the last write
}

// Leases are the leases of one kind in a table. They are safe for concurrent use.
// They remember, for each name that somebody else was seen to hold, since when.
type Leases struct {
	repo   *dynox.Repo[Record]
	holder expr.Attr[Record, string]
	token  expr.Attr[Record, int64]

	mu   sync.Mutex
	seen map[string]sighting
}

// sighting is when a record was first seen as it is, on this process's clock.
type sighting struct {
	write string
	at    time.Time
}

// LeasesOption is an option of [NewLeases].
type LeasesOption func(*leasesOptions)

type leasesOptions struct{ kind, partition, sort string }

// LeaseKey names the table's key attributes, which are texts: "pk" and "sk" unless
// it says otherwise. The sort key is "" where the table has none.
func LeaseKey(partition, sort string) LeasesOption {
	return func(o *leasesOptions) { o.partition, o.sort = partition, sort }
}

// LeaseKind sets the kind of the records, "lease" by default, which their keys begin
// with. Leases of the same name and of different kinds are different leases.
func LeaseKind(kind string) LeasesOption {
	return func(o *leasesOptions) { o.kind = kind }
}

// NewLeases are the leases in a table, which may hold other items. It does no I/O.
// The record of the lease "report" has the partition key "lease#report", and the
// sort key "lease" if the table has one.
//
// All who compete for a lease use one table in one region: of a global table,
// whose regions learn of each other's writes later, one region.
func NewLeases(t *dynox.Table, opts ...LeasesOption) (*Leases, error) {
	o := leasesOptions{kind: "lease", partition: "pk", sort: "sk"}
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	if o.kind == "" {
		return nil, errors.New("dynox: lock.NewLeases: empty kind")
	}
	proto := expr.Proto[Record]()
	key := dynox.Key[Record]{Partition: dynox.Composite(o.partition, o.kind+"#{}", expr.At(proto, &proto.Name))}
	if o.sort != "" {
		key.Sort = dynox.Const[Record](o.sort, o.kind)
	}
	repo, err := dynox.NewRepo(t, key, dynox.Kind[Record](o.kind),
		Version(expr.At(proto, &proto.Version), Token(expr.At(proto, &proto.Write))))
	if err != nil {
		return nil, err
	}
	return &Leases{
		repo: repo, holder: expr.At(proto, &proto.Holder), token: expr.At(proto, &proto.Token),
		seen: map[string]sighting{},
	}, nil
}

// Repo is the repository of the records: for [dynox.Table.Ensure], and to look at
// them. Who writes or deletes a record breaks its lease.
func (ls *Leases) Repo() *dynox.Repo[Record] { return ls.repo }

// LeaseOption is an option of [Leases.Acquire].
type LeaseOption func(*leaseOptions)

type leaseOptions struct{ duration, wait time.Duration }

// For sets the duration of the lease: for how long others leave it alone after its
// holder was last heard of. The default is 10 seconds, the least is 10 ms.
func For(d time.Duration) LeaseOption { return func(o *leaseOptions) { o.duration = d } }

// Wait bounds how long Acquire waits for a lease that is held, in place of as long
// as its context lets it: then it fails with [ErrHeld]. With 0 it does not wait.
func Wait(d time.Duration) LeaseOption { return func(o *leaseOptions) { o.wait = max(d, 0) } }

// Acquire waits until it holds the lease called name. The lease is kept, by a
// goroutine of its own, until it is released or ctx ends: ctx spans the time of
// holding too, and [Wait] bounds that of waiting alone.
//
// A lease that is held is taken over when its record has not changed for the whole
// duration that its holder stored, counted on the clock of this process from when
// it first saw the record so; calls of Acquire that do not wait count together. No
// clock is compared with another machine's. Those who wait read the record about
// ten times in a duration, and get the lease in no order. Every read is consistent.
//
// An error of the service, after the SDK's own attempts, ends the call. After any
// error a write may be on its way, whose lease nobody then keeps: it is free again
// after its duration.
func (ls *Leases) Acquire(ctx context.Context, name string, opts ...LeaseOption) (*Lease, error) {
	o := leaseOptions{duration: 10 * time.Second, wait: -1}
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	if o.duration < 10*time.Millisecond {
		return nil, fmt.Errorf("dynox: lock.Leases.Acquire: a duration of %v: the least is 10ms", o.duration)
	}
	a := attempt{Leases: ls, id: rand.Text(), duration: o.duration}
	start := time.Now()
	for {
		l, wait, err := a.try(ctx, name)
		if l != nil || err != nil {
			return l, err
		}
		if wait > 0 && o.wait >= 0 {
			left := o.wait - time.Since(start)
			if left <= 0 {
				return nil, ErrHeld
			}
			wait = min(wait, left)
		}
		if err := sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// attempt is one call of Acquire.
type attempt struct {
	*Leases

	id       string
	duration time.Duration
	sent     time.Time // when the first write over the version base was sent
	base     int64
	failed   int // writes in a row that nobody can tell the reason of
}

// try reads the record, and writes it if it is free. Without lease and error it
// tells how long to wait before it is worth another.
func (a *attempt) try(ctx context.Context, name string) (*Lease, time.Duration, error) {
	rec, err := a.repo.Get(ctx, Record{Name: name}, dynox.Consistent)
	missing := errors.Is(err, dynox.ErrNotFound)
	switch {
	case missing:
		rec = Record{Name: name}
	case err != nil:
		return nil, 0, err
	case rec.Holder == a.id: // a write whose answer was lost
		if time.Since(a.sent) < a.duration {
			return a.hold(ctx, rec), 0, nil
		}
	case rec.Holder != "":
		if wait := a.remaining(rec); wait > 0 {
			return nil, min(wait, jitter(max(rec.Duration/10, time.Millisecond))), nil
		}
	}
	if a.sent.IsZero() || a.base != rec.Version {
		a.sent, a.base = time.Now(), rec.Version
	}
	next := Record{Name: name, Holder: a.id, Token: rec.Token + 1, Duration: a.duration, Version: rec.Version}
	switch err := a.repo.Put(ctx, &next); {
	case err == nil && time.Since(a.sent) < a.duration:
		return a.hold(ctx, next), 0, nil
	case ctx.Err() != nil:
		return nil, 0, ctx.Err()
	case err == nil: // so late that it is lost again
		return nil, 0, nil
	case conflict(err):
		return nil, jitter(a.duration / 100), nil
	case missing && errors.Is(err, dynox.ErrConditionFailed), unknown(err):
		// An item of another kind, which reads do not see, looks like this too.
		if a.failed++; a.failed > 3 {
			return nil, 0, err
		}
		return nil, 0, nil
	case errors.Is(err, dynox.ErrConditionFailed): // somebody was faster
		a.failed = 0
		return nil, 0, nil
	default:
		return nil, 0, err
	}
}

// remaining is how much longer rec, which was read just now, is left alone.
func (ls *Leases) remaining(rec Record) time.Duration {
	now := time.Now()
	ls.mu.Lock()
	defer ls.mu.Unlock()
	s, ok := ls.seen[rec.Name]
	if !ok || s.write != rec.Write {
		s = sighting{rec.Write, now}
		ls.seen[rec.Name] = s
	}
	return rec.Duration - now.Sub(s.at)
}

func (ls *Leases) forget(name string) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	delete(ls.seen, name)
}

// unknown reports whether a write that failed with err may have taken effect.
func unknown(err error) bool { return errors.Is(err, dynox.ErrUnknownOutcome) }

// conflict reports whether a transaction was in the way: one with the lease's
// guard, such as another of its holder's.
func conflict(err error) bool {
	var c *types.TransactionConflictException
	return errors.As(err, &c)
}

// jitter is between a half and all of d.
func jitter(d time.Duration) time.Duration { return d - mathrand.N(d/2+1) }

// sleep waits, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
