package memtable

import (
	"fmt"
	"time"
)

// bulkPutInput is StartBulkPutItems' request.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_StartBulkPutItems.html
type bulkPutInput struct {
	table  opt[string]
	input  opt[bulkSource]
	output opt[bulkTarget]
	token  opt[string]
	rate   opt[int64]
	tier   opt[string]
}

// bulkPlace is a place in a bucket.
type bulkPlace struct{ bucket, owner, prefix opt[string] }

// bulkSource is InputS3Configuration.
type bulkSource struct {
	place               bulkPlace
	format, compression opt[string]
}

// bulkTarget is OutputS3Configuration.
type bulkTarget struct {
	place             bulkPlace
	kinds             opt[[]string] // of output
	algorithm, kmsKey opt[string]
}

func (in *bulkPutInput) member(d *decoder, name string) {
	switch name {
	case "TableName":
		in.table = d.string()
	case "InputS3Configuration":
		in.input.ok = d.object(name, func(name string) { in.input.v.member(d, name) })
	case "OutputS3Configuration":
		in.output.ok = d.object(name, func(name string) { in.output.v.member(d, name) })
	case "ClientToken":
		in.token = d.string()
	case "MaxWriteRequestUnits":
		in.rate = d.integer("Long")
	case "PerformanceTier":
		in.tier = d.string()
	default:
		d.skip()
	}
}

func (s *bulkSource) member(d *decoder, name string) {
	switch name {
	case "InputFormat":
		s.format = d.string()
	case "InputCompressionType":
		s.compression = d.string()
	default:
		s.place.member(d, name)
	}
}

func (s *bulkTarget) member(d *decoder, name string) {
	switch name {
	case "OutputType":
		s.kinds = d.strings()
	case "S3SseAlgorithm":
		s.algorithm = d.string()
	case "S3SseKmsKeyId":
		s.kmsKey = d.string()
	default:
		s.place.member(d, name)
	}
}

func (p *bulkPlace) member(d *decoder, name string) {
	switch name {
	case "S3Bucket":
		p.bucket = d.string()
	case "S3BucketOwner":
		p.owner = d.string()
	case "S3KeyPrefix":
		p.prefix = d.string()
	default:
		d.skip()
	}
}

func (in *bulkPutInput) check() error {
	c := &constraints{}
	c.tableName("tableName", in.table)
	if c.notNull("inputS3Configuration", in.input.ok) {
		in.input.v.constrain(c)
	}
	if c.notNull("outputS3Configuration", in.output.ok) {
		in.output.v.constrain(c)
	}
	if in.token.ok {
		c.matches("clientToken", in.token.v, bulkClientToken)
	}
	c.atLeast("maxWriteRequestUnits", in.rate, 1024)
	c.enum("performanceTier", in.tier, "STANDARD, ACCELERATED")
	if err := c.err(); err != nil {
		return err
	}
	if err := in.output.v.checkKey(); err != nil {
		return err
	}
	return in.input.v.checkReadable()
}

var (
	bulkClientToken = newPattern(`^[^\$]+$`)
	bucketName      = newPattern(`^[a-z0-9A-Z]+[\.\-\w]*[a-z0-9A-Z]+$`)
	bucketOwner     = newPattern(`[0-9]{12}`)
)

func (p *bulkPlace) constrain(c *constraints, path string) {
	if c.notNull(path+".s3Bucket", p.bucket.ok) {
		c.matches(path+".s3Bucket", p.bucket.v, bucketName)
		c.length(path+".s3Bucket", p.bucket.v, 0, 255)
	}
	if p.owner.ok {
		c.matches(path+".s3BucketOwner", p.owner.v, bucketOwner)
	}
	if p.prefix.ok {
		c.length(path+".s3KeyPrefix", p.prefix.v, 0, 1024)
	}
}

func (s *bulkSource) constrain(c *constraints) {
	const path = "inputS3Configuration"
	s.place.constrain(c, path)
	if c.notNull(path+".inputFormat", s.format.ok) {
		c.enum(path+".inputFormat", s.format, "DYNAMODB_JSON, ION")
	}
	c.enum(path+".inputCompressionType", s.compression, "GZIP, ZSTD, NONE")
}

// checkReadable refuses what the engine can't read, where the service can.
func (s *bulkSource) checkReadable() error {
	if s.compression.v == "ZSTD" {
		return invalid("memtable reads no ZSTD: the InputCompressionType of a bulk operation has to be GZIP or NONE")
	}
	return nil
}

const bulkOutputs = "ERROR, CONDITION_CHECK_FAILURE"

func (s *bulkTarget) constrain(c *constraints) {
	const path = "outputS3Configuration"
	s.place.constrain(c, path)
	if c.notNull(path+".outputType", s.kinds.ok) {
		shown := func() string { return bracketed(s.kinds.v) }
		c.count(path+".outputType", len(s.kinds.v), 1, 2, shown)
		for _, kind := range s.kinds.v {
			if !listed(bulkOutputs, kind) {
				c.violated(quote(shown()), path+".outputType",
					"Member must satisfy constraint: [Member must satisfy enum value set: ["+bulkOutputs+"]]")
				break
			}
		}
	}
	c.enum(path+".s3SseAlgorithm", s.algorithm, "AES256, KMS")
}

// checkKey checks that a key is there for KMS, and for nothing else.
func (s *bulkTarget) checkKey() error {
	switch kms := s.algorithm.v == "KMS"; {
	case kms && !s.kmsKey.ok:
		return invalidValue("S3SseKmsKeyId must be specified when S3SseAlgorithm is KMS")
	case !kms && s.kmsKey.ok:
		return invalidValue("S3SseKmsKeyId can only be specified when S3SseAlgorithm is KMS")
	}
	return nil
}

// same reports whether two requests ask for the same.
func (in *bulkPutInput) same(other *bulkPutInput) bool { return fmt.Sprint(*in) == fmt.Sprint(*other) }

// startBulkPutItems answers StartBulkPutItems.
func (e *Engine) startBulkPutItems(in *bulkPutInput, w *writer) error {
	now := e.now()
	t, err := e.find(in.table.v, now)
	if err != nil {
		return err
	}
	e.bulk.mu.Lock()
	defer e.bulk.mu.Unlock()
	if op := e.bulk.byToken(in.token, now); op != nil {
		if !op.in.same(in) {
			return badRequest(inDynamoDB+"IdempotentParameterMismatchException",
				"The request uses the same client token as a previous, but non-identical request.")
		}
		w.beginObject()
		op.describe(w)
		w.endObject()
		return nil
	}
	if err := t.takesBulk(now); err != nil {
		return err
	}
	op := &bulkOperation{in: in, id: fmt.Sprintf("%014d-%s", now.UnixMilli(), newID()[:8]), table: t,
		started: now, delay: e.bulkDelay, status: bulkRunning, report: map[string]*writer{}}
	op.arn = t.arn + "/bulk-operation/" + op.id
	e.bulk.start(op)
	w.beginObject()
	op.describe(w)
	w.endObject()
	e.bulk.run(e, now)
	return nil
}

// takesBulk checks that the table can be written in bulk: no part of it is being made.
func (t *table) takesBulk(now time.Time) error {
	t.mu.RLock()
	defer t.mu.RUnlock()
	switch t.status(now) {
	case statusCreating:
		return inUse("Table is being created: %s", t.name)
	case statusDeleting:
		return inUse("Table is being deleted: %s", t.name)
	}
	for _, x := range t.data.indexes {
		if x.status(now) == statusCreating {
			return inUse("Index is being created: %s", x.name)
		}
	}
	if t.buildsVector(now) {
		return inUse("A vector index of table %s is being created or deleted", t.name)
	}
	return nil
}
