package lock

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
)

// Lease is a lease that was acquired. It is safe for concurrent use.
//
// A lease never stops a process that believes it holds it: one that was paused, or
// cut off, goes on after another has taken over, and no lease can know. What must
// not be written then is written in a transaction with the lease's guard:
//
//	err := tx.Write(ctx, tx.Check(l.Guard()), tx.Put(reports, &report))
//
// What is written elsewhere carries the lease's [Lease.Token], and who stores it
// refuses a lesser one than the greatest it has seen.
type Lease struct {
	leases   *Leases
	name     string
	id       string
	token    int64
	duration time.Duration

	ctx    context.Context //nolint:containedctx // it ends with the lease, which is what it is for
	cancel context.CancelCauseFunc
	beats  chan struct{} // closed when the goroutine of the heartbeats has ended
	doubt  time.Time     // of that goroutine: when the first heartbeat over record's version was sent

	mu     sync.Mutex  // of what follows
	until  time.Time   // when the lease is lost, if nothing is heard
	expire *time.Timer // fires then

	releasing sync.Mutex // of the record, once the heartbeats have ended, and of what follows
	record    Record     // as it was last known to be stored
	released  bool
}

// hold is the lease of rec, which was written after a.sent.
func (a *attempt) hold(ctx context.Context, rec Record) *Lease {
	a.forget(rec.Name)
	rec.Duration = a.duration
	l := &Lease{
		leases: a.Leases, name: rec.Name, id: a.id, token: rec.Token, duration: rec.Duration,
		record: rec, beats: make(chan struct{}),
	}
	ctx, l.cancel = context.WithCancelCause(ctx)
	l.ctx = ctx
	l.until = a.sent.Add(rec.Duration)
	l.expire = time.AfterFunc(time.Until(l.until), func() { l.cancel(ErrLost) })
	go l.beat(ctx)
	return l
}

// Token is the fencing token: greater than that of every holder before, and never
// given again.
func (l *Lease) Token() int64 { return l.token }

// Name is the lease's name.
func (l *Lease) Name() string { return l.name }

// Held reports whether the lease is held as far as this process can tell. It is
// advisory: what it says may be outdated when it returns. Only [Lease.Guard] is
// safe.
func (l *Lease) Held() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ctx.Err() == nil && time.Now().Before(l.until)
}

// Context is that of Acquire, ended when the lease is: [context.Cause] is [ErrLost]
// if it was lost, and [context.Canceled] if it was released. It is lost when no
// heartbeat of the last duration is known to have succeeded, counted from when it
// was sent, and when another has taken over. Like [Lease.Held] it is advisory.
func (l *Lease) Context() context.Context { return l.ctx }

// Guard is the check for a transaction, as [tx.Check] takes it. It holds as long as
// the record has this holder and its token: not after a release, nor after another
// has taken over. Transactions of one lease that run at the same time are in each
// other's way, as any with the same item are.
//
// [tx.Check]: https://pkg.go.dev/github.com/dynox-go/dynox/tx#Check
func (l *Lease) Guard() (*dynox.Repo[Record], Record, expr.Cond[Record]) {
	ls := l.leases
	return ls.repo, Record{Name: l.name}, ls.holder.Eq(l.id).And(ls.token.Eq(l.token))
}

// Release gives the lease up, so that another can have it at once. The record
// stays. It fails with [ErrLost] if another has had the lease already, and with the
// service's error if the record could not be written: then the lease is free after
// its duration, or after another Release. In any case it is not held any more.
// Releasing a lease that was released does nothing.
func (l *Lease) Release(ctx context.Context) error {
	l.end(context.Canceled)
	<-l.beats
	l.releasing.Lock()
	defer l.releasing.Unlock()
	if l.released {
		return nil
	}
	for tries := 0; ; tries++ {
		next := l.record
		next.Holder = ""
		err := l.leases.repo.Put(ctx, &next)
		if err == nil {
			l.released = true
			return nil
		}
		if tries == 10 || !unknown(err) && !conflict(err) && !errors.Is(err, dynox.ErrConditionFailed) {
			return err
		}
		if conflict(err) {
			if err := sleep(ctx, jitter(l.duration/100)); err != nil {
				return err
			}
		}
		rec, err := l.read(ctx)
		switch {
		case err != nil:
			return err
		case rec.Token == l.token && rec.Holder == "": // a write whose answer was lost
			l.released = true
			return nil
		case !l.own(rec):
			return ErrLost
		}
		l.record.Version = rec.Version
	}
}

// end ends the lease for this process.
func (l *Lease) end(cause error) {
	l.expire.Stop()
	l.cancel(cause)
}

// beat sends heartbeats until the lease ends, and owns the record meanwhile.
func (l *Lease) beat(ctx context.Context) {
	defer close(l.beats)
	defer l.expire.Stop()
	wait := l.duration / 3
	for sleep(ctx, jitter(wait)) == nil {
		wait = l.duration / 3
		if !l.renew(ctx) {
			wait = l.duration / 20
		}
	}
}

// renew sends one heartbeat and reports whether one is known to have succeeded.
// When the answer does not tell, it reads what is stored: a record that has gone
// on, with this holder, was written by this heartbeat or by one before.
func (l *Lease) renew(ctx context.Context) bool {
	if l.doubt.IsZero() {
		l.doubt = time.Now()
	}
	sent := time.Now()
	next := l.record
	err := l.put(ctx, &next)
	if err == nil {
		l.record = next
		l.extend(sent)
		return true
	}
	if conflict(err) {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, l.duration/5)
	defer cancel()
	rec, err := l.read(ctx)
	switch {
	case err != nil:
		return false
	case !l.own(rec):
		l.end(ErrLost)
		return false
	case rec.Version == l.record.Version:
		return false
	}
	l.record.Version = rec.Version
	l.extend(l.doubt)
	return true
}

// put writes the record, for a part of the duration at most, so that one request
// that hangs does not lose the lease.
func (l *Lease) put(ctx context.Context, rec *Record) error {
	ctx, cancel := context.WithTimeout(ctx, l.duration/5)
	defer cancel()
	return l.leases.repo.Put(ctx, rec)
}

// extend counts the duration anew from when a heartbeat was sent that has succeeded.
// A lease that was lost stays lost.
func (l *Lease) extend(sent time.Time) {
	l.doubt = time.Time{}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until = sent.Add(l.duration)
	if l.ctx.Err() == nil {
		l.expire.Reset(time.Until(l.until))
	}
}

// read is the record as it is stored, zero if somebody has deleted it.
func (l *Lease) read(ctx context.Context) (Record, error) {
	rec, err := l.leases.repo.Get(ctx, Record{Name: l.name}, dynox.Consistent)
	if errors.Is(err, dynox.ErrNotFound) {
		return Record{}, nil
	}
	return rec, err
}

func (l *Lease) own(rec Record) bool { return rec.Holder == l.id && rec.Token == l.token }
