package blob_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/blob"
	"github.com/dynox-go/dynox/blob/internal/s3test"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/memtable"
)

type letter struct {
	ID      string    `dynamodbav:"id"`
	Text    blob.Ref  `dynamodbav:"text,omitzero"`
	Deleted time.Time `dynamodbav:"deleted,omitempty"`
	Expires time.Time `dynamodbav:"expires,unixtime,omitempty"`
}

// TestTenantsSweep: a tenant's sweep leaves the blobs of others alone.
func TestTenantsSweep(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	bucket := s3test.New(t)
	store, err := blob.NewStore(bucket.Client(), "letters")
	is.NoErr(err)
	proto := expr.Proto[letter]()
	text := expr.At(proto, &proto.Text)
	table := testbed.Table(t, memtable.New(t).Client())
	key := dynox.Key[letter]{Partition: dynox.Composite("pk", "LETTER#{}", expr.At(proto, &proto.ID))}
	tenants, err := dynox.NewTenants(table, "T#{}#", key, blob.Field(text, store))
	is.NoErr(err)
	is.NoErr(table.Ensure(ctx, tenants))
	acme, other := tenants.Of("acme"), tenants.Of("other")
	is.NoErr(acme.Put(ctx, &letter{ID: "a", Text: blob.From([]byte("one"))}))
	is.NoErr(other.Put(ctx, &letter{ID: "a", Text: blob.From([]byte("two"))}))
	_, err = acme.Update(ctx, letter{ID: "a"}, text.Set(blob.From([]byte("new")))) // leaves an orphan
	is.NoErr(err)
	is.Equal(len(bucket.Objects()), 3)
	bucket.Age(25 * time.Hour)
	done, err := blob.Sweep(ctx, other, text)
	is.NoErr(err)
	is.Equal(done.Removed, 0)
	done, err = blob.Sweep(ctx, acme, text)
	is.NoErr(err)
	is.Equal(done.Removed, 1)
	got, err := other.Get(ctx, letter{ID: "a"})
	is.NoErr(err)
	is.Equal(read(t, got.Text), "two")
}

// TestHidden: what reads hide may come back, so its blobs stay until it is purged.
func TestHidden(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		bucket := s3test.New(t)
		store, err := blob.NewStore(bucket.Client(), "letters")
		is.NoErr(err)
		proto := expr.Proto[letter]()
		text, expires := expr.At(proto, &proto.Text), expr.At(proto, &proto.Expires)
		table := testbed.Table(t, client)
		letters, err := dynox.NewRepo(table, dynox.Key[letter]{Partition: dynox.By(expr.At(proto, &proto.ID))}, blob.Field(text, store),
			dynox.SoftDelete(expr.At(proto, &proto.Deleted)), dynox.TTL(expires), dynox.HideExpired[letter]())
		is.NoErr(err)
		plain, err := dynox.NewRepo(table, dynox.Key[letter]{Partition: dynox.By(expr.At(proto, &proto.ID))})
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, plain)) // and the service deletes nothing
		is.NoErr(letters.Put(ctx, &letter{ID: "a", Text: blob.From([]byte("one"))}))
		is.NoErr(letters.Put(ctx, &letter{ID: "b", Text: blob.From([]byte("two")), Expires: time.Now().Add(-time.Hour)}))
		is.NoErr(letters.Delete(ctx, letter{ID: "a"}))
		is.Equal(len(bucket.Objects()), 2)
		bucket.Age(25 * time.Hour)
		done, err := blob.Sweep(ctx, letters, text)
		is.NoErr(err)
		is.Equal(done.Orphans, 0)

		back, err := letters.Restore(ctx, letter{ID: "a"})
		is.NoErr(err)
		is.Equal(read(t, back.Text), "one")
		back, err = letters.Touch(ctx, letter{ID: "b"}, time.Now().Add(time.Hour))
		is.NoErr(err)
		is.Equal(read(t, back.Text), "two")

		is.NoErr(letters.Delete(ctx, letter{ID: "a"}))
		is.NoErr(letters.Purge(ctx, letter{ID: "a"}))
		is.Equal(len(bucket.Objects()), 1)
	})
}
