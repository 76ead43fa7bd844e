package memtable

import (
	"slices"
	"strings"
	"time"
)

// listStreamsInput is ListStreams' request.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_ListStreams.html
type listStreamsInput struct {
	table opt[string]
	start opt[string]
	limit opt[int64]
}

func (in *listStreamsInput) member(d *decoder, name string) {
	switch name {
	case "TableName":
		in.table = d.string()
	case "ExclusiveStartStreamArn":
		in.start = d.string()
	case "Limit":
		in.limit = d.integer("Integer")
	default:
		d.skip()
	}
}

const maxStreams = 100 // of a list; and shards of a description

func (in *listStreamsInput) check() error {
	c := &constraints{}
	c.streamARN("exclusiveStartStreamArn", in.start)
	c.atLeast("limit", in.limit, 1)
	c.indexName("tableName", in.table)
	if err := c.err(); err != nil {
		return err
	}
	if in.limit.v > maxStreams {
		return invalidValue("Limit cannot be greater than the maximum allowed size: %d", maxStreams)
	}
	if in.start.ok && !isStreamARN(in.start.v) {
		return invalid("Invalid StreamArn")
	}
	return nil
}

// streamARN checks the length of a stream's ARN.
func (c *constraints) streamARN(path string, arn opt[string]) {
	if arn.ok {
		c.length(path, arn.v, 37, 1024)
	}
}

// isStreamARN reports whether a text has the form of a stream's ARN.
func isStreamARN(arn string) bool {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" || parts[2] != "dynamodb" {
		return false
	}
	resource := strings.Split(parts[5], "/")
	return len(resource) == 4 && resource[0] == "table" && resource[2] == "stream" && matchesName(resource[1])
}

// listStreams answers ListStreams, in the order of the streams' ARNs.
func (e *Engine) listStreams(in *listStreamsInput, w *writer) error {
	found, limit := e.streams.after(in.start.v, in.table.v, e.now()), int(in.limit.or(maxStreams))
	w.beginObject()
	w.array("Streams")
	for _, s := range found[:min(limit, len(found))] {
		w.beginObject()
		w.text("StreamArn", s.arn)
		w.text("TableName", s.t.name)
		w.text("StreamLabel", s.label)
		w.endObject()
	}
	w.endArray()
	if len(found) > limit {
		w.text("LastEvaluatedStreamArn", found[limit-1].arn)
	}
	w.endObject()
	return nil
}

// describeStreamInput is DescribeStream's request.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_DescribeStream.html
type describeStreamInput struct {
	arn    opt[string]
	start  opt[string]
	limit  opt[int64]
	filter struct{ kind, parentID opt[string] }
}

func (in *describeStreamInput) member(d *decoder, name string) {
	switch name {
	case "StreamArn":
		in.arn = d.string()
	case "ExclusiveStartShardId":
		in.start = d.string()
	case "Limit":
		in.limit = d.integer("Integer")
	case "ShardFilter":
		d.object("ShardFilter", func(name string) {
			switch name {
			case "Type":
				in.filter.kind = d.string()
			case "ShardId":
				in.filter.parentID = d.string()
			default:
				d.skip()
			}
		})
	default:
		d.skip()
	}
}

func (in *describeStreamInput) check() error {
	c := &constraints{}
	if c.notNull("streamArn", in.arn.ok) {
		c.streamARN("streamArn", in.arn)
	}
	c.atLeast("limit", in.limit, 1)
	c.shardID("exclusiveStartShardId", in.start)
	c.enum("shardFilter.type", in.filter.kind, "CHILD_SHARDS")
	c.shardID("shardFilter.shardId", in.filter.parentID)
	if err := c.err(); err != nil {
		return err
	}
	if in.limit.v > maxStreams {
		return invalidValue("Limit cannot be greater than the maximum: %d", maxStreams)
	}
	return nil
}

// shardID checks the length of a shard's ID.
func (c *constraints) shardID(path string, id opt[string]) {
	if id.ok {
		c.length(path, id.v, 28, 65)
	}
}

// describeStream answers DescribeStream.
func (e *Engine) describeStream(in *describeStreamInput, w *writer) error {
	now := e.now()
	s, err := e.streamOf(in.arn.v, now)
	if err != nil {
		return err
	}
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	s.settle(now)
	w.beginObject()
	w.object("StreamDescription")
	w.text("StreamArn", s.arn)
	w.text("StreamLabel", s.label)
	w.text("StreamStatus", s.status(now))
	w.text("StreamViewType", s.view)
	w.time("CreationRequestDateTime", s.created)
	w.text("TableName", s.t.name)
	s.t.key.write(w)
	in.writeShards(s.shards, w)
	w.endObject()
	w.endObject()
	return nil
}

// writeShards writes the shards that the request asks for.
func (in *describeStreamInput) writeShards(shards []*shard, w *writer) {
	found := slices.DeleteFunc(slices.Clone(shards), func(sh *shard) bool {
		child := sh.parent != "" && sh.parent == in.filter.parentID.v
		return sh.id <= in.start.v || in.filter.kind.ok && !child
	})
	limit := int(in.limit.or(maxStreams))
	w.array("Shards")
	for _, sh := range found[:min(limit, len(found))] {
		w.beginObject()
		w.text("ShardId", sh.id)
		w.object("SequenceNumberRange")
		w.text("StartingSequenceNumber", sequenceNumber(sh.start))
		if sh.end > 0 {
			w.text("EndingSequenceNumber", sequenceNumber(sh.end))
		}
		w.endObject()
		if sh.parent != "" {
			w.text("ParentShardId", sh.parent)
		}
		w.endObject()
	}
	w.endArray()
	if len(found) > limit {
		w.text("LastEvaluatedShardId", found[limit-1].id)
	}
}

// streamOf returns the stream that a request names, when what its table's items have come to by now is in it.
func (e *Engine) streamOf(arn string, now time.Time) (*stream, error) {
	if !isStreamARN(arn) {
		return nil, invalid("Invalid StreamArn")
	}
	e.runBulk(now)
	s := e.streams.find(arn, now)
	if s == nil {
		return nil, notFound("Requested resource not found: Stream: " + arn + " not found")
	}
	if _, expired := s.t.usable(now); expired {
		s.t.expire(now)
	}
	return s, nil
}
