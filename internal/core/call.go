package core

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/codec"
)

// The calls of the SDK. Keys, items and values come as JSON or as what makes
// it; what is found goes to a page. On the direct path they cross the SDK as
// bytes, in an exchange; otherwise as attribute values.

// direct reports whether a call with ctx can take the direct path: the client
// is the SDK's own, and speaks the protocol that an exchange wraps.
func (t *Table) direct(ctx context.Context) bool {
	fns := options(ctx)
	switch client, ok := t.Client.(*dynamodb.Client); {
	case !t.Direct || t.SDKValues || !ok:
		return false
	case len(fns) == 0:
		return true
	default:
		o := client.Options()
		for _, fn := range fns {
			fn(&o)
		}
		return wraps(o)
	}
}

func wraps(o dynamodb.Options) bool { return o.Protocol != nil && o.Protocol.ID() == awsJSON }

// values is the JSON of an expression's values as the SDK takes them.
func values(json []byte) (map[string]types.AttributeValue, error) {
	if json == nil {
		return nil, nil
	}
	return codec.AttributeValues(json)
}

// empty stands for what an exchange writes where the SDK requires something.
func empty() map[string]types.AttributeValue { return map[string]types.AttributeValue{} }

// options are those of a call whose items go to p: of the direct path, if
// direct says so, with members of the request.
func (t *Table) options(fns []func(*dynamodb.Options), direct bool, p *page, members ...member) []func(*dynamodb.Options) {
	p.answered = false
	if !direct {
		return fns
	}
	x := &exchange{page: p}
	x.members = x.own[:0]
	for _, m := range members {
		if m.json != nil {
			x.members = append(x.members, m)
		}
	}
	return append(fns[:len(fns):len(fns)], x.wrap)
}

func (t *Table) getItem(ctx context.Context, in *dynamodb.GetItemInput, key attributes, p *page) error {
	direct := t.direct(ctx)
	var at []byte
	if direct {
		in.Key, at = empty(), key.json()
	} else {
		in.Key = key.values()
	}
	out, err := t.Client.GetItem(ctx, in, t.options(options(ctx), direct, p, member{"Key", at})...)
	if err == nil {
		p.readSDK(out.Item)
	}
	return err
}

func (t *Table) query(ctx context.Context, in *dynamodb.QueryInput, json []byte, p *page) (err error) {
	direct := t.direct(ctx)
	if !direct {
		if in.ExpressionAttributeValues, err = values(json); err != nil {
			return err
		}
	}
	out, err := t.Client.Query(ctx, in, t.options(options(ctx), direct, p, member{"ExpressionAttributeValues", json})...)
	if err != nil {
		return err
	}
	p.count, p.scanned, p.next = int(out.Count), int(out.ScannedCount), nonEmpty(out.LastEvaluatedKey)
	p.readSDK(out.Items...)
	return nil
}

func (t *Table) scan(ctx context.Context, in *dynamodb.ScanInput, json []byte, p *page) (err error) {
	direct := t.direct(ctx)
	if !direct {
		if in.ExpressionAttributeValues, err = values(json); err != nil {
			return err
		}
	}
	out, err := t.Client.Scan(ctx, in, t.options(options(ctx), direct, p, member{"ExpressionAttributeValues", json})...)
	if err != nil {
		return err
	}
	p.count, p.scanned, p.next = int(out.Count), int(out.ScannedCount), nonEmpty(out.LastEvaluatedKey)
	p.readSDK(out.Items...)
	return nil
}

// putItem, updateItem and deleteItem are given the options of their call,
// which watch its attempts.

func (t *Table) putItem(ctx context.Context, in *dynamodb.PutItemInput, item stored, json []byte, p *page, fns []func(*dynamodb.Options)) (err error) {
	direct := item.raw != nil // it was made for the direct path
	in.Item = item.attrs
	if direct {
		in.Item = empty()
	} else if in.ExpressionAttributeValues, err = values(json); err != nil {
		return err
	}
	out, err := t.Client.PutItem(ctx, in, t.options(fns, direct, p, member{"Item", item.raw}, member{"ExpressionAttributeValues", json})...)
	if err == nil {
		p.readSDK(out.Attributes)
	}
	return err
}

func (t *Table) updateItem(ctx context.Context, in *dynamodb.UpdateItemInput, key attributes, json []byte, p *page, fns []func(*dynamodb.Options)) (err error) {
	direct := t.direct(ctx)
	var at []byte
	if direct {
		in.Key, at = empty(), key.json()
	} else {
		in.Key = key.values()
		if in.ExpressionAttributeValues, err = values(json); err != nil {
			return err
		}
	}
	out, err := t.Client.UpdateItem(ctx, in, t.options(fns, direct, p, member{"Key", at}, member{"ExpressionAttributeValues", json})...)
	if err == nil {
		p.readSDK(out.Attributes)
	}
	return err
}

func (t *Table) deleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, key attributes, json []byte, p *page, fns []func(*dynamodb.Options)) (err error) {
	direct := t.direct(ctx)
	var at []byte
	if direct {
		in.Key, at = empty(), key.json()
	} else {
		in.Key = key.values()
		if in.ExpressionAttributeValues, err = values(json); err != nil {
			return err
		}
	}
	out, err := t.Client.DeleteItem(ctx, in, t.options(fns, direct, p, member{"Key", at}, member{"ExpressionAttributeValues", json})...)
	if err == nil {
		p.readSDK(out.Attributes)
	}
	return err
}
