package memtable

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
)

var bulkListToken = newPattern(`([0-9a-f]{16})+`)

// bulkToken is the token of what comes after the operation of a number.
func bulkToken(number uint64) string { return fmt.Sprintf("%016x", number) }

// before returns the number that those of a page are below.
func (in *listBulkInput) before() (uint64, error) {
	if !in.next.ok {
		return math.MaxUint64, nil
	}
	number, err := strconv.ParseUint(in.next.v, 16, 64)
	if err != nil {
		return 0, invalid("Invalid NextToken")
	}
	return number, nil
}

// bulkUsage is the bytes that an operation put into a table and into its indexes, by their names.
type bulkUsage struct {
	table                    int64
	locals, globals, vectors map[string]int64
}

// add counts a record that was put.
func (u *bulkUsage) add(t *table, key string, rec *record) {
	count := func(all *map[string]int64, name string, n int) {
		if *all == nil {
			*all = map[string]int64{}
		}
		(*all)[name] += int64(n)
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	u.table += int64(t.data.billed(rec))
	for _, x := range t.data.indexes {
		if _, ok := x.entryKey(key, rec.item); !ok {
			continue
		}
		if x.global {
			count(&u.globals, x.name, x.entrySize(rec))
		} else {
			count(&u.locals, x.name, x.entrySize(rec))
		}
	}
	for _, x := range t.data.vectors {
		if x.entry(rec) != nil {
			count(&u.vectors, x.name, x.entrySize(rec.item))
		}
	}
}

// total is all bytes but those of vector indexes.
func (u *bulkUsage) total() int64 {
	n := u.table
	for _, indexes := range []map[string]int64{u.locals, u.globals} {
		for _, bytes := range indexes {
			n += bytes
		}
	}
	return n
}

func (u *bulkUsage) describe(w *writer, tableName string) {
	w.beginObject()
	w.text("TableName", tableName)
	w.int("BulkPutBytes", u.total())
	w.object("Table")
	w.int("BulkPutBytes", u.table)
	w.endObject()
	u.describeIndexes(w, "LocalSecondaryIndexes", "BulkPutBytes", u.locals)
	u.describeIndexes(w, "GlobalSecondaryIndexes", "BulkPutBytes", u.globals)
	u.describeIndexes(w, "VectorIndexes", "BulkPutVectorBytes", u.vectors)
	w.endObject()
}

func (u *bulkUsage) describeIndexes(w *writer, member, unit string, indexes map[string]int64) {
	if len(indexes) == 0 {
		return
	}
	w.object(member)
	for _, name := range slices.Sorted(maps.Keys(indexes)) {
		w.object(name)
		w.int(unit, indexes[name])
		w.endObject()
	}
	w.endObject()
}

// summary writes the members of the operation's summary.
func (op *bulkOperation) summary(w *writer) {
	w.text("BulkOperationArn", op.arn)
	w.text("BulkOperationStatus", op.status)
	w.time("StartTime", op.started)
	if !op.ended.IsZero() {
		w.time("EndTime", op.ended)
	}
}

// describe writes the operation's description as a member.
func (op *bulkOperation) describe(w *writer) {
	w.object("BulkOperationDescription")
	op.summary(w)
	if op.in.token.ok {
		w.text("ClientToken", op.in.token.v)
	}
	if op.failure.code != "" {
		w.text("FailureCode", op.failure.code)
		w.text("FailureMessage", op.failure.message)
	}
	op.in.input.v.describe(w)
	op.in.output.v.describe(w)
	if op.in.rate.ok {
		w.int("MaxWriteRequestUnits", op.in.rate.v)
	}
	w.text("PerformanceTier", op.in.tier.or("STANDARD"))
	w.array("TableDetails")
	w.beginObject()
	w.text("TableName", op.in.table.v)
	w.text("TableId", op.table.id)
	w.endObject()
	w.endArray()
	if op.opened {
		w.int("TotalInputBytes", op.size)
	}
	w.int("ProcessedInputBytes", op.read)
	w.int("ProcessedItemCount", op.processed)
	w.int("FailedItemCount", op.failed)
	w.array("BulkOperationUsage")
	op.usage.describe(w, op.in.table.v)
	w.endArray()
	w.endObject()
}

func (s *bulkSource) describe(w *writer) {
	w.object("InputS3Configuration")
	s.place.describe(w)
	w.text("InputFormat", s.format.v)
	w.text("InputCompressionType", s.compression.or("NONE"))
	w.endObject()
}

func (s *bulkTarget) describe(w *writer) {
	w.object("OutputS3Configuration")
	s.place.describe(w)
	w.texts("OutputType", s.kinds.v)
	if s.algorithm.ok {
		w.text("S3SseAlgorithm", s.algorithm.v)
	}
	if s.kmsKey.ok {
		w.text("S3SseKmsKeyId", s.kmsKey.v)
	}
	w.endObject()
}

func (p *bulkPlace) describe(w *writer) {
	w.text("S3Bucket", p.bucket.v)
	if p.owner.ok {
		w.text("S3BucketOwner", p.owner.v)
	}
	if p.prefix.ok {
		w.text("S3KeyPrefix", p.prefix.v)
	}
}
