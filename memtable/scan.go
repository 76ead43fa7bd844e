package memtable

import (
	"github.com/dynox-go/dynox/memtable/internal/store"
)

// maxSegments is the most segments that a parallel scan may have.
const maxSegments = 1_000_000

// scanInput is Scan's request.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html
type scanInput struct {
	readParams
	segment, total opt[int64]
}

func (in *scanInput) member(d *decoder, name string) {
	switch name {
	case "Segment":
		in.segment = d.integer("Integer")
	case "TotalSegments":
		in.total = d.integer("Integer")
	default:
		in.readParams.member(d, name)
	}
}

func (in *scanInput) check() error {
	c := &constraints{}
	if !in.constrain(c) {
		c.atLeast("totalSegments", in.total, 1)
		c.atMost("totalSegments", in.total, maxSegments)
		c.atLeast("segment", in.segment, 0)
		c.atMost("segment", in.segment, maxSegments-1)
		c.atLeast("limit", in.limit, 1)
	}
	if err := c.err(); err != nil {
		return err
	}
	if err := in.checkParams(scanParams); err != nil {
		return err
	}
	if err := in.checkAttributesToGet(); err != nil {
		return err
	}
	if err := checkConditions(in.scanFilter); err != nil {
		return err
	}
	if err := in.checkStart(); err != nil {
		return err
	}
	if err := in.checkSegment(); err != nil {
		return err
	}
	if err := in.checkSelect(); err != nil {
		return err
	}
	return in.compile()
}

func (in *scanInput) checkSegment() error {
	switch {
	case in.segment.ok && !in.total.ok:
		return invalid("The TotalSegments parameter is required but was not present in the request when Segment parameter is present")
	case in.total.ok && !in.segment.ok:
		return invalid("The Segment parameter is required but was not present in the request when parameter TotalSegments is present")
	case in.segment.ok && in.segment.v >= in.total.v:
		return invalid("The Segment parameter is zero-based and must be less than parameter TotalSegments: "+
			"Segment: %d is not less than TotalSegments: %d", in.segment.v, in.total.v)
	}
	return nil
}

// scan answers Scan.
func (e *Engine) scan(in *scanInput, w *writer) error {
	t, err := e.forItems(in.table.v)
	if err != nil {
		return err
	}
	now := e.now()
	if x := in.vectorIndex(t, now); x != nil {
		if x.status(now) == statusCreating {
			return invalid("Cannot read from backfilling global secondary index: %s", x.name)
		}
		return invalid("Scan operation not supported on this index type")
	}
	src, err := in.source(t, now)
	if err != nil {
		return err
	}
	after, err := in.startAt(src)
	if err != nil {
		return err
	}
	r := store.Range{}
	if in.total.ok {
		r = store.Segment(uint64(in.segment.v), uint64(in.total.v))
		if after != "" && (after < r.From || (r.Until != "" && after >= r.Until)) {
			return invalid("The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. "+
				"TotalSegments: %d Segment: %d", in.total.v, in.segment.v)
		}
	}
	if err := in.checkPaths(t, e.now()); err != nil {
		return err
	}
	in.page(src, src.snapshot().Ascend(r, after), w)
	return nil
}

// startAt checks ExclusiveStartKey and the attributes to return against the source. It returns the key's
// position; empty without one.
func (in *scanInput) startAt(s source) (string, error) {
	if !in.start.ok {
		return "", in.checkAttributes(s)
	}
	start := in.start.item
	if start.Len() != len(s.startNames()) {
		if s.x != nil {
			return "", invalid("The provided starting key is invalid")
		}
		return "", invalid("The provided starting key is invalid: " + keyMismatch)
	}
	if s.x != nil {
		for _, a := range s.x.key.attributes() {
			v, ok := start.Get(a.name)
			if !ok {
				return "", invalid("The provided starting key is invalid")
			}
			if v.Kind() != a.kind() {
				return "", invalid(keyMismatch)
			}
		}
	}
	if err := in.checkAttributes(s); err != nil {
		return "", err
	}
	if err := s.t.key.checkKey(s.t.key.keyOf(start)); err != nil {
		return "", invalid("The provided starting key is invalid: %s", messageOf(err))
	}
	return s.position(start), nil
}
