package bulk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/sethvargo/go-retry"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/internal/core"
	"github.com/dynox-go/dynox/internal/wire"
)

// PutOption is an option of [PutItems].
type PutOption func(*putJob)

// putJob is what a bulk put was told, and how far it has come.
type putJob struct {
	unchecked bool
	onlyNew   bool
	keep      bool
	prefix    string
	objects   int64 // bytes of one
	units     int64
	tier      types.BulkOperationPerformanceTier
	state     func(PutState)
}

// Limits of a bulk put.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/BulkPutItems.BestPractices.html
const (
	maxObjects    = 50_000
	minUnits      = 1024
	objectSize    = 64 << 20
	maxObjectSize = 1 << 30
)

// Unchecked puts items of repositories whose writes need what a bulk put does not do,
// without that: a version is not checked, but counted from what the item has; unique
// attributes are not kept unique; hooks after puts do not run.
func Unchecked() PutOption { return func(j *putJob) { j.unchecked = true } }

// OnlyNew puts items that are not there yet. Those that are stay as they are, and are
// among [PutState.Failures].
func OnlyNew() PutOption { return func(j *putJob) { j.onlyNew = true } }

// KeepObjects leaves the objects that the service has read in the bucket. Without it they
// are removed when the operation has ended.
func KeepObjects() PutOption { return func(j *putJob) { j.keep = true } }

// ObjectPrefix is what the keys of all objects begin with, before a slash: those with the
// items, and the service's reports. The default is "bulk-put".
func ObjectPrefix(prefix string) PutOption {
	return func(j *putJob) { j.prefix = strings.Trim(prefix, "/") }
}

// ObjectSize is how many bytes of items an object has before it is compressed, about, from
// 1 to 1 GiB: it is held in memory. The default is 64 MiB. The service reads up to
// 50,000 objects, several at once.
func ObjectSize(bytes int64) PutOption { return func(j *putJob) { j.objects = bytes } }

// MaxWriteUnits bounds the write units that the service takes in a second for it, from
// 1,024 on. The default is the service's. A table's dynox.RateLimit does not see them.
func MaxWriteUnits(perSecond int64) PutOption { return func(j *putJob) { j.units = perSecond } }

// Accelerated asks for the performance tier of that name, which has larger limits, for
// another price.
func Accelerated() PutOption {
	return func(j *putJob) { j.tier = types.BulkOperationPerformanceTierAccelerated }
}

// OnPutState has f told whenever something has changed: after each object, and each time
// that the service was asked. It is called in the goroutine of the call.
func OnPutState(f func(PutState)) PutOption { return func(j *putJob) { j.state = f } }

// PutState is how far a bulk put has come.
type PutState struct {
	Taken   int64 // items that were taken from the sequence
	Objects int   // that they were sent to the bucket in

	Operation string // the ARN of the service's operation, "": not started
	Status    string // the service's, such as IN_PROGRESS
	Processed int64  // items that the service is done with, those that failed too
	Failed    int64  // items that are wrong in themselves; those that OnlyNew leaves are not among them
	Bytes     int64  // what the puts took of the table and its indexes; the service charges by it

	report string // where the service's reports are
}

// ErrPutFailed is that items were not put, or the operation has not ended as it should.
// [PutState.Failures] are the items.
var ErrPutFailed = errors.New("not all items were put")

// PutItems puts the items of a sequence through S3, by the service's StartBulkPutItems: for
// loads so large that batches take too long. It writes the items to compressed objects in the
// bucket, starts the operation, waits for its end, and removes those objects.
//
// The stages of Repo.Put run for each item when it is taken, from hooks to the check of its size;
// blobs are stored then. Puts replace items, whatever their kind, unless [OnlyNew] says otherwise. As
// in batches, repositories with a version or unique attributes are refused, and here those with hooks
// after puts, too, unless [Unchecked] goes without. The service puts items in no order: of two with one key, either stays.
//
// The sequence is ranged over once, in the caller's goroutine; an error of it, or of an item, ends
// the call before the operation is started. When ctx ends later the operation goes on:
// [WaitForPut] waits for it again. It is started with a token, so a lost answer starts no second one.
//
// The error is [ErrPutFailed] if the operation ended otherwise than completed, or the service
// says that items failed. The client needs StartBulkPutItems and DescribeBulkOperation; the
// service's principal reads and writes the bucket with the caller's permissions.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/BulkPutItems.Requesting.html
func PutItems[T any](ctx context.Context, repo *dynox.Repo[T], items iter.Seq2[T, error], bucket Bucket, opts ...PutOption) (PutState, error) {
	j := &putJob{prefix: "bulk-put", objects: objectSize}
	for _, opt := range opts {
		if opt != nil {
			opt(j)
		}
	}
	r := repo.Core(core.Door{})
	if r == nil {
		return PutState{}, wrap("bulk put", "(none)", errors.New("nil repository"))
	}
	p := &putting{putJob: j, repo: r, table: r.Table, bucket: bucket}
	err := p.check()
	if err == nil && items == nil {
		err = errors.New("nil sequence")
	}
	if err == nil {
		err = p.all(ctx, func(yield func(any, error) bool) {
			for item, err := range items {
				if !yield(&item, err) {
					return
				}
			}
		})
	}
	if err != nil {
		err = &dynox.Error{Op: "bulk put", Table: r.Table.Name, Item: r.Name(), Err: dynox.PublicError(core.Door{}, err)}
	}
	return p.PutState, err
}

// WaitForPut waits for the end of an operation that [PutItems] has started, on the same table.
// It removes no objects.
func WaitForPut(ctx context.Context, table *dynox.Table, operation string, opts ...PutOption) (PutState, error) {
	j := new(putJob)
	for _, opt := range opts {
		if opt != nil {
			opt(j)
		}
	}
	p := &putting{putJob: j}
	var err error
	if p.table, err = table.Core(core.Door{}); err == nil {
		err = p.table.CheckBulk()
	}
	if err == nil && operation == "" {
		err = errors.New("no operation")
	}
	if p.Operation = operation; err == nil {
		err = p.wait(ctx)
	}
	return p.PutState, wrap("bulk put", nameOf(table), err)
}

// putting is a bulk put on its way.
type putting struct {
	*putJob
	PutState
	repo   *core.Repo
	table  *core.Table
	bucket Bucket
	folder string // of all objects
}

func (p *putting) check() error {
	switch {
	case p.bucket == nil || p.bucket.Name() == "":
		return errors.New("no bucket")
	case p.objects < 1 || p.objects > maxObjectSize:
		return fmt.Errorf("objects of %d bytes, not 1 to %d", p.objects, maxObjectSize)
	case p.units != 0 && p.units < minUnits:
		return fmt.Errorf("%d write units a second: the service takes no less than %d", p.units, minUnits)
	case len(p.prefix) > 900:
		return fmt.Errorf("a prefix of %d bytes: S3 takes names of up to 1024", len(p.prefix))
	}
	return p.repo.CheckBulk(p.unchecked)
}

// all uploads the items, and has the service put them.
func (p *putting) all(ctx context.Context, items iter.Seq2[any, error]) (err error) {
	p.folder = rand.Text() + "/"
	if p.prefix != "" {
		p.folder = p.prefix + "/" + p.folder
	}
	err = p.upload(ctx, items)
	if err == nil && p.Taken > 0 {
		if err = p.start(ctx); err == nil {
			err = p.wait(ctx)
		}
	}
	if !p.keep && (p.Operation == "" || p.ended()) && !errors.Is(err, core.ErrUnknownOutcome) {
		err = errors.Join(err, p.clear(ctx))
	}
	return err
}

// key is that of an object with items, from 0.
func (p *putting) key(n int) string { return fmt.Sprintf("%sitems/%05d.json.gz", p.folder, n) }

// upload writes all items to objects.
func (p *putting) upload(ctx context.Context, items iter.Seq2[any, error]) error {
	pack := packer{packing: gzipped}
	var lines []byte
	send := func() error {
		switch {
		case len(lines) == 0:
			return nil
		case p.Objects == maxObjects:
			return fmt.Errorf("more than %d objects, which the service does not read: ObjectSize makes them larger", maxObjects)
		}
		packed, err := pack.pack(lines)
		if err != nil {
			return err
		}
		key := p.key(p.Objects)
		p.Objects++ // to be removed, even if its answer is lost
		if err := p.bucket.Upload(ctx, key, packed); err != nil {
			return err
		}
		lines = lines[:0]
		p.tell()
		return nil
	}
	for item, err := range items {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		stored, err := p.repo.StoredPut(ctx, item)
		if err != nil {
			return fmt.Errorf("item %d: %w", p.Taken, err)
		}
		p.Taken++
		lines = p.appendLine(lines, stored)
		if int64(len(lines)) >= p.objects {
			if err := send(); err != nil {
				return err
			}
		}
	}
	return send()
}

// appendLine appends the line of an item.
func (p *putting) appendLine(lines, item []byte) []byte {
	lines = append(append(lines, `{"Item":`...), item...)
	if p.onlyNew {
		lines = append(lines, `,"ConditionExpression":"attribute_not_exists(#k)","ExpressionAttributeNames":{"#k":`...)
		lines = append(wire.AppendString(lines, p.repo.PartitionAttr()), '}')
	}
	return append(lines, "}\n"...)
}

// start starts the operation.
func (p *putting) start(ctx context.Context) error {
	p.report = p.folder + "report/"
	in := &dynamodb.StartBulkPutItemsInput{
		TableName: &p.table.Name, ClientToken: aws.String(rand.Text()), PerformanceTier: p.tier,
		InputS3Configuration: &types.InputS3Configuration{
			S3Bucket: aws.String(p.bucket.Name()), S3KeyPrefix: aws.String(p.folder + "items/"),
			InputFormat: types.BulkOperationInputFormatDynamodbJson, InputCompressionType: types.InputCompressionTypeGzip,
		},
		OutputS3Configuration: &types.OutputS3Configuration{
			S3Bucket: aws.String(p.bucket.Name()), S3KeyPrefix: &p.report,
			OutputType: []types.OutputTypeEnum{types.OutputTypeEnumError, types.OutputTypeEnumConditionCheckFailure},
		},
	}
	if p.units > 0 {
		in.MaxWriteRequestUnits = &p.units
	}
	d, err := p.table.StartBulkPut(ctx, in)
	if err != nil {
		return err
	}
	p.note(d)
	return nil
}

// The service is asked about an operation at first after putFirst, then ever less
// often, up to putLast.
const (
	putFirst = 100 * time.Millisecond
	putLast  = 30 * time.Second
)

var errPutRuns = errors.New("the operation goes on")

// wait waits until the operation has ended.
func (p *putting) wait(ctx context.Context) error {
	backoff := retry.WithCappedDuration(putLast, retry.NewExponential(putFirst))
	err := retry.Do(ctx, backoff, func(ctx context.Context) error {
		d, err := p.table.DescribeBulk(ctx, p.Operation)
		if err != nil {
			return err
		}
		if p.note(d); !p.ended() {
			return retry.RetryableError(errPutRuns)
		}
		switch {
		case p.Status != string(types.BulkOperationStatusCompleted) && p.Status != string(types.BulkOperationStatusCompletedWithErrors):
			return fmt.Errorf("%w: the operation is %s: %s", ErrPutFailed, p.Status, aws.ToString(d.FailureCode))
		case p.Failed > 0 || p.Status == string(types.BulkOperationStatusCompletedWithErrors):
			return fmt.Errorf("%w: %d of %d failed", ErrPutFailed, p.Failed, p.Processed)
		}
		return nil
	})
	if err != nil && ctx.Err() != nil && !p.ended() {
		return context.Cause(ctx)
	}
	return err
}

// note notes what the service says of the operation.
func (p *putting) note(d *types.BulkOperationDescription) {
	if d == nil {
		return
	}
	p.Operation, p.Status = aws.ToString(d.BulkOperationArn), string(d.BulkOperationStatus)
	p.Processed, p.Failed, p.Bytes = d.ProcessedItemCount, d.FailedItemCount, 0
	for _, u := range d.BulkOperationUsage {
		p.Bytes += aws.ToInt64(u.BulkPutBytes)
	}
	if out := d.OutputS3Configuration; out != nil && out.S3KeyPrefix != nil {
		p.report = *out.S3KeyPrefix
	}
	p.tell()
}

// ended reports whether the operation has ended.
func (p *putting) ended() bool {
	switch types.BulkOperationStatus(p.Status) {
	case types.BulkOperationStatusCompleted, types.BulkOperationStatusCompletedWithErrors, types.BulkOperationStatusFailed, types.BulkOperationStatusCancelled:
		return true
	}
	return false
}

func (p *putting) tell() {
	if p.state != nil {
		p.state(p.PutState)
	}
}

// clearTime is how long removing objects may take, after the caller's context has ended.
const clearTime = 15 * time.Second

// clear removes the objects with items.
func (p *putting) clear(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), clearTime+time.Duration(p.Objects)*time.Second)
	defer cancel()
	for n := range p.Objects {
		if err := p.bucket.Remove(ctx, p.key(n)); err != nil {
			return fmt.Errorf("objects stay in the bucket: %w", err)
		}
	}
	return nil
}
