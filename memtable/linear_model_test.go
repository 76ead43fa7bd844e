package memtable_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// cells are the items of a group by number, as the model has them: the number that an item holds, or 0 for
// an item that isn't there. A group is as much as one transaction touches.
type cells [3]int

// What a write does to its cell, and the conditions that it may have.
const (
	doPut    = "put"    // replaces the item
	doAdd    = "add"    // adds to its number, and makes an item that isn't there
	doRemove = "remove" // deletes the item
	doCheck  = "check"  // only looks; in transactions

	ifAny     = ""
	ifAbsent  = "absent"
	ifPresent = "present"
	ifEquals  = "equals"
)

// effect is one write: alone, or an operation of a transaction.
type effect struct {
	cell      int
	kind      string
	value     int // of put and add
	condition string
	old       int // that the cell has to equal
}

func (f effect) holds(v int) bool {
	switch f.condition {
	case ifAbsent:
		return v == 0
	case ifPresent:
		return v != 0
	case ifEquals:
		return v == f.old && v != 0
	}
	return true
}

func (f effect) on(v int) int {
	switch f.kind {
	case doPut:
		return f.value
	case doAdd:
		return v + f.value
	case doRemove:
		return 0
	}
	return v
}

// call is what a client asks for: effects or reads, in a transaction or alone.
type call struct {
	group       int
	transaction bool
	effects     []effect
	reads       []int // cells
}

// reply is what the client learned. It shows the cells that were read; the new number of an add that is
// alone, the old one of a put or remove; of writes that failed, the old ones where conditions didn't hold.
type reply struct {
	state  string
	failed [3]bool
	shown  [3]int
}

// The states of a reply.
const (
	wasDone    = "done"
	wasFailed  = "failed"  // by conditions
	wasRefused = "refused" // nothing happened
	wasUnknown = "unknown" // happened or not
)

// linear is the model of groups whose calls happen one after the other, each at a moment of its own
// between its call and its reply.
var linear = (&porcupine.NondeterministicModel{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		var groups [][]porcupine.Operation
		for _, op := range history {
			group := op.Input.(call).group
			for len(groups) <= group {
				groups = append(groups, nil)
			}
			groups[group] = append(groups[group], op)
		}
		return groups
	},
	Init: func() []any { return []any{cells{}} },
	Step: func(state, in, out any) []any {
		return step(state.(cells), in.(call), out.(reply))
	},
}).ToModel()

// step returns the states that a group may be in after a call with this reply: none if there can't be such a reply.
func step(before cells, in call, out reply) []any {
	var want reply
	after := before
	want.state = wasDone
	for i, cell := range in.reads {
		want.shown[i] = before[cell]
	}
	for i, f := range in.effects {
		old := before[f.cell]
		after[f.cell] = f.on(old)
		if !in.transaction {
			want.shown[i] = old
			if f.kind == doAdd {
				want.shown[i] = after[f.cell]
			}
		}
		want.failed[i] = !f.holds(old)
	}
	if want.failed != [3]bool{} {
		want.state, want.shown, after = wasFailed, [3]int{}, before
		for i, f := range in.effects {
			if want.failed[i] {
				want.shown[i] = before[f.cell]
			}
		}
	}
	switch {
	case out.state == wasRefused:
		return []any{before}
	case out.state == wasUnknown:
		return []any{before, after}
	case out == want:
		return []any{after}
	}
	return nil
}

// isLinear reports whether there is an order of all calls that explains their replies, and keeps that of time.
func isLinear(history []porcupine.Operation) error {
	switch porcupine.CheckOperationsTimeout(linear, history, time.Minute) {
	case porcupine.Ok:
		return nil
	case porcupine.Unknown:
		return fmt.Errorf("no answer within a minute for %d calls", len(history))
	}
	for _, group := range linear.Partition(history) {
		if porcupine.CheckOperations(linear, group) {
			continue
		}
		var b strings.Builder
		for _, op := range group {
			fmt.Fprintf(&b, "\n%d-%d client %d: %+v: %+v", op.Call, op.Return, op.ClientId, op.Input, op.Output)
		}
		return fmt.Errorf("no order of these calls explains their replies:%s", b.String())
	}
	return nil
}
