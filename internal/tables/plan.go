package tables

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/smithy-go"
	"github.com/sethvargo/go-retry"

	"github.com/dynox-go/dynox/internal/core"
)

// Plan is the difference between what there is of a table and what it is to be.
type Plan struct {
	Steps []Step

	table *Table
	def   *Definition
}

// Plan compares the table with d. It changes nothing.
func (t *Table) Plan(ctx context.Context, d *Definition) (*Plan, error) {
	have, err := t.observe(ctx, d)
	if err != nil {
		return nil, err
	}
	return &Plan{t.diff(have, d), t, d}, nil
}

// Options are how a plan is carried out.
type Options struct {
	KeepIndexes  bool // indexes that the definition does not have stay
	DropIndexes  bool // they may be deleted, and others be made anew
	ReplaceTable bool // the table may be deleted with all its items, and be made anew
	Progress     func(done Step)
}

// wants reports whether s is to be carried out.
func (o Options) wants(s Step) bool {
	return !o.KeepIndexes || s.Verb != Remove || s.Replaces || s.What == "stream"
}

// refused says what of steps is not allowed.
func (o Options) refused(steps []Step) error {
	var errs []error
	for _, s := range steps {
		isIndex := strings.HasPrefix(s.What, "index ") || strings.HasPrefix(s.What, "vector index ")
		if s.Loses() && !o.ReplaceTable || s.Verb == Remove && isIndex && !o.DropIndexes {
			errs = append(errs, fmt.Errorf("%w: %s", ErrDestructive, s))
		}
	}
	return errors.Join(errs...)
}

// ErrDestructive is the error of a plan that deletes what it was not told to.
var ErrDestructive = errors.New("not without being told to")

// ErrDrifted is the error of a plan whose table has changed since.
var ErrDrifted = errors.New("the table has changed since it was planned")

// Apply carries p out. What is left of it when that fails is the plan that is
// made next.
func (p *Plan) Apply(ctx context.Context, o Options) error {
	if p.table.ReadOnly {
		return core.ErrReadOnly
	}
	if err := o.refused(filter(p.Steps, o.wants)); err != nil {
		return err
	}
	return p.table.apply(ctx, p.def, o.wants, func(s Step) error {
		if !slices.ContainsFunc(p.Steps, s.same) {
			return fmt.Errorf("%w: %s", ErrDrifted, s)
		}
		return nil
	}, o.Progress)
}

// Ensure makes what is missing. What is there in another way is an error, where
// making it anew would be the only way, and left as it is otherwise.
func (t *Table) Ensure(ctx context.Context, d *Definition) error {
	if t.ReadOnly {
		return core.ErrReadOnly
	}
	differs := func(s Step) error {
		if s.Verb == Remove {
			return fmt.Errorf("the existing %s differs: %s", s.What, s.Detail)
		}
		return nil
	}
	wants := func(s Step) bool { return s.Verb == Create || s.Replaces }
	have, err := t.observe(ctx, d)
	if err != nil {
		return err
	}
	var errs []error
	for _, s := range filter(t.diff(have, d), wants) {
		errs = append(errs, differs(s))
	}
	if err := errors.Join(errs...); err != nil {
		return err // before anything is changed
	}
	return t.apply(ctx, d, wants, differs, nil)
}

func filter(steps []Step, wants func(Step) bool) []Step {
	var some []Step
	for _, s := range steps {
		if wants(s) {
			some = append(some, s)
		}
	}
	return some
}

// apply carries out the steps that wants wants until none is left, each if check
// has nothing against it. It looks at the table anew before each: others may be
// at work, and answers may have been lost.
func (t *Table) apply(ctx context.Context, d *Definition, wants func(Step) bool, check func(Step) error, progress func(Step)) error {
	left := func(ctx context.Context) ([]Step, error) {
		have, err := t.observe(ctx, d)
		return filter(t.diff(have, d), wants), err
	}
	for {
		steps, err := left(ctx)
		if err != nil || len(steps) == 0 {
			return err
		}
		s := steps[0]
		if err := check(s); err != nil {
			return err
		}
		if err := s.carryOut(ctx, left); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
		if progress != nil {
			progress(s)
		}
	}
}

// unseen is how often a table is looked at that does not show what the service
// said that it does: for about two minutes.
const unseen = 30

var errUnseen = errors.New("the service took the request, and the table shows nothing of it")

// carryOut runs s, again as long as the service is busy, until it is no longer
// among the steps that are left.
func (s Step) carryOut(ctx context.Context, left func(context.Context) ([]Step, error)) error {
	backoff := polling()
	failed := s.run(ctx)
	for n := 0; ; n++ {
		steps, err := left(ctx)
		switch {
		case err != nil:
			return errors.Join(failed, err)
		case !slices.ContainsFunc(steps, s.same):
			return nil // whatever the answer was
		case failed != nil && !again(failed):
			return failed
		case failed == nil && n == unseen:
			return errUnseen
		case rarely(failed):
			backoff = retry.NewConstant(time.Minute)
		}
		if err := pause(ctx, backoff); err != nil {
			return errors.Join(failed, err)
		}
		if failed != nil {
			failed = s.run(ctx)
		}
	}
}

// again reports whether a step that failed with err is to be tried again.
func again(err error) bool { return busy(err) || rarely(err) }

// rarely reports whether err is that the service changes a time to live but once
// an hour.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html
func rarely(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && strings.Contains(api.ErrorMessage(), "modified multiple times")
}

// pause waits for the next delay of backoff, or until ctx ends.
func pause(ctx context.Context, backoff retry.Backoff) error {
	delay, _ := backoff.Next()
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
