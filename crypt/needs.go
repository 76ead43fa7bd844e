package crypt

import (
	"context"
	"sync"
)

// parallel is how many wrapped keys of a page are opened at once.
const parallel = 8

// need is a data key that values of a page were sealed with.
type need struct {
	canon    string // context
	envelope envelope
	key      *dataKey
	err      error
}

// needs are the data keys of a page, each once.
type needs struct {
	keys *cached
	last *need // most values of a page have the key of the one before
	one  need  // the first, which for most pages is all
	all  map[string]*need
	id   []byte
}

// add is the data key of e.
func (n *needs) add(canon string, e envelope) *need {
	if n.last != nil && n.last.canon == canon && string(n.last.envelope.head) == string(e.head) {
		return n.last
	}
	n.id = identify(n.id[:0], canon, e.head)
	if n.last == nil {
		n.one = need{canon: canon, envelope: e, key: n.keys.known(n.id)}
		n.last = &n.one
		return n.last
	}
	if n.all == nil {
		n.all = map[string]*need{string(identify(nil, n.one.canon, n.one.envelope.head)): &n.one}
	}
	n.last = n.all[string(n.id)]
	if n.last == nil {
		n.last = &need{canon: canon, envelope: e, key: n.keys.known(n.id)}
		n.all[string(n.id)] = n.last
	}
	return n.last
}

// meet gets the keys that are not known yet, some at a time, and returns when
// each is there or has an error.
func (n *needs) meet(ctx context.Context) {
	var missing []*need
	if n.all == nil && n.last != nil && n.one.key == nil {
		missing = append(missing, &n.one)
	}
	for _, one := range n.all {
		if one.key == nil {
			missing = append(missing, one)
		}
	}
	if len(missing) < 2 {
		for _, one := range missing {
			n.get(ctx, one)
		}
		return
	}
	queue := make(chan *need, len(missing))
	for _, one := range missing {
		queue <- one
	}
	close(queue)
	var workers sync.WaitGroup
	for range min(parallel, len(missing)) {
		workers.Go(func() {
			for one := range queue {
				n.get(ctx, one)
			}
		})
	}
	workers.Wait()
}

func (n *needs) get(ctx context.Context, one *need) {
	if one.err = ctx.Err(); one.err == nil {
		one.key, one.err = n.keys.toOpen(ctx, one.canon, one.envelope)
	}
}
