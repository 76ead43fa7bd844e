package dynox_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/hooks"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/lock"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

// Post is deleted softly.
type Post struct {
	Blog    string    `dynamodbav:"blog"`
	ID      int       `dynamodbav:"id"`
	Slug    string    `dynamodbav:"slug,omitempty"`
	Text    string    `dynamodbav:"text,omitempty"`
	Deleted time.Time `dynamodbav:"deleted,omitempty"`
	Expires time.Time `dynamodbav:"expires,unixtime,omitempty"`
	Version int       `dynamodbav:"version,omitempty"`
}

var (
	post        = expr.Proto[Post]()
	postID      = expr.At(post, &post.ID)
	postSlug    = expr.At(post, &post.Slug)
	postText    = expr.At(post, &post.Text)
	postDeleted = expr.At(post, &post.Deleted)
	postExpires = expr.At(post, &post.Expires)
	postVersion = expr.At(post, &post.Version)
	PostKey     = dynox.Key[Post]{Partition: dynox.Composite("pk", "BLOG#{}", expr.At(post, &post.Blog)), Sort: dynox.Composite("sk", "POST#{}", postID)}
	BySlug      = dynox.GSI("by-slug", dynox.Key[Post]{Partition: dynox.By(postSlug)}).KeysOnly()
	Trash       = dynox.GSI("trash", dynox.Key[Post]{Partition: dynox.Composite("blog-trash", "{}", expr.At(post, &post.Blog)), Sort: dynox.By(postDeleted)})
)

func TestSoftDelete(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		posts := newRepo(t, client, PostKey, BySlug, Trash, dynox.Kind[Post]("post"), dynox.SoftDelete(postDeleted))
		for i := range 5 {
			is.NoErr(posts.Put(ctx, &Post{Blog: "a", ID: i, Slug: fmt.Sprint("s", i), Text: "x"}))
		}
		key := func(i int) Post { return Post{Blog: "a", ID: i} }
		before := time.Now()
		is.NoErr(posts.Delete(ctx, key(1), expr.If(postText.Eq("x"))))
		taken, err := posts.Take(ctx, key(3))
		is.NoErr(err)
		is.True(taken.Text == "x" && !taken.Deleted.Before(before) && !taken.Deleted.After(time.Now()))

		// they are not there
		ids := func(seq iter.Seq2[Post, error]) (ids []int) {
			t.Helper()
			for p, err := range seq {
				is.NoErr(err)
				ids = append(ids, p.ID)
			}
			slices.Sort(ids)
			return ids
		}
		q := PostKey.In(Post{Blog: "a"})
		left, every := []int{0, 2, 4}, []int{0, 1, 2, 3, 4}
		is.Equal(ids(posts.Query(ctx, q)), left)
		is.Equal(ids(posts.Query(ctx, q.Only(postID))), left)
		is.Equal(ids(posts.Query(ctx, q.WithDeleted())), every)
		is.Equal(ids(posts.Scan(ctx, dynox.All[Post]().Segments(2))), left)
		is.Equal(ids(posts.Scan(ctx, dynox.All[Post]().WithDeleted().Filter(postDeleted.Exists()))), []int{1, 3})
		is.Equal(ids(posts.Query(ctx, Trash.In(Post{Blog: "a"}).WithDeleted())), []int{1, 3})
		is.Equal(ids(posts.Query(ctx, Trash.In(Post{Blog: "a"}))), nil)
		is.Equal(ids(batch.Get(ctx, posts, slices.Values([]Post{key(0), key(1), key(3), key(4)}))), []int{0, 4})
		is.Equal(ids(posts.Query(ctx, BySlug.In(Post{Slug: "s1"}))), []int{1}) // which does not hold the attribute
		is.Equal(ids(batch.Hydrate(ctx, posts, posts.Query(ctx, BySlug.In(Post{Slug: "s1"})))), nil)
		for _, s := range []dynox.Spec[Post]{q, dynox.All[Post]()} {
			n, err := posts.Count(ctx, s)
			is.NoErr(err)
			is.Equal(n, int64(3))
		}
		n, err := posts.Count(ctx, q.WithDeleted())
		is.NoErr(err)
		is.Equal(n, int64(5))
		page, err := posts.Page(ctx, q.Limit(2))
		is.NoErr(err)
		is.Equal(len(page.Items), 2)
		all := dynox.Union[any](posts)
		mixed, err := all.Page(ctx, PostKey.Collection(Post{Blog: "a"}))
		is.NoErr(err)
		is.Equal(len(mixed.Items), 3)
		mixed, err = all.Page(ctx, PostKey.Collection(Post{Blog: "a"}).WithDeleted())
		is.NoErr(err)
		is.Equal(len(mixed.Items), 5)
		_, err = posts.Get(ctx, key(1))
		is.True(errors.Is(err, dynox.ErrNotFound))
		old, err := posts.Get(ctx, key(1), dynox.WithDeleted)
		is.NoErr(err)
		is.True(!old.Deleted.IsZero())
		ref := tx.Get(posts, key(1))
		is.NoErr(tx.Read(ctx, ref))
		is.True(!ref.Found)

		// writes
		is.NoErr(posts.Delete(ctx, key(1))) // again
		is.NoErr(posts.Delete(ctx, key(9)))
		is.True(errors.Is(posts.Delete(ctx, key(1), expr.If(postText.Eq("x"))), dynox.ErrConditionFailed))
		is.True(errors.Is(posts.Delete(ctx, key(0), expr.If(postText.Eq("y"))), dynox.ErrConditionFailed))
		_, err = posts.Take(ctx, key(1))
		is.True(errors.Is(err, dynox.ErrNotFound))
		again, err := posts.Get(ctx, key(1), dynox.WithDeleted)
		is.NoErr(err)
		is.Equal(again, old) // not deleted anew
		_, err = posts.Update(ctx, key(1), postText.Set("y"))
		is.True(errors.Is(err, dynox.ErrNotFound))
		_, err = posts.Upsert(ctx, key(1), postText.Set("y"))
		is.True(errors.Is(err, dynox.ErrConditionFailed) && strings.Contains(err.Error(), "deleted"))
		_, err = posts.Upsert(ctx, key(7), postText.Set("y"))
		is.NoErr(err)
		is.True(errors.Is(posts.Create(ctx, &Post{Blog: "a", ID: 1}), dynox.ErrExists))

		// back
		_, err = posts.Restore(ctx, key(0))
		is.True(errors.Is(err, dynox.ErrNotFound))
		_, err = posts.Restore(ctx, key(99))
		is.True(errors.Is(err, dynox.ErrNotFound))
		back, err := posts.Restore(ctx, key(1))
		is.NoErr(err)
		is.Equal(back, Post{Blog: "a", ID: 1, Slug: "s1", Text: "x"})
		is.Equal(ids(posts.Query(ctx, q)), []int{0, 1, 2, 4, 7})
		is.NoErr(posts.Put(ctx, &Post{Blog: "a", ID: 3, Text: "new"}))
		is.Equal(ids(posts.Query(ctx, q)), []int{0, 1, 2, 3, 4, 7})

		// and gone
		is.True(errors.Is(posts.Purge(ctx, key(0)), dynox.ErrConditionFailed))
		is.NoErr(posts.Purge(ctx, key(99)))
		is.NoErr(posts.Delete(ctx, key(0)))
		is.NoErr(posts.Purge(ctx, key(0)))
		_, err = posts.Get(ctx, key(0), dynox.WithDeleted)
		is.True(errors.Is(err, dynox.ErrNotFound))

		// transactions
		err = tx.Write(ctx, tx.Delete(posts, key(2)), tx.Delete(posts, key(99)))
		is.True(errors.Is(err, dynox.ErrConditionFailed))
		is.NoErr(tx.Write(ctx, tx.Delete(posts, key(2)), tx.Check(posts, key(4), postText.Eq("x"))))
		is.True(tx.Write(ctx, tx.Put(posts, &Post{Blog: "b", ID: 1}), tx.Check(posts, key(2), postText.Eq("x"))) != nil)
		_, err = posts.Get(ctx, key(2))
		is.True(errors.Is(err, dynox.ErrNotFound))
		is.NoErr(posts.Delete(ctx, key(4), expr.ExactlyOnce[Post]()))
		is.Equal(ids(posts.Query(ctx, q)), []int{1, 3, 7})

		// batches
		ops := slices.Values([]batch.Op{batch.Put(posts, &Post{Blog: "b", ID: 1}), batch.Delete(posts, key(1))})
		err = batch.Write(ctx, ops)
		is.True(err != nil && strings.Contains(err.Error(), "softly"))
		is.NoErr(batch.Write(ctx, ops, batch.Unchecked()))
		_, err = posts.Get(ctx, key(1), dynox.WithDeleted)
		is.True(errors.Is(err, dynox.ErrNotFound))
		_, err = batch.DeletePartition(ctx, posts, key(1))
		is.True(err != nil)
		gone, err := batch.DeletePartition(ctx, posts, key(1), batch.Unchecked())
		is.NoErr(err)
		is.Equal(gone, 4) // the deleted ones too
	})
}

// A soft delete counts the version, keeps unique values, sets the TTL, and runs the hooks of a delete.
func TestSoftDeleteAndOptions(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		var ran []string
		hook := func(name string) func(context.Context, *Post) error {
			return func(_ context.Context, p *Post) error { ran = append(ran, fmt.Sprint(name, p.ID)); return nil }
		}
		posts := newRepo(t, client, PostKey, dynox.TTL(postExpires), dynox.SoftDelete(postDeleted).Keep(time.Hour), lock.Version(postVersion), tx.Unique(postSlug),
			hooks.BeforeDelete(hook("before")), hooks.AfterDelete(hook("after")), hooks.AfterUpdate(hook("updated")))
		p := Post{Blog: "a", ID: 1, Slug: "s"}
		is.NoErr(posts.Create(ctx, &p))
		stale := p
		is.NoErr(posts.Put(ctx, &p))
		is.True(errors.Is(posts.Delete(ctx, stale), dynox.ErrConditionFailed))
		ran = nil
		is.NoErr(posts.Delete(ctx, p))
		is.Equal(ran, []string{"before1", "after1"})
		got, err := posts.Get(ctx, p, dynox.WithDeleted)
		is.NoErr(err)
		is.Equal(got.Version, p.Version+1)
		is.True(got.Expires.Sub(got.Deleted).Round(time.Minute) == time.Hour)
		is.True(errors.Is(posts.Create(ctx, &Post{Blog: "a", ID: 2, Slug: "s"}), dynox.ErrNotUnique))
		is.True(errors.Is(posts.Delete(ctx, p), dynox.ErrConditionFailed)) // of a version that is gone
		is.NoErr(posts.Delete(ctx, Post{Blog: "a", ID: 1}))
		ran = nil
		got, err = posts.Restore(ctx, p)
		is.NoErr(err)
		is.Equal(ran, []string{"updated1"})
		is.True(got.Expires.IsZero() && got.Deleted.IsZero() && got.Version == p.Version+2)
		is.NoErr(posts.Delete(ctx, got))
		is.NoErr(posts.Purge(ctx, Post{Blog: "a", ID: 1}))
		is.NoErr(posts.Create(ctx, &Post{Blog: "a", ID: 2, Slug: "s"}))
	})
}

// A lost answer changes nothing: the delete is sent again, and finds what it did.
func TestSoftDeleteLostAnswer(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	engine := memtable.New(t)
	posts := newRepo(t, engine.Client(testbed.Quick), PostKey, dynox.SoftDelete(postDeleted))
	is.NoErr(posts.Put(ctx, &Post{Blog: "a", ID: 1}))
	engine.Fail("UpdateItem", memtable.ResetAfter())
	is.NoErr(posts.Delete(ctx, Post{Blog: "a", ID: 1}))
	_, err := posts.Get(ctx, Post{Blog: "a", ID: 1}, dynox.WithDeleted)
	is.NoErr(err)
	engine.Fail("UpdateItem", memtable.ResetAfter())
	_, err = posts.Restore(ctx, Post{Blog: "a", ID: 1})
	is.True(errors.Is(err, dynox.ErrUnknownOutcome))
	_, err = posts.Get(ctx, Post{Blog: "a", ID: 1})
	is.NoErr(err)
}

func TestSoftDeleteRefusals(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	table := dynox.NewTable(memtable.New(t).Client(), "blog")
	type always struct {
		ID      string    `dynamodbav:"id"`
		Deleted time.Time `dynamodbav:"deleted"`
	}
	a := expr.Proto[always]()
	_, err := dynox.NewRepo(table, dynox.Key[always]{Partition: dynox.By(expr.At(a, &a.ID))}, dynox.SoftDelete(expr.At(a, &a.Deleted)))
	is.True(err != nil && strings.Contains(err.Error(), "omitempty"))
	for _, opts := range [][]dynox.Option[Post]{
		{dynox.SoftDelete(postDeleted), dynox.SoftDelete(postDeleted)},
		{dynox.SoftDelete(postDeleted).Keep(time.Hour)},
		{dynox.SoftDelete(postDeleted).Keep(0), dynox.TTL(postExpires)},
		{dynox.SoftDelete(postExpires).Keep(time.Hour), dynox.TTL(postExpires)},
		{dynox.SoftDelete(expr.Path[Post, time.Time]("a.b"))},
		{dynox.SoftDelete(expr.Attr[Post, time.Time]{})},
	} {
		_, err := dynox.NewRepo(table, PostKey, opts...)
		is.True(err != nil && strings.Contains(err.Error(), "soft delete"))
	}
	plain, err := dynox.NewRepo(table, PostKey)
	is.NoErr(err)
	_, err = plain.Restore(ctx, Post{Blog: "a"})
	is.True(err != nil)
	is.True(plain.Purge(ctx, Post{Blog: "a"}) != nil)
	_, err = plain.Get(ctx, Post{Blog: "a"}, dynox.WithDeleted)
	is.True(err != nil)
	_, err = plain.Page(ctx, PostKey.In(Post{Blog: "a"}).WithDeleted())
	is.True(err != nil)
}
