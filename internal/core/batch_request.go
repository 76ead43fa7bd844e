package core

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/codec"
	"github.com/dynox-go/dynox/internal/wire"
)

// writeRequest is a part of a batch that goes to the service at once: one
// request, and those that repeat what that leaves unprocessed. They send the
// same bytes.
type writeRequest struct {
	task
	how   BatchWriting
	lane  *lane
	ops   []*batchWrite
	page  *page // the body of an answer
	sent  int
	units float64
	odd   bool // the answer names what was not sent
	id    []byte
}

// framing is at most what stands around an item or a key in a request.
const framing = len(`{"DeleteRequest":{"Key":}},`)

// wireSize is how many bytes the operation takes in a request.
func (w *Write) wireSize() int {
	if w.op == Delete {
		return len(w.key.json()) + framing
	}
	return len(w.stored.json()) + framing
}

// json is the item as the service takes it.
func (i stored) json() []byte {
	if i.raw != nil {
		return i.raw
	}
	b, err := codec.AppendAttributeValue(nil, &types.AttributeValueMemberM{Value: i.attrs})
	if err != nil {
		return []byte("{}") // what was encoded is none such
	}
	return b[len(`{"M":`) : len(b)-len(`}`)]
}

// run sends the request until nothing is left, or it is of no use. What is
// not done is marked.
func (q *writeRequest) run(ctx context.Context) error {
	q.page = q.ops[0].op.Repo.table.whole.newPage(q.ops[0].op.Repo.Table)
	defer q.page.release()
	markAgain(q.ops)
	rest := q.ops
	return q.how.rounds(ctx, len(rest), func(ctx context.Context) round {
		err := q.send(ctx, rest)
		if err == nil {
			rest = slices.DeleteFunc(slices.Clone(rest), func(b *batchWrite) bool { return !b.again })
		}
		return round{left: len(rest), err: err}
	})
}

// send sends ops, and marks those that the service leaves unprocessed.
func (q *writeRequest) send(ctx context.Context, ops []*batchWrite) error {
	c := q.lane.table.newCall(ctx, q.page, nil)
	c.direct, c.taker = q.lane.direct, q
	in := &dynamodb.BatchWriteItemInput{RequestItems: make(map[string][]types.WriteRequest, 1)}
	if q.how.Units {
		in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	}
	if c.direct {
		for _, b := range ops { // the SDK requires something
			if name := b.op.Repo.Table.Name; in.RequestItems[name] == nil {
				in.RequestItems[name] = make([]types.WriteRequest, 1)
			}
		}
		q.page.sent.b = appendWrites(q.page.sent.b[:0], ops)
		c.members = append(c.members, member{"RequestItems", q.page.sent.b})
	} else {
		for _, b := range ops {
			name := b.op.Repo.Table.Name
			in.RequestItems[name] = append(in.RequestItems[name], b.write.request())
		}
	}
	for _, b := range ops {
		c.among(b.op.Repo.Table)
	}
	if c.seen != nil {
		for _, b := range ops {
			c.seen.about(b.op.Repo.Table, writeUnits(b.size))
			c.seen.in(b.op.Repo.Table, []byte(b.id[b.idAt:]))
		}
	}
	q.sent++
	q.odd = false
	out, err := invoke(c, &opBatchWriteItem, in)
	if err != nil {
		markAgain(ops)
		return err
	}
	for i := range out.ConsumedCapacity {
		q.units += aws.ToFloat64(out.ConsumedCapacity[i].CapacityUnits)
	}
	if !c.direct || !q.page.answered {
		q.reset()
		for name, writes := range out.UnprocessedItems {
			for _, write := range writes {
				switch {
				case write.PutRequest != nil:
					q.unprocessed(name, stored{attrs: write.PutRequest.Item})
				case write.DeleteRequest != nil:
					q.unprocessed(name, stored{attrs: write.DeleteRequest.Key})
				}
			}
		}
	}
	if q.odd {
		markAgain(ops)
		return errors.New("the service left an operation unprocessed that was not sent")
	}
	return nil
}

// processed is part of what calls tell.
func (q *writeRequest) processed() (items, left int) {
	for _, b := range q.ops {
		left += pick(b.again, 1, 0)
	}
	return q.page.seen.Requested - left, left
}

func markAgain(ops []*batchWrite) {
	for _, b := range ops {
		b.again = true
	}
}

// appendWrites appends ops to b as the member RequestItems.
func appendWrites(b []byte, ops []*batchWrite) []byte {
	size := len("{}")
	for _, op := range ops {
		size += op.size + len(op.op.Repo.Table.Name) + len(`"":[],`)
	}
	b = append(slices.Grow(b, size), '{')
	for i, first := range ops {
		name := first.op.Repo.Table.Name
		same := func(op *batchWrite) bool { return op.op.Repo.Table.Name == name }
		if slices.ContainsFunc(ops[:i], same) {
			continue
		}
		b = append(appendMember(b, name), '[')
		for _, op := range ops[i:] {
			if !same(op) {
				continue
			}
			if b[len(b)-1] != '[' {
				b = append(b, ',')
			}
			if op.op.Delete {
				b = append(op.write.key.append(append(b, `{"DeleteRequest":{"Key":`...)), "}}"...)
			} else {
				b = append(append(append(b, `{"PutRequest":{"Item":`...), op.write.stored.json()...), "}}"...)
			}
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

// request is w as the SDK takes it.
func (w *Write) request() types.WriteRequest {
	if w.op == Delete {
		return types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: w.key.values()}}
	}
	return types.WriteRequest{PutRequest: &types.PutRequest{Item: w.stored.values()}}
}

// reset takes all operations for done.
func (q *writeRequest) reset() {
	q.odd = false
	for _, b := range q.ops {
		b.again = false
	}
}

// unprocessed marks the operation on an item of a table, whose key is in item.
func (q *writeRequest) unprocessed(table string, item stored) {
	for _, b := range q.ops {
		if b.op.Repo.Table.Name != table {
			continue
		}
		q.id = item.appendIdentity(q.id[:0], b.op.Repo.table.attrs())
		if b.id[b.idAt:] == string(q.id) {
			b.again = true
			return
		}
	}
	q.odd = true
}

// take reads the operations that the service leaves unprocessed.
func (q *writeRequest) take(name []byte, s *wire.Scanner) (bool, error) {
	if string(name) != "UnprocessedItems" {
		return false, nil
	}
	tables, err := s.Raw()
	if err != nil {
		return true, err
	}
	return true, eachMember(tables, func(name []byte, s *wire.Scanner) error {
		table := string(name)
		writes, err := s.Raw()
		if err != nil {
			return err
		}
		return eachElement(writes, func(s *wire.Scanner) error {
			write, err := s.Raw()
			if err != nil {
				return err
			}
			return eachMember(write, func(_ []byte, s *wire.Scanner) error { // PutRequest or DeleteRequest
				request, err := s.Raw()
				if err != nil || request[0] != '{' {
					return err
				}
				return eachMember(request, func(_ []byte, s *wire.Scanner) error { // Item or Key
					item, err := s.Raw()
					if err == nil {
						q.unprocessed(table, stored{raw: item})
					}
					return err
				})
			})
		})
	})
}
