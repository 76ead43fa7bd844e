package core

import (
	"math"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"
)

// The bytes that one unit pays for.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
const (
	ReadUnitBytes  = 4 << 10
	WriteUnitBytes = 1 << 10
)

// readUnits is what reading so many bytes takes: half of it unless the read
// is consistent, and as much for nothing as for one byte.
func readUnits(bytes int, consistent bool) float64 {
	return max(math.Ceil(float64(bytes)/ReadUnitBytes), 1) * pick(consistent, 1, 0.5)
}

// writeUnits is what writing so many bytes takes, without indexes.
func writeUnits(bytes int) float64 { return max(math.Ceil(float64(bytes)/WriteUnitBytes), 1) }

// transactional is how much more a unit of a transaction takes.
const transactional = 2

// ask has the service tell what in takes, and estimates it.
func (s *sighting) ask(c *call, in any) {
	const total = types.ReturnConsumedCapacityTotal
	single := func(units float64) {
		s.forget()
		s.about(c.table, units)
	}
	switch in := in.(type) {
	case *dynamodb.GetItemInput:
		in.ReturnConsumedCapacity = total
		single(readUnits(0, aws.ToBool(in.ConsistentRead)))
	case *dynamodb.QueryInput:
		in.ReturnConsumedCapacity = total
		s.Index = aws.ToString(in.IndexName)
		single(readUnits(0, aws.ToBool(in.ConsistentRead)))
	case *dynamodb.ScanInput:
		in.ReturnConsumedCapacity = total
		s.Index = aws.ToString(in.IndexName)
		single(readUnits(0, aws.ToBool(in.ConsistentRead)))
	case *dynamodb.SearchVectorsInput:
		in.ReturnConsumedCapacity = total
		s.Index = aws.ToString(in.IndexName)
		single(0) // it takes bytes, not units
	case *dynamodb.PutItemInput:
		in.ReturnConsumedCapacity = total
		size := itemSize(in.Item)
		for _, m := range c.members {
			if m.name == "Item" {
				size = len(m.json)
			}
		}
		single(writeUnits(size))
	case *dynamodb.UpdateItemInput:
		in.ReturnConsumedCapacity = total
		single(writeUnits(0))
	case *dynamodb.DeleteItemInput:
		in.ReturnConsumedCapacity = total
		single(writeUnits(0))
	case *dynamodb.BatchGetItemInput:
		in.ReturnConsumedCapacity = total
	case *dynamodb.BatchWriteItemInput:
		in.ReturnConsumedCapacity = total
	case *dynamodb.TransactGetItemsInput:
		in.ReturnConsumedCapacity = total
	case *dynamodb.TransactWriteItemsInput:
		in.ReturnConsumedCapacity = total
	case *dynamodb.ExecuteStatementInput:
		in.ReturnConsumedCapacity = total
		s.Index = c.page.view.ix.Name
		single(readUnits(0, aws.ToBool(in.ConsistentRead)))
	case *dynamodb.BatchExecuteStatementInput:
		in.ReturnConsumedCapacity = total
	case *dynamodb.ExecuteTransactionInput:
		in.ReturnConsumedCapacity = total
	}
}

// answer notes what out tells.
func (s *sighting) answer(c *call, out any) {
	metadata := &s.metadata
	switch out := out.(type) {
	case *dynamodb.GetItemOutput:
		s.Items = pick(len(c.page.entries) > 0 || len(out.Item) > 0, 1, 0)
		s.consumed(out.ConsumedCapacity)
		metadata = &out.ResultMetadata
	case *dynamodb.QueryOutput:
		s.Items, s.Scanned = int(out.Count), int(out.ScannedCount)
		s.consumed(out.ConsumedCapacity)
		metadata = &out.ResultMetadata
	case *dynamodb.ScanOutput:
		s.Items, s.Scanned = int(out.Count), int(out.ScannedCount)
		s.consumed(out.ConsumedCapacity)
		metadata = &out.ResultMetadata
	case *dynamodb.SearchVectorsOutput:
		s.Items = len(out.SearchResults)
		if out.ConsumedCapacity != nil {
			s.SearchBytes = aws.ToFloat64(out.ConsumedCapacity.VectorSearchRequestBytes)
		}
		metadata = &out.ResultMetadata
	case *dynamodb.PutItemOutput:
		s.Items = 1
		s.consumed(out.ConsumedCapacity)
		metadata = &out.ResultMetadata
	case *dynamodb.UpdateItemOutput:
		s.Items = 1
		s.consumed(out.ConsumedCapacity)
		metadata = &out.ResultMetadata
	case *dynamodb.DeleteItemOutput:
		s.Items = 1
		s.consumed(out.ConsumedCapacity)
		metadata = &out.ResultMetadata
	case *dynamodb.BatchGetItemOutput:
		for _, items := range out.Responses {
			s.Items += len(items)
		}
		for _, keys := range out.UnprocessedKeys {
			s.Unprocessed += len(keys.Keys)
		}
		s.consumedAll(out.ConsumedCapacity)
		metadata = &out.ResultMetadata
	case *dynamodb.BatchWriteItemOutput:
		for _, writes := range out.UnprocessedItems {
			s.Unprocessed += len(writes)
		}
		s.Items = s.Requested - s.Unprocessed
		s.consumedAll(out.ConsumedCapacity)
		metadata = &out.ResultMetadata
	case *dynamodb.TransactGetItemsOutput:
		s.Items = s.Requested
		s.consumedAll(out.ConsumedCapacity)
		metadata = &out.ResultMetadata
	case *dynamodb.TransactWriteItemsOutput:
		s.Items = s.Requested
		s.consumedAll(out.ConsumedCapacity)
		metadata = &out.ResultMetadata
	case *dynamodb.ExecuteStatementOutput:
		s.Items = max(len(c.page.entries), len(out.Items))
		s.consumed(out.ConsumedCapacity)
		metadata = &out.ResultMetadata
	case *dynamodb.BatchExecuteStatementOutput:
		for _, response := range out.Responses {
			s.Items += pick(response.Error == nil && (s.Writes || response.Item != nil), 1, 0)
		}
		s.consumedAll(out.ConsumedCapacity)
		metadata = &out.ResultMetadata
	case *dynamodb.ExecuteTransactionOutput:
		s.Items = s.Requested
		s.consumedAll(out.ConsumedCapacity)
		metadata = &out.ResultMetadata
	}
	if c.taker != nil && c.page.answered {
		s.Items, s.Unprocessed = c.taker.processed()
	}
	if s.Unprocessed > 0 && len(c.page.body.b) <= manyBytes {
		s.slow()
	}
	if s.RequestID = idOf(&s.metadata); s.RequestID == "" {
		s.RequestID = idOf(metadata)
	}
}

func idOf(m *middleware.Metadata) string {
	id, _ := awsmiddleware.GetRequestIDMetadata(*m)
	return id
}

// consumed notes what the service says that a table's part has used.
func (s *sighting) consumed(c *types.ConsumedCapacity) {
	if c == nil || c.CapacityUnits == nil {
		return
	}
	name := aws.ToString(c.TableName)
	for i := range s.shares {
		if h := &s.shares[i]; len(s.shares) == 1 || h.table.Name == name {
			h.used, h.known = h.used+*c.CapacityUnits, true
			return
		}
	}
}

func (s *sighting) consumedAll(cs []types.ConsumedCapacity) {
	for i := range cs {
		s.consumed(&cs[i])
	}
}

// average is one that forgets what is long past.
type average struct {
	bits atomic.Uint64
}

// weight is that of what is new.
const weight = 0.1

func (a *average) value() float64 { return math.Float64frombits(a.bits.Load()) }

func (a *average) add(v float64) {
	if old := a.value(); old != 0 {
		v = old + (v-old)*weight
	}
	a.bits.Store(math.Float64bits(v)) // of two at once, one may be lost
}
