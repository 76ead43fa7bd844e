package dynox

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/tables"
)

// name is the table's name, also of one that was not made with [NewTable].
func (t *Table) name() string {
	if t == nil || t.core.Name == "" {
		return "(none)"
	}
	return t.core.Name
}

// broken is what was wrong with the arguments of [NewTable].
func (t *Table) broken() error {
	if t == nil {
		return nil // which usable tells
	}
	return t.err
}

// Ensure makes the table that the repositories of schemas need together, as the
// options of [NewTable] say; or, where the table exists, what it lacks: global and
// vector indexes, TTL, tags, a stream, its protection. It waits until all of it can
// be used, as long as ctx lets it. What is there stays as it is: another capacity, class or
// encryption, and indexes that no repository has; see [Table.Plan] for those. A table that
// exists with another key, or has one of the indexes, the stream or the TTL in another way,
// is an error, and then nothing is changed. Ensure is for tests and first runs; it may be
// called at any time and by several processes at once.
func (t *Table) Ensure(ctx context.Context, schemas ...Schema) error {
	d, err := t.define(schemas)
	if err == nil {
		err = t.tables().Ensure(ctx, d)
	}
	return wrap("ensure", t.name(), "", err)
}

// Describe is what the service says of the table. It fails with
// [ErrTableNotFound] if there is none.
func (t *Table) Describe(ctx context.Context) (*types.TableDescription, error) {
	have, err := t.describe(ctx)
	return have, wrap("describe", t.name(), "", err)
}

func (t *Table) describe(ctx context.Context) (*types.TableDescription, error) {
	if err := errors.Join(t.usable(), t.broken()); err != nil {
		return nil, err
	}
	return t.tables().Describe(ctx)
}

// Exists reports whether there is a table of that name, in whatever state.
func (t *Table) Exists(ctx context.Context) (bool, error) {
	_, err := t.describe(ctx)
	if errors.Is(err, ErrTableNotFound) {
		return false, nil
	}
	return err == nil, wrap("exists", t.name(), "", err)
}

// Ping fails unless the service answers, the credentials let the table be
// described, and its items can be read and written.
func (t *Table) Ping(ctx context.Context) error {
	have, err := t.describe(ctx)
	if err == nil && have.TableStatus != types.TableStatusActive && have.TableStatus != types.TableStatusUpdating {
		err = fmt.Errorf("the table is %s", have.TableStatus)
	}
	return wrap("ping", t.name(), "", err)
}

// Delete deletes the table and all its items for good, and waits until it is gone. It
// fails with [ErrTableNotFound] if there is none.
func (t *Table) Delete(ctx context.Context) error {
	err := errors.Join(t.usable(), t.broken())
	if err == nil {
		err = t.tables().Delete(ctx)
	}
	return wrap("delete table", t.name(), "", err)
}

// Step is one change of a table.
type Step struct {
	Verb   string // create, change or remove
	What   string // such as "table", "index by-state", "capacity"
	Detail string // how it will be, or why it is removed
	// Replaces says that what is removed is made anew by a later step: an index
	// cannot be used until that is done.
	Replaces bool
	// LosesItems says that all items of the table are lost.
	LosesItems bool
}

func (s Step) String() string { return s.core().String() }

func (s Step) core() tables.Step {
	return tables.Step{Verb: tables.Verb(s.Verb), What: s.What, Detail: s.Detail, Replaces: s.Replaces}
}

func step(s tables.Step) Step {
	return Step{string(s.Verb), s.What, s.Detail, s.Replaces, s.Loses()}
}

// Plan is the difference between what there is of a table and what it is to be, as
// steps that [Plan.Apply] carries out.
type Plan struct {
	core  *tables.Plan
	table *Table
}

// Plan compares the table with what the options of [NewTable] and the repositories of
// schemas say that it is to be: its key and capacity, indexes, TTL, stream, class,
// encryption, protection and tags. What they do not say stays as it is, but for
// indexes: one that no repository has is to be removed. An index that holds more
// than is needed is left alone, and the key of [EncryptedBy] is not compared if an
// alias names it. It waits while the table is being changed, and changes nothing.
func (t *Table) Plan(ctx context.Context, schemas ...Schema) (*Plan, error) {
	d, err := t.define(schemas)
	if err != nil {
		return nil, wrap("plan", t.name(), "", err)
	}
	p, err := t.tables().Plan(ctx, d)
	if err != nil {
		return nil, wrap("plan", t.name(), "", err)
	}
	return &Plan{p, t}, nil
}

// Steps are the changes, in their order: none if the table is what it is to be.
func (p *Plan) Steps() []Step {
	steps := make([]Step, len(p.core.Steps))
	for i, s := range p.core.Steps {
		steps[i] = step(s)
	}
	return steps
}

// String is the steps in words, one on a line.
func (p *Plan) String() string {
	if len(p.core.Steps) == 0 {
		return "nothing to do"
	}
	lines := make([]string, len(p.core.Steps))
	for i, s := range p.core.Steps {
		lines[i] = s.String()
		if s.Loses() {
			lines[i] += " (all items are lost)"
		}
	}
	return strings.Join(lines, "\n")
}

// The kinds of failure of a plan, for errors.Is.
var (
	// ErrDestructive: a plan removes what it was not told that it may; nothing was
	// changed.
	ErrDestructive = tables.ErrDestructive
	// ErrDrifted: others have changed the table since it was planned, so that
	// something has to be done which was not in the plan. Plan anew.
	ErrDrifted = tables.ErrDrifted
)

// ApplyOption is an option of [Plan.Apply].
type ApplyOption func(*tables.Options)

// DropIndexes allows a plan to delete indexes that are not in the definition, and
// to make those anew whose key or attributes differ: meanwhile queries of such an
// index fail. To change an index that is in use, give the new one another name,
// switch the reads over, and drop the old one after that.
func DropIndexes() ApplyOption { return func(o *tables.Options) { o.DropIndexes = true } }

// KeepIndexes leaves indexes alone that are not in the definition.
func KeepIndexes() ApplyOption { return func(o *tables.Options) { o.KeepIndexes = true } }

// ReplaceTable allows a plan to delete the table, with all its items, and to make it
// anew, where its key or its local indexes are to change.
func ReplaceTable() ApplyOption { return func(o *tables.Options) { o.ReplaceTable = true } }

// OnStep has f called after each step.
func OnStep(f func(done Step)) ApplyOption {
	return func(o *tables.Options) {
		if f != nil {
			o.Progress = func(s tables.Step) { f(step(s)) }
		}
	}
}

// Apply carries the plan out, one step after the other, each when the one before it
// has been completed: making an index of a large table can take hours, and another
// attribute for TTL one. A plan that removes an index, or the table, fails with
// [ErrDestructive] before anything is done, unless options allow it. Whatever ends it
// before its end, the context too, leaves the table between two steps; a new plan has
// the rest. Steps that others carry out at the same time are done once.
func (p *Plan) Apply(ctx context.Context, opts ...ApplyOption) error {
	var o tables.Options
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	return wrap("apply", p.table.name(), "", p.core.Apply(ctx, o))
}
