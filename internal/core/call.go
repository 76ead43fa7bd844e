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

// exchange is an exchange whose items go to p, and the options of its call.
func (t *Table) exchange(fns []func(*dynamodb.Options), p *page, members ...member) []func(*dynamodb.Options) {
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
	fns := options(ctx)
	direct := t.direct(ctx)
	if direct {
		in.Key = empty()
		fns = t.exchange(fns, p, member{"Key", key.json()})
	} else {
		in.Key = key.values()
	}
	out, err := t.Client.GetItem(ctx, in, fns...)
	if err == nil && !direct && len(out.Item) > 0 {
		p.readMap(out.Item)
	}
	return err
}

func (t *Table) query(ctx context.Context, in *dynamodb.QueryInput, json []byte, p *page) (err error) {
	fns := options(ctx)
	direct := t.direct(ctx)
	if direct {
		fns = t.exchange(fns, p, member{"ExpressionAttributeValues", json})
	} else if in.ExpressionAttributeValues, err = values(json); err != nil {
		return err
	}
	out, err := t.Client.Query(ctx, in, fns...)
	if err != nil {
		return err
	}
	p.count, p.scanned, p.next = int(out.Count), int(out.ScannedCount), nonEmpty(out.LastEvaluatedKey)
	if !direct {
		p.readMaps(out.Items)
	}
	return nil
}

func (t *Table) scan(ctx context.Context, in *dynamodb.ScanInput, json []byte, p *page) (err error) {
	fns := options(ctx)
	direct := t.direct(ctx)
	if direct {
		fns = t.exchange(fns, p, member{"ExpressionAttributeValues", json})
	} else if in.ExpressionAttributeValues, err = values(json); err != nil {
		return err
	}
	out, err := t.Client.Scan(ctx, in, fns...)
	if err != nil {
		return err
	}
	p.count, p.scanned, p.next = int(out.Count), int(out.ScannedCount), nonEmpty(out.LastEvaluatedKey)
	if !direct {
		p.readMaps(out.Items)
	}
	return nil
}

// putItem, updateItem and deleteItem are given the options of their call,
// which watch its attempts, and whether they take the direct path: the item
// is made for it.

func (t *Table) putItem(ctx context.Context, in *dynamodb.PutItemInput, item stored, json []byte, p *page, fns []func(*dynamodb.Options)) (err error) {
	direct := item.raw != nil
	if direct {
		in.Item = empty()
		fns = t.exchange(fns, p, member{"Item", item.raw}, member{"ExpressionAttributeValues", json})
	} else {
		in.Item = item.attrs
		if in.ExpressionAttributeValues, err = values(json); err != nil {
			return err
		}
	}
	out, err := t.Client.PutItem(ctx, in, fns...)
	if err == nil && !direct && len(out.Attributes) > 0 {
		p.readMap(out.Attributes)
	}
	return err
}

func (t *Table) updateItem(ctx context.Context, in *dynamodb.UpdateItemInput, key attributes, json []byte, p *page, fns []func(*dynamodb.Options)) (err error) {
	direct := t.direct(ctx)
	if direct {
		in.Key = empty()
		fns = t.exchange(fns, p, member{"Key", key.json()}, member{"ExpressionAttributeValues", json})
	} else {
		in.Key = key.values()
		if in.ExpressionAttributeValues, err = values(json); err != nil {
			return err
		}
	}
	out, err := t.Client.UpdateItem(ctx, in, fns...)
	if err == nil && !direct && len(out.Attributes) > 0 {
		p.readMap(out.Attributes)
	}
	return err
}

func (t *Table) deleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, key attributes, json []byte, p *page, fns []func(*dynamodb.Options)) (err error) {
	direct := t.direct(ctx)
	if direct {
		in.Key = empty()
		fns = t.exchange(fns, p, member{"Key", key.json()}, member{"ExpressionAttributeValues", json})
	} else {
		in.Key = key.values()
		if in.ExpressionAttributeValues, err = values(json); err != nil {
			return err
		}
	}
	out, err := t.Client.DeleteItem(ctx, in, fns...)
	if err == nil && !direct && len(out.Attributes) > 0 {
		p.readMap(out.Attributes)
	}
	return err
}
