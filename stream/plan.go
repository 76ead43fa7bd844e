package stream

import (
	"cmp"
	"context"
	"errors"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streams "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/dynox-go/dynox/internal/core"
)

// The names of checkpoints.
const (
	startName    = "start"
	shardPrefix  = "shard#"
	workerPrefix = "worker#"
)

func compare(a, b string) int { return cmp.Compare(a, b) }

// described is a shard of the stream's description.
type described struct {
	id, parent string
	closed     bool
}

// sighting is since when this process has seen a checkpoint as it is.
type sighting struct {
	holder      string
	token, beat int64
	at          time.Time
}

// plans plans until ctx ends: every third of the lease, and when it is nudged.
func (w *worker) plans(ctx context.Context) {
	for {
		if err := w.try(ctx, w.plan); err != nil {
			w.cancel(err)
			return
		}
		if sleep(ctx, min(w.lease/50, 200*time.Millisecond)) != nil {
			return
		}
		timer := time.NewTimer(jitter(w.lease / 3))
		select {
		case <-ctx.Done():
		case <-w.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// scene is what a plan is made of.
type scene struct {
	shards []described           // of the stream, parents first
	rows   map[string]Checkpoint // by name
	known  map[string]bool       // the shards' IDs
}

func (s *scene) row(shard string) (Checkpoint, bool) {
	row, ok := s.rows[shardPrefix+shard]
	return row, ok
}

// plan looks at the stream and its checkpoints, and takes or gives up shards.
func (w *worker) plan(ctx context.Context) error {
	if err := w.settle(ctx); err != nil {
		return err
	}
	s, disabled, err := w.look(ctx)
	if err != nil {
		return err
	}
	if ok, err := w.begin(ctx, s); !ok {
		return err
	}
	ready := s.ready()
	if disabled && !slices.ContainsFunc(s.shards, func(d described) bool { row, _ := s.row(d.id); return !row.Done }) && len(ready) == 0 {
		w.cancel(errEnded)
		return nil
	}
	if err := w.share(ctx, s, ready); err != nil {
		return err
	}
	return w.clean(ctx, s)
}

// settle releases the shards that are to be, and forgets those that were lost.
func (w *worker) settle(ctx context.Context) error {
	for _, sh := range w.having() {
		release, lost := sh.settled()
		if release {
			if err := sh.save(ctx, true); err != nil {
				return err
			}
		}
		if release || lost {
			sh.stop()
			w.mu.Lock()
			delete(w.held, sh.id)
			w.mu.Unlock()
		}
	}
	return nil
}

// look reads the checkpoints and the stream's description.
func (w *worker) look(ctx context.Context) (*scene, bool, error) {
	s := &scene{rows: map[string]Checkpoint{}, known: map[string]bool{}}
	rows, err := w.store.list(ctx)
	if err != nil {
		return nil, false, err
	}
	seen := w.seen
	w.seen = map[string]sighting{}
	for _, row := range rows {
		s.rows[row.Name] = row
		now := sighting{row.Holder, row.Token, row.Beat, time.Now()}
		if old := seen[row.Name]; old.holder == now.holder && old.token == now.token && old.beat == now.beat && !old.at.IsZero() {
			now.at = old.at
		}
		w.seen[row.Name] = now
	}
	in := &dynamodbstreams.DescribeStreamInput{StreamArn: &w.arn}
	for {
		out, err := w.client.DescribeStream(ctx, in)
		if err != nil {
			return nil, false, &core.ServiceError{Cause: err}
		}
		d := out.StreamDescription
		for _, sh := range d.Shards {
			closed := sh.SequenceNumberRange != nil && sh.SequenceNumberRange.EndingSequenceNumber != nil
			s.shards = append(s.shards, described{aws.ToString(sh.ShardId), aws.ToString(sh.ParentShardId), closed})
			s.known[aws.ToString(sh.ShardId)] = true
		}
		if in.ExclusiveStartShardId = d.LastEvaluatedShardId; in.ExclusiveStartShardId == nil {
			slices.SortFunc(s.shards, func(a, b described) int { return compare(a.id, b.id) })
			return s, d.StreamStatus == streams.StreamStatusDisabled, nil
		}
	}
}

// begin sets where the consumer begins, once for all workers: when it begins with what
// is latest, the shards that there are get checkpoints that say so. It reports
// whether that is done.
func (w *worker) begin(ctx context.Context, s *scene) (bool, error) {
	start, ok := s.rows[startName]
	if start.Done {
		return true, nil
	}
	if !ok {
		start = Checkpoint{Name: startName, From: w.from, Done: w.from == TrimHorizon, At: time.Now()}
		if err := w.store.create(ctx, start); err != nil {
			return w.again(err)
		}
	}
	if start.From == Latest {
		if err := w.skip(ctx, s); err != nil {
			return w.again(err)
		}
		start.Done = true
		if err := w.store.put(ctx, start); err != nil {
			return false, err
		}
	}
	return true, nil
}

// again is for an err that may mean that another worker was faster.
func (w *worker) again(err error) (bool, error) {
	if errors.Is(err, errMoved) {
		w.nudge()
		return false, nil
	}
	return false, err
}

// skip stores that the consumer begins with what is latest: shards that are closed
// are done. Those whose parents were open when that began are read from their beginning.
func (w *worker) skip(ctx context.Context, s *scene) error {
	for _, d := range s.shards {
		if _, ok := s.row(d.id); ok {
			continue
		}
		if parent, ok := s.row(d.parent); ok && !parent.Skipped {
			continue
		}
		row := Checkpoint{Name: shardPrefix + d.id, Parent: d.parent, Done: d.closed, Skipped: d.closed, At: time.Now()}
		if !d.closed {
			row.Since = time.Now().UTC()
		}
		if err := w.store.create(ctx, row); err != nil {
			return err
		}
		s.rows[row.Name] = row
	}
	return nil
}

// ready are the shards that can be read: they are not done, and their parents are, or
// are no more. A shard that the stream has no more, and that is not done, is one too: its
// reader tells what is lost.
func (s *scene) ready() []described {
	all := slices.Clone(s.shards)
	for name, row := range s.rows {
		if id, ok := strings.CutPrefix(name, shardPrefix); ok && !s.known[id] {
			all = append(all, described{id: id, parent: row.Parent})
		}
	}
	all = slices.DeleteFunc(all, func(d described) bool {
		if row, _ := s.row(d.id); row.Done {
			return true
		}
		parent, ok := s.row(d.parent)
		if ok {
			return !parent.Done
		}
		return s.known[d.parent]
	})
	slices.SortFunc(all, func(a, b described) int { return compare(a.id, b.id) })
	return all
}

// share takes shards up to this worker's share, and gives up what is beyond it.
func (w *worker) share(ctx context.Context, s *scene, ready []described) error {
	share := w.quota(s, len(ready))
	var mine []*shard
	held := map[string]bool{}
	for _, sh := range w.having() {
		held[sh.id] = true
		if sh.staying() {
			mine = append(mine, sh)
		}
	}
	for ; len(mine) > share; mine = mine[:len(mine)-1] {
		mine[len(mine)-1].giveUp()
	}
	n := len(mine)
	for _, i := range mathrand.Perm(len(ready)) { // so that workers seldom want the same
		d := ready[i]
		row, stored := s.row(d.id)
		if n >= share || held[d.id] || stored && w.living(row) && row.Holder != "" && row.Holder != w.id {
			continue
		}
		ok, err := w.take(ctx, d, row, stored)
		if err != nil {
			return err
		}
		if ok {
			n++
		}
	}
	return nil
}

// quota is how many of n shards are this worker's share: all workers that live get the
// same, and the first of them one more.
func (w *worker) quota(s *scene, n int) int {
	ids := []string{w.id}
	for name, row := range s.rows {
		if id, ok := strings.CutPrefix(name, workerPrefix); ok && id != w.id && w.living(row) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	share := n / len(ids)
	if slices.Index(ids, w.id) < n%len(ids) {
		share++
	}
	return share
}

// living reports whether a checkpoint has been written within the lease of its holder,
// counted on this process's clock from when it was first seen as it is.
func (w *worker) living(row Checkpoint) bool { return time.Since(w.seen[row.Name].at) < row.Lease }

// take makes a shard the worker's, and starts its reader, unless another was faster.
func (w *worker) take(ctx context.Context, d described, row Checkpoint, stored bool) (bool, error) {
	next := row
	next.Name, next.Parent, next.Holder, next.Lease = shardPrefix+d.id, d.parent, w.id, w.lease
	next.Token++
	next.Beat, next.At = 0, time.Now()
	var err error
	if stored {
		err = w.store.take(ctx, row, next)
	} else {
		err = w.store.create(ctx, next)
	}
	switch {
	case errors.Is(err, errMoved):
		return false, nil
	case err != nil:
		return false, err
	}
	life, stop := context.WithCancel(ctx)
	sh := &shard{worker: w, id: d.id, token: next.Token, stop: stop, row: next, done: next.Sequence, until: next.At.Add(w.lease), saving: make(chan struct{}, 1)}
	w.mu.Lock()
	w.held[sh.id] = sh
	w.mu.Unlock()
	at := position{after: row.Sequence}
	if at.after == "" {
		at.since = row.Since
		at.fresh = !row.Since.IsZero() && row.Token == 0 && time.Since(row.Since) < lateness
	}
	w.wg.Go(func() {
		defer stop()
		if err := sh.read(life, at); err != nil && life.Err() == nil {
			w.cancel(err)
		}
	})
	return true, nil
}

// Checkpoints are removed when nobody can need them any more.
const (
	deadWorker = 10             // leases after its last heartbeat
	deadShard  = 25 * time.Hour // after it was done, if the stream does not have it any more
)

// clean removes checkpoints of shards and workers that are no more.
func (w *worker) clean(ctx context.Context, s *scene) error {
	for name, row := range s.rows {
		id, isShard := strings.CutPrefix(name, shardPrefix)
		dead := isShard && row.Done && !s.known[id] && time.Since(row.At) > deadShard
		if strings.HasPrefix(name, workerPrefix) {
			dead = row.Lease > 0 && time.Since(w.seen[name].at) > deadWorker*row.Lease
		}
		if !dead {
			continue
		}
		if err := w.store.remove(ctx, row); err != nil && !errors.Is(err, errMoved) {
			return err
		}
	}
	return nil
}
