package memtable

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"

	"github.com/dynox-go/dynox/memtable/internal/expression"
	"github.com/dynox-go/dynox/memtable/internal/partiql"
	"github.com/dynox-go/dynox/memtable/internal/value"
)

// reads makes ranges of the source of the parts that a SELECT reads.
func (s source) reads(parts []partiql.Read) ([]read, error) {
	if parts == nil {
		return nil, nil
	}
	reads := make([]read, len(parts))
	for i, part := range parts {
		if err := s.checkRead(part); err != nil {
			return nil, err
		}
		reads[i] = s.read(part)
	}
	reads = s.whole(reads, parts)
	slices.SortStableFunc(reads, func(a, b read) int {
		if c := value.Compare(a.partition, b.partition); c != 0 {
			return c
		}
		return a.compare(b)
	})
	return reads, checkOverlaps(reads)
}

// checkRead checks the types of what the key is compared with, and that nothing of it is empty.
func (s source) checkRead(part partiql.Read) error {
	check := func(a keyAttribute, v value.Value) error {
		if err := partiql.CheckKind(expression.Key{Name: a.name, Kind: a.kind()}, v); err != nil {
			return translate(err)
		}
		return s.key.checkEmpty(value.NewItem([]value.Attribute{{Name: a.name, Value: v}}))
	}
	for _, v := range part.Partition {
		if err := check(s.key.partition[0], v); err != nil {
			return err
		}
	}
	for _, r := range part.Sort {
		for _, v := range slices.Concat(r.Equal, []value.Value{r.Low, r.High}) {
			if !v.IsValid() {
				continue
			}
			if err := check(s.key.sort[0], v); err != nil {
				return err
			}
		}
	}
	return nil
}

// read makes a range of the source of one part.
func (s source) read(part partiql.Read) read {
	r := read{partition: part.Partition[0], filters: part.Attributes()}
	r.keys = s.queried(&expression.Range{Partition: part.Partition[:1]})
	for _, v := range part.Partition[1:] {
		r.empty = r.empty || !v.Equal(r.partition)
	}
	for _, bound := range part.Sort {
		bound.Partition = part.Partition[:1]
		keys := s.queried(&bound)
		r.keys.From = max(r.keys.From, keys.From)
		r.keys.Until = min(r.keys.Until, keys.Until)
	}
	r.empty = r.empty || r.keys.From >= r.keys.Until
	return r
}

// whole reads a partition as a whole, if several parts are read of it and one of them only excludes some of
// the sort keys.
func (s source) whole(reads []read, parts []partiql.Read) []read {
	var out []read
	for i, r := range reads {
		same := func(other read) bool { return !other.empty && other.partition.Equal(r.partition) }
		negated := false
		for j, other := range reads {
			negated = negated || i != j && same(other) && (parts[i].Negated || parts[j].Negated)
		}
		if r.empty || !negated {
			out = append(out, r)
			continue
		}
		if slices.ContainsFunc(out, same) {
			continue
		}
		out = append(out, read{
			partition: r.partition,
			keys:      s.queried(&expression.Range{Partition: parts[i].Partition[:1]}),
			filters:   r.filters,
		})
	}
	return out
}

// checkOverlaps refuses parts of a partition that have keys in common. The reads are sorted.
func checkOverlaps(reads []read) error {
	var last *read
	for i := range reads {
		r := &reads[i]
		if r.empty {
			continue
		}
		if last != nil && last.partition.Equal(r.partition) && r.keys.From < last.keys.Until {
			return invalid("Overlapping conditions with range keys are not supported in where clause")
		}
		last = r
	}
	return nil
}

// singleKey returns the key of the one item that a SELECT of a batch or transaction reads. It is not ok where
// the WHERE says less than the key, or more.
func (s *statement) singleKey(t *table) (key value.Item, ok bool, err error) {
	parts, err := s.plan.Reads(t.key.schema())
	if err != nil {
		return key, false, translate(err)
	}
	if len(parts) > 1 {
		_, err := (source{t: t, key: t.key}).reads(parts)
		return key, false, err
	}
	if len(parts) == 0 || len(parts[0].Filters) > 0 || s.plan.Index != "" {
		return key, false, nil
	}
	attributes := []value.Attribute{{Name: t.key.partition[0].name, Value: parts[0].Partition[0]}}
	for _, v := range parts[0].Partition {
		ok = v.Equal(parts[0].Partition[0])
		if !ok {
			return key, false, nil
		}
	}
	for _, r := range parts[0].Sort {
		if len(r.Equal) == 0 || !r.Equal[0].Equal(parts[0].Sort[0].Equal[0]) {
			return key, false, nil
		}
	}
	switch {
	case len(t.key.sort) > 0 && len(parts[0].Sort) == 0:
		return key, false, nil
	case len(t.key.sort) > 0:
		attributes = append(attributes, value.Attribute{Name: t.key.sort[0].name, Value: parts[0].Sort[0].Equal[0]})
	}
	return value.NewItem(attributes), true, nil
}

// statementHash is how much of a statement's hash its tokens have.
const statementHash = 16

func (s *statement) hash() []byte {
	w := &writer{}
	s.identity(w)
	sum := sha256.Sum256(w.b)
	return sum[:statementHash]
}

// token returns the NextToken of a position: the statement that it belongs to, the read, and the key.
func (s *statement) token(at position) string {
	b := append(s.hash(), 0, 0)
	binary.BigEndian.PutUint16(b[statementHash:], uint16(at.read))
	return base64.StdEncoding.EncodeToString(append(b, at.key...))
}

// resumed returns the position of NextToken, or the start.
func (in *executeStatementInput) resumed() (position, error) {
	if !in.next.ok {
		return position{}, nil
	}
	b, err := base64.StdEncoding.DecodeString(in.next.v)
	if err != nil || len(b) < statementHash+2 {
		return position{}, invalid("Invalid NextToken")
	}
	if string(b[:statementHash]) != string(in.hash()) {
		return position{}, invalid("NextToken does not match request")
	}
	return position{int(binary.BigEndian.Uint16(b[statementHash:])), string(b[statementHash+2:])}, nil
}
