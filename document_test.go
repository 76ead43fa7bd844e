package dynox_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/hooks"
	"github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

type doc = dynox.Document

func path[V any](name string) expr.Attr[doc, V] { return expr.Path[doc, V](name) }

// aDoc is a document of these attributes.
func aDoc(t *testing.T, attrs map[string]any) doc {
	t.Helper()
	d, err := dynox.NewDocument(attrs)
	is.NewRelaxed(t).NoErr(err)
	return d
}

var docKey = dynox.Key[doc]{Partition: dynox.By(path[string]("shop")), Sort: dynox.By(path[int]("n"))}

func TestDocuments(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		byCity := dynox.GSI("by-city", dynox.Key[doc]{Partition: dynox.By(path[string]("city")), Sort: dynox.By(path[string]("street"))}).KeysOnly()
		docs := newRepo(t, client, docKey, byCity, dynox.Kind[doc]("doc"))
		all := map[string]types.AttributeValue{
			"set": &types.AttributeValueMemberSS{Value: []string{"a", "b"}}, "big": &types.AttributeValueMemberN{Value: "12345678901234567890123456789012345678"},
			"null": &types.AttributeValueMemberNULL{Value: true}, "bytes": &types.AttributeValueMemberB{Value: []byte{0, 1}},
			"list": &types.AttributeValueMemberL{Value: []types.AttributeValue{&types.AttributeValueMemberBOOL{Value: true}}},
		}
		for n := range 5 {
			d := aDoc(t, map[string]any{"shop": "1", "n": n, "city": []string{"Oslo", "Rome"}[n%2], "street": strings.Repeat("x", n+1), "stock": map[string]any{"a": n}})
			for name, av := range all {
				d.Attrs[name] = av
			}
			is.NoErr(docs.Create(ctx, &d))
			var kind string
			ok, err := d.Get("kind", &kind) // as reads have it
			is.NoErr(err)
			is.True(ok && kind == "doc")
		}

		// what is read can be put again, and is the same
		id := aDoc(t, map[string]any{"shop": "1", "n": 3})
		got, err := docs.Get(ctx, id)
		is.NoErr(err)
		is.Equal(len(got.Attrs), 11)
		is.NoErr(docs.Put(ctx, &got, expr.If(path[int]("stock.a").Eq(3))))
		again, err := docs.Get(ctx, id, dynox.Consistent)
		is.NoErr(err)
		same(t, plain(t, again.Attrs), plain(t, got.Attrs))
		is.Equal(again.Attrs["big"].(*types.AttributeValueMemberN).Value, "12345678901234567890123456789012345678")

		numbers := func(seq iter.Seq2[doc, error]) (ns []int) {
			for d, err := range seq {
				is.NoErr(err)
				var n int
				_, err = d.Get("n", &n)
				is.NoErr(err)
				ns = append(ns, n)
			}
			return ns
		}
		q := docKey.In(aDoc(t, map[string]any{"shop": "1"}))
		is.Equal(numbers(docs.Query(ctx, q.Where(path[int]("n").Gt(1)).Filter(path[string]("city").Eq("Oslo")))), []int{2, 4})
		is.Equal(numbers(docs.Query(ctx, docKey.In(id))), []int{3}) // a number that is there narrows
		page, err := docs.Page(ctx, q.Limit(2))
		is.NoErr(err)
		is.Equal(numbers(docs.Query(ctx, q.After(page.Next))), []int{2, 3, 4})
		found := docs.Query(ctx, byCity.In(aDoc(t, map[string]any{"city": "Oslo"})).Desc())
		whole, err := iter.Collect(batch.Hydrate(ctx, docs, found))
		is.NoErr(err)
		is.Equal(numbers(iter.Of(whole...)), []int{4, 2, 0})
		is.Equal(len(whole[0].Attrs), 11)
		n, err := docs.Count(ctx, dynox.All[doc]())
		is.NoErr(err)
		is.Equal(n, int64(5))

		// updates by path
		up, err := docs.Update(ctx, id, path[int]("stock.b").Set(7), expr.Add(path[int]("big"), 1), expr.If(path[int]("stock.a").Eq(3)))
		is.NoErr(err)
		is.Equal(plain(t, up.Attrs)["stock"], map[string]any{"a": 3.0, "b": 7.0})
		_, err = docs.Upsert(ctx, aDoc(t, map[string]any{"shop": "2", "n": 1}), path[string]("city").Set("Pisa"))
		is.NoErr(err)
		is.NoErr(tx.Write(ctx, tx.Delete(docs, id), tx.Check(docs, aDoc(t, map[string]any{"shop": "2", "n": 1}), path[string]("city").Eq("Pisa"))))
		_, err = docs.Get(ctx, id)
		is.True(errors.Is(err, dynox.ErrNotFound))
		only, err := docs.Get(ctx, aDoc(t, map[string]any{"shop": "1", "n": 1}), dynox.Only(path[int]("stock.a")))
		is.NoErr(err)
		is.Equal(plain(t, only.Attrs)["stock"], map[string]any{"a": 1.0})
		is.Equal(only.Attrs["city"], nil)
		gone, err := batch.DeletePartition(ctx, docs, id)
		is.NoErr(err)
		is.Equal(gone, 4)
	})
}

// Composite keys are derived from attributes by name, stored, and verified.
func TestDocumentsComposite(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		key := dynox.Key[doc]{
			Partition: dynox.Composite("pk", "SHOP#{}", path[string]("shop")),
			Sort:      dynox.Composite("sk", "ITEM#{}#{}", path[int]("n"), path[string]("name")),
		}
		docs := newRepo(t, client, key, dynox.KindByKey[doc]("doc"))
		for n := range 3 {
			d := aDoc(t, map[string]any{"shop": "1", "n": n, "name": "x", "text": "t"})
			is.NoErr(docs.Put(ctx, &d))
			is.Equal(plain(t, d.Attrs)["sk"], "ITEM#0000000000000000000"+string(rune('0'+n))+"#x")
		}
		found := all(t, docs.Query(ctx, key.In(aDoc(t, map[string]any{"shop": "1"})).Where(path[int]("n").Ge(1))))
		is.Equal(len(found), 2)
		is.Equal(len(found[0].Attrs), 6)
		_, err := docs.Update(ctx, found[0], path[string]("text").Set("u"))
		is.NoErr(err)
		_, err = docs.Update(ctx, found[0], path[string]("name").Set("y"))
		is.True(err != nil) // of the key
		made, err := docs.Upsert(ctx, aDoc(t, map[string]any{"shop": "1", "n": 9, "name": "z"}), path[string]("text").Set("u"))
		is.NoErr(err)
		is.Equal(plain(t, made.Attrs)["name"], "z")
	})
}

// Hooks and failures do not reach the caller's document.
func TestDocumentsAreCopied(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	failed := errors.New("no")
	table := dynox.NewTable(memtable.New(t).Client(), "docs")
	docs, err := dynox.NewRepo(table, docKey, hooks.BeforePut(func(_ context.Context, d *doc) error {
		return errors.Join(d.Set("by", "hook"), failed)
	}))
	is.NoErr(err)
	is.NoErr(table.Ensure(ctx, docs))
	d := aDoc(t, map[string]any{"shop": "1", "n": 1})
	is.True(errors.Is(docs.Put(ctx, &d), failed))
	is.Equal(len(d.Attrs), 2)
	failed = nil
	is.NoErr(docs.Put(ctx, &d))
	is.Equal(len(d.Attrs), 3)
	is.NoErr(batch.Write(ctx, slices.Values([]batch.Op{batch.Put(docs, &d)})))
}

func TestDocumentsRefusals(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	table := dynox.NewTable(memtable.New(t).Client(), "docs")
	_, err := dynox.NewRepo(table, dynox.Key[map[string]any]{Partition: dynox.By(expr.Path[map[string]any, string]("id"))})
	is.True(err != nil && strings.Contains(err.Error(), "dynox.Document"))
	for _, key := range []dynox.Key[doc]{
		{Partition: dynox.By(path[bool]("id"))},
		{Partition: dynox.By(path[map[string]string]("id"))},
		{Partition: dynox.By(path[string]("a.id"))},
		{Partition: dynox.Composite("pk", "X#{}", path[string]("a.id"))},
	} {
		_, err := dynox.NewRepo(table, key)
		is.True(err != nil)
	}
	_, err = dynox.NewRepo(table, docKey, dynox.Required[doc](path[string]("x")))
	is.True(err != nil && strings.Contains(err.Error(), "no field"))

	docs, err := dynox.NewRepo(table, docKey)
	is.NoErr(err)
	is.NoErr(table.Ensure(ctx, docs))
	for _, id := range []doc{{}, aDoc(t, map[string]any{"shop": "1"}), aDoc(t, map[string]any{"shop": "", "n": 1}), aDoc(t, map[string]any{"shop": "1", "n": nil})} {
		_, err = docs.Get(ctx, id)
		is.True(errors.Is(err, dynox.ErrKey))
		is.True(errors.Is(docs.Put(ctx, &id), dynox.ErrKey))
	}
	_, err = docs.Get(ctx, aDoc(t, map[string]any{"shop": 1, "n": 1}))
	is.True(err != nil && strings.Contains(err.Error(), "shop: a key attribute of type S, written as N"))
	indexed, err := dynox.NewRepo(table, docKey, dynox.GSI("by-city", dynox.Key[doc]{Partition: dynox.By(path[string]("city"))}))
	is.NoErr(err)
	wrong := aDoc(t, map[string]any{"shop": "1", "n": 1, "city": 7})
	is.True(indexed.Put(ctx, &wrong) != nil) // rather than to leave the city out

	var n int
	ok, err := aDoc(t, map[string]any{"n": "x"}).Get("n", &n)
	is.True(ok && err != nil)
	ok, err = doc{}.Get("n", &n)
	is.True(!ok && err == nil)
	_, err = dynox.NewDocument(map[string]any{"c": make(chan int)})
	is.True(err != nil)
}

// What is loaded is saved, changes in the depth too.
func TestDocumentsSave(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		docs := newRepo(t, client, docKey)
		id := aDoc(t, map[string]any{"shop": "1", "n": 1})
		is.NoErr(docs.Put(ctx, ptr(aDoc(t, map[string]any{"shop": "1", "n": 1, "a": 1, "b": 2, "m": map[string]any{"x": 1, "y": 2, "z": 3}}))))
		loaded, err := docs.Load(ctx, id)
		is.NoErr(err)
		is.NoErr(loaded.V.Set("a", 3))
		delete(loaded.V.Attrs, "b")
		inner := loaded.V.Attrs["m"].(*types.AttributeValueMemberM).Value
		delete(inner, "x")
		inner["y"] = &types.AttributeValueMemberS{Value: "new"}
		is.NoErr(loaded.Save(ctx))
		saved, err := docs.Get(ctx, id)
		is.NoErr(err)
		is.Equal(plain(t, saved.Attrs), map[string]any{"shop": "1", "n": 1.0, "a": 3.0, "m": map[string]any{"y": "new", "z": 3.0}})
	})
}
