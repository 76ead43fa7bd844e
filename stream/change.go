package stream

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/internal/core"
)

// Event is what happened to an item.
type Event string

// What can happen to an item.
const (
	Insert Event = "INSERT"
	Modify Event = "MODIFY"
	Remove Event = "REMOVE"
)

// Change is a change of one item.
//
// Which images there are is the stream's view type: with NEW_AND_OLD_IMAGES both, New
// but for a Remove and Old but for an Insert; with NEW_IMAGE or OLD_IMAGE the one;
// with KEYS_ONLY none.
type Change[T any] struct {
	Event Event
	// Key has the fields that the key tells, and no others.
	Key T
	// Old and New are the item before and after the change; nil: there was none, or
	// the stream does not have it.
	Old, New *T
	// At is about when it was, in the service's time, in seconds.
	At time.Time
	// Expired: the service deleted the item, because its time to live was over.
	Expired bool
	// ID is that of the change in this stream; of a change that is yielded again it is
	// the same.
	ID string
	// Sequence is the sequence number, which orders the changes of a shard.
	Sequence string
	// Shard is the shard's ID, and Token that of its lease: it grows with every worker
	// that gets the shard. In events of Lambda they are zero.
	Shard string
	Token int64
}

// ChangeError is a change whose images, or key, cannot be read as items. Like every
// error of dynox it has no values of theirs.
type ChangeError struct {
	Shard    string // "" in events of Lambda
	Sequence string // the sequence number
	Err      error  // why; often a [dynox.ItemError]
}

func (e *ChangeError) Error() string {
	return fmt.Sprintf("change %s: %v", e.Sequence, e.Err)
}

// Unwrap is why the change cannot be read.
func (e *ChangeError) Unwrap() error { return e.Err }

// attributes are those of an item.
type attributes = map[string]types.AttributeValue

// record is a change as a stream has it.
type record struct {
	id, sequence string
	event        Event
	at           time.Time
	expired      bool
	keys         attributes
	old, new     attributes // nil: not there
}

// reading is a record of a repository's, read.
type reading struct {
	*record

	key      core.Imaged
	old, new *core.Imaged // nil: not there, or of another kind
	err      error
}

// read reads those of records that are changes of images' repositories.
func read(ctx context.Context, images *core.Images, records []record) []reading {
	var all []attributes
	for _, r := range records {
		for _, attrs := range []attributes{r.old, r.new} {
			if attrs != nil {
				all = append(all, attrs)
			}
		}
	}
	read := images.Read(ctx, all)
	next := func(attrs attributes) (i *core.Imaged) {
		if attrs != nil {
			i, read = &read[0], read[1:]
		}
		return i
	}
	var ours []reading
	for i := range records {
		r := reading{record: &records[i]}
		r.old, r.new = next(r.record.old), next(r.record.new)
		if r.take(images) {
			ours = append(ours, r)
		}
	}
	return ours
}

// take completes r, and reports whether it is a change of images' repositories. An
// item that becomes one of another kind is removed, as they see it.
func (r *reading) take(images *core.Images) bool {
	foreign := func(i *core.Imaged) bool { return i != nil && i.Repo < 0 && i.Err == nil }
	both := r.old != nil && r.new != nil
	oldForeign, newForeign := foreign(r.old), foreign(r.new)
	if oldForeign {
		r.old = nil
	}
	if newForeign {
		r.new = nil
	}
	repo := -1
	switch {
	case r.old == nil && r.new == nil && (oldForeign || newForeign):
		return false
	case both && (oldForeign || newForeign):
		event := Insert
		if newForeign {
			event = Remove
		}
		changed := *r.record
		changed.event = event
		r.record = &changed
	}
	for _, i := range []*core.Imaged{r.old, r.new} {
		if i != nil {
			repo = i.Repo
			if r.err == nil {
				r.err = i.Err
			}
		}
	}
	if r.err != nil {
		return true
	}
	r.key = images.Key(r.keys, repo)
	r.err = r.key.Err
	return r.key.Repo >= 0 || r.err != nil
}

// failure is the error of a reading that has one.
func (r *reading) failure(shard string) *ChangeError {
	return &ChangeError{Shard: shard, Sequence: r.sequence, Err: dynox.PublicError(core.Door{}, r.err)}
}
