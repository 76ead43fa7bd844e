package memtable

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dynox-go/dynox/memtable/internal/value"
)

const (
	iteratorLife = 15 * time.Minute
	maxRecords   = 1000
)

// shardIteratorInput is GetShardIterator's request.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetShardIterator.html
type shardIteratorInput struct {
	arn       opt[string]
	shard     opt[string]
	kind      opt[string]
	sequence  opt[string]
	timestamp opt[float64] // seconds since 1970
}

func (in *shardIteratorInput) member(d *decoder, name string) {
	switch name {
	case "StreamArn":
		in.arn = d.string()
	case "ShardId":
		in.shard = d.string()
	case "ShardIteratorType":
		in.kind = d.string()
	case "SequenceNumber":
		in.sequence = d.string()
	case "Timestamp":
		in.timestamp = d.timestamp()
	default:
		d.skip()
	}
}

func (in *shardIteratorInput) check() error {
	c := &constraints{}
	if c.notNull("shardId", in.shard.ok) {
		c.shardID("shardId", in.shard)
	}
	if c.notNull("streamArn", in.arn.ok) {
		c.streamARN("streamArn", in.arn)
	}
	if c.notNull("shardIteratorType", in.kind.ok) {
		c.enum("shardIteratorType", in.kind, "AFTER_SEQUENCE_NUMBER, LATEST, AT_TIMESTAMP, AT_SEQUENCE_NUMBER, TRIM_HORIZON")
	}
	if in.sequence.ok {
		c.length("sequenceNumber", in.sequence.v, 21, 40)
	}
	if err := c.err(); err != nil {
		return err
	}
	bySequence := strings.HasSuffix(in.kind.v, "SEQUENCE_NUMBER")
	byTime := in.kind.v == "AT_TIMESTAMP"
	switch {
	case bySequence && !in.sequence.ok:
		return invalidValue("Invalid SequenceNumber")
	case !bySequence && in.sequence.ok:
		return invalidValue("SequenceNumber should not be passed for this iterator type")
	case byTime && !in.timestamp.ok:
		return invalidValue("Invalid Timestamp")
	case !byTime && in.timestamp.ok:
		return invalidValue("Timestamp should not be passed for this iterator type")
	}
	return nil
}

// getShardIterator answers GetShardIterator.
func (e *Engine) getShardIterator(in *shardIteratorInput, w *writer) error {
	now := e.now()
	s, err := e.streamOf(in.arn.v, now)
	if err != nil {
		return err
	}
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	s.settle(now)
	i := slices.IndexFunc(s.shards, func(sh *shard) bool { return sh.id == in.shard.v })
	if i < 0 {
		return notFound("Requested resource not found: Shard does not exist")
	}
	sh := s.shards[i]
	number, err := in.position(s, sh, now)
	if err != nil {
		return err
	}
	w.beginObject()
	w.text("ShardIterator", iterator{shard: sh.id, number: number, issued: now}.text(s))
	w.endObject()
	return nil
}

// position is the sequence number at which an iterator begins.
func (in *shardIteratorInput) position(s *stream, sh *shard, now time.Time) (uint64, error) {
	switch in.kind.v {
	case "LATEST":
		return s.next, nil
	case "AT_TIMESTAMP":
		if in.timestamp.v > float64(now.UnixMilli())/1000 {
			return 0, invalidValue("Timestamp is in the future")
		}
		for _, r := range sh.records {
			if float64(r.at.Unix()) >= in.timestamp.v {
				return r.number, nil
			}
		}
		return s.next, nil
	case "TRIM_HORIZON":
		return max(sh.start, sh.trimmed), nil
	}
	last := sh.end
	if last == 0 { // an empty shard has its first number all the same
		last = max(s.next-1, sh.start)
	}
	number, err := parseSequence(in.sequence.v)
	if err != nil || number < sh.start || number > last {
		return 0, invalid("Invalid SequenceNumber for the shard")
	}
	if number < sh.trimmed {
		return 0, trimmedData()
	}
	if in.kind.v == "AFTER_SEQUENCE_NUMBER" {
		number++
	}
	return number, nil
}

// parseSequence reads a sequence number that sequenceNumber has printed.
func parseSequence(text string) (uint64, error) {
	digits, ok := strings.CutPrefix(text, "1")
	if !ok || len(digits) != 20 {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseUint(digits, 10, 64)
}

func trimmedData() error {
	return badRequest(inDynamoDB+"TrimmedDataAccessException", "The data you are trying to access has been trimmed")
}

// iterator is a position in a shard, as it was given out at some time.
type iterator struct {
	shard  string
	number uint64 // the first sequence number that it reads
	issued time.Time
}

// text prints the iterator: the stream's ARN, and the rest in base64 with a checksum.
func (it iterator) text(s *stream) string {
	b := binary.BigEndian.AppendUint64(nil, it.number)
	b = binary.BigEndian.AppendUint64(b, uint64(it.issued.UnixMilli()))
	b = append(b, it.shard...)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	return s.arn + "|1|" + base64.StdEncoding.EncodeToString(b)
}

// parseIterator reads an iterator, and the ARN of its stream.
func parseIterator(text string) (it iterator, arn string, ok bool) {
	arn, rest, _ := strings.Cut(text, "|1|")
	b, err := base64.StdEncoding.DecodeString(rest)
	if err != nil || len(b) < 20 {
		return it, arn, false
	}
	sum := len(b) - 4
	if crc32.ChecksumIEEE(b[:sum]) != binary.BigEndian.Uint32(b[sum:]) {
		return it, arn, false
	}
	it.number = binary.BigEndian.Uint64(b)
	it.issued = time.UnixMilli(int64(binary.BigEndian.Uint64(b[8:])))
	it.shard = string(b[16:sum])
	return it, arn, true
}

// recordsInput is GetRecords' request.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html
type recordsInput struct {
	iterator opt[string]
	limit    opt[int64]
}

func (in *recordsInput) member(d *decoder, name string) {
	switch name {
	case "ShardIterator":
		in.iterator = d.string()
	case "Limit":
		in.limit = d.integer("Integer")
	default:
		d.skip()
	}
}

func (in *recordsInput) check() error {
	c := &constraints{}
	if c.notNull("shardIterator", in.iterator.ok) {
		c.length("shardIterator", in.iterator.v, 1, 2048)
	}
	c.atLeast("limit", in.limit, 1)
	if err := c.err(); err != nil {
		return err
	}
	if in.limit.v > maxRecords {
		return invalidValue("Limit should be less than or equal to %d", maxRecords)
	}
	return nil
}

// getRecords answers GetRecords.
func (e *Engine) getRecords(in *recordsInput, w *writer) error {
	now := e.now()
	it, arn, ok := parseIterator(in.iterator.v)
	if !ok {
		return invalid("Invalid ShardIterator")
	}
	s, err := e.streamOf(arn, now)
	if err != nil {
		return err
	}
	if now.Sub(it.issued) > iteratorLife {
		return badRequest(inDynamoDB+"ExpiredIteratorException", "Shard iterator has expired")
	}
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	s.settle(now)
	i := slices.IndexFunc(s.shards, func(sh *shard) bool { return sh.id == it.shard })
	if i < 0 || it.number < s.shards[i].trimmed {
		return trimmedData()
	}
	sh := s.shards[i]
	from, _ := slices.BinarySearchFunc(sh.records, it.number, func(r streamRecord, n uint64) int {
		switch {
		case r.number < n:
			return -1
		case r.number > n:
			return 1
		}
		return 0
	})
	limit, bytes := int(in.limit.or(maxRecords)), 0
	w.beginObject()
	w.array("Records")
	n := from
	for ; n < len(sh.records) && n-from < limit; n++ {
		size := sh.records[n].size(s)
		if bytes += size; bytes > maxPage && n > from {
			break
		}
		it.number = sh.records[n].number + 1
		e.writeRecord(s, sh.records[n], size, w)
	}
	w.endArray()
	if sh.end == 0 || n < len(sh.records) {
		w.text("NextShardIterator", iterator{shard: sh.id, number: it.number, issued: now}.text(s))
	}
	w.endObject()
	return nil
}

// writeRecord writes a record as an element.
func (e *Engine) writeRecord(s *stream, r streamRecord, size int, w *writer) {
	name := "MODIFY"
	switch {
	case r.old == nil:
		name = "INSERT"
	case r.new == nil:
		name = "REMOVE"
	}
	number := sequenceNumber(r.number)
	id := md5.Sum([]byte(s.arn + number))
	w.beginObject()
	w.text("eventID", hex.EncodeToString(id[:]))
	w.text("eventName", name)
	w.text("eventVersion", "1.1")
	w.text("eventSource", "aws:dynamodb")
	w.text("awsRegion", e.region)
	w.object("dynamodb")
	w.time("ApproximateCreationDateTime", r.at.Truncate(time.Second))
	w.item("Keys", r.keys(s))
	for _, image := range r.images(s) {
		w.item(image.name, image.item)
	}
	w.text("SequenceNumber", number)
	w.int("SizeBytes", int64(size))
	w.text("StreamViewType", s.view)
	w.endObject()
	if r.expired {
		w.object("userIdentity")
		w.text("PrincipalId", "dynamodb.amazonaws.com")
		w.text("Type", "Service")
		w.endObject()
	}
	w.endObject()
}

// keys are the key attributes of the item.
func (r streamRecord) keys(s *stream) value.Item {
	if r.new != nil {
		return s.t.key.keyOf(r.new.item)
	}
	return s.t.key.keyOf(r.old.item)
}

// image is the item as a record shows it.
type image struct {
	name string
	item value.Item
}

// images are the images that the stream's records have, of those that there are.
func (r streamRecord) images(s *stream) (out []image) {
	if r.new != nil && (s.view == "NEW_IMAGE" || s.view == "NEW_AND_OLD_IMAGES") {
		out = append(out, image{"NewImage", r.new.item})
	}
	if r.old != nil && (s.view == "OLD_IMAGE" || s.view == "NEW_AND_OLD_IMAGES") {
		out = append(out, image{"OldImage", r.old.item})
	}
	return out
}

// size is the size of a record in bytes: its key and its images.
func (r streamRecord) size(s *stream) int {
	n := r.keys(s).Size()
	for _, image := range r.images(s) {
		n += image.item.Size()
	}
	return n
}

// timestamp reads seconds since 1970.
func (d *decoder) timestamp() opt[float64] {
	if d.null() {
		return opt[float64]{}
	}
	text, err := d.s.Number()
	if d.failed(err) {
		return opt[float64]{}
	}
	seconds, err := strconv.ParseFloat(string(text), 64)
	if err != nil || math.IsInf(seconds, 0) {
		d.fail("")
		return opt[float64]{}
	}
	return some(seconds)
}
