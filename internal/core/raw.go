package core

import (
	"context"
	"errors"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/dynox-go/dynox/internal/codec"
	"github.com/dynox-go/dynox/internal/wire"
)

// RawScan asks for a page of a table's items, whatever they are.
type RawScan struct {
	Segment, Segments int
	PageSize          int // 0: as many as a page holds
	Consistent        bool
	After             []byte // the key that it starts after, as JSON; nil: from the beginning
}

// RawPage is where a page of items as JSON goes. It may be used again, which
// overwrites what it has.
type RawPage struct {
	page  *page
	Items [][]byte // DynamoDB JSON, one object for each
	Next  []byte   // the key to go on after, as JSON; nil at the end
}

// rawView has pages of items that nobody decodes.
var rawView = &view{raw: true}

// ScanRaw reads a page into p. Sentinels and items of all kinds are among them.
func (t *Table) ScanRaw(ctx context.Context, q RawScan, p *RawPage) error {
	switch {
	case t.Err != nil:
		return t.Err
	case t.NoScans:
		return ErrScan
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	if p.page == nil {
		p.page = &page{view: rawView, guess: -1, items: reflect.ValueOf(new([]struct{})).Elem()}
	}
	p.Items, p.Next = p.Items[:0], nil
	p.page.reset()
	p.page.table = t.Name
	in := &dynamodb.ScanInput{TableName: aws.String(t.Name)}
	if q.Consistent {
		in.ConsistentRead = aws.Bool(true)
	}
	if q.PageSize > 0 {
		in.Limit = aws.Int32(int32(min(q.PageSize, 1<<31-1)))
	}
	if q.Segments > 1 {
		in.Segment, in.TotalSegments = aws.Int32(int32(q.Segment)), aws.Int32(int32(q.Segments))
	}
	if q.After != nil {
		key, err := codec.AttributeValues(q.After)
		if err != nil {
			return badCursor("damaged")
		}
		in.ExclusiveStartKey = key
	}
	if err := t.scan(ctx, in, nil, p.page); err != nil {
		return serviceError(err)
	}
	for i := range p.page.entries {
		p.Items = append(p.Items, p.page.entries[i].json())
	}
	if p.page.next != nil {
		p.Next = stored{attrs: p.page.next}.json()
	}
	return nil
}

// RawPut is a put of a batch of an item as JSON, which stays as it is until the batch
// has ended: no stage sees it. What it is about is an attribute of the table's key in
// r, whose type the item has. It cannot be put where writes are guarded.
func (r *Repo) RawPut(item []byte, tag any) BatchOp {
	return BatchOp{Repo: r, raw: item, Tag: tag}
}

// Refused reports whether the service says that a request makes no sense: what is
// wrong is in it, not in the state of anything.
func Refused(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == "ValidationException"
}

// SealText is b as a text for the caller to keep, sealed as cursors are.
func (t *Table) SealText(b []byte) (string, error) {
	b = append(b[:len(b):len(b)], checksum(b)...)
	if t.CursorKey != nil {
		var err error
		if b, err = seal(t.CursorKey, b); err != nil {
			return "", err
		}
	}
	return cursorText.EncodeToString(b), nil
}

// OpenText is what [Table.SealText] was given.
func (t *Table) OpenText(text string) ([]byte, error) {
	b, err := cursorText.DecodeString(text)
	if err != nil {
		return nil, badCursor("it is no checkpoint of this library")
	}
	if t.CursorKey != nil {
		if b, err = unseal(t.CursorKey, b); err != nil {
			return nil, err
		}
	}
	n := len(b) - checksumSize
	if n < 0 || string(b[n:]) != string(checksum(b[:n])) {
		return nil, badCursor("damaged")
	}
	return b[:n], nil
}

// IsRawSentinel is [IsSentinel] of an item as JSON.
func IsRawSentinel(item []byte, partition string) bool {
	r := record{stored: stored{raw: item}, names: []string{partition}}
	r.of(r.stored, false)
	av, ok := r.attribute(partition).(*types.AttributeValueMemberS)
	return ok && IsSentinel(map[string]types.AttributeValue{partition: av}, partition)
}

// appendIdentityOf appends the identity of an item as JSON, whose key attributes are attrs.
func appendIdentityOf(b, item []byte, attrs []keyAttr) []byte {
	var values [2][]byte // of a table's key
	s := wire.NewScanner(item)
	for left, err := len(attrs), s.Object(); left > 0 && err == nil; {
		name, ok, fault := s.Member()
		if fault != nil || !ok {
			break
		}
		var value []byte
		value, err = s.Raw()
		for i, a := range attrs {
			if string(name) == a.name {
				values[i] = value
				left--
			}
		}
	}
	for i := range attrs {
		b = appendRawIdentity(b, values[i])
	}
	return b
}
