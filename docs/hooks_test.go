package docs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/bulk"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/hooks"
	"github.com/dynox-go/dynox/hooks/gen"
	"github.com/dynox-go/dynox/memtable"
)

type Review struct {
	ID      string    `dynamodbav:"id"`
	Guest   string    `dynamodbav:"guest"`
	Text    string    `dynamodbav:"text"`
	Stars   int       `dynamodbav:"stars"`
	Created time.Time `dynamodbav:"created"`
	Updated time.Time `dynamodbav:"updated"`
	Schema  int       `dynamodbav:"schema"`
}

func (r *Review) Validate() error {
	if r.Stars < 1 || r.Stars > 5 {
		return errors.New("stars are 1 to 5")
	}
	return nil
}

var (
	review        = expr.Proto[Review]()
	reviewID      = expr.At(review, &review.ID)
	reviewGuest   = expr.At(review, &review.Guest)
	reviewText    = expr.At(review, &review.Text)
	reviewStars   = expr.At(review, &review.Stars)
	reviewCreated = expr.At(review, &review.Created)
	reviewUpdated = expr.At(review, &review.Updated)
	reviewSchema  = expr.At(review, &review.Schema)
	ReviewKey     = dynox.Key[Review]{Partition: dynox.By(reviewID)}
)

// trim is a hook before puts.
func trim(_ context.Context, r *Review) error {
	r.Text = strings.TrimSpace(r.Text)
	return nil
}

// newReviews is the repository of reviews.
func newReviews(table *dynox.Table, publish func(context.Context, *Review) error) (*dynox.Repo[Review], error) {
	return dynox.NewRepo(table, ReviewKey,
		hooks.BeforePut(trim),
		hooks.AfterPut(publish),
		dynox.Generate(reviewID, gen.ULID),
		dynox.Created(reviewCreated),
		dynox.Updated(reviewUpdated),
		dynox.Required(reviewGuest),
	)
}

func Example_hooks() {
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "reviews")
	reviews, err := newReviews(table, func(_ context.Context, r *Review) error {
		fmt.Printf("published: %q\n", r.Text)
		return nil
	})
	succeed(err)
	succeed(table.Ensure(ctx, reviews))

	r := Review{Guest: "ann", Text: " quiet rooms ", Stars: 5}
	err = reviews.Create(ctx, &r)
	fmt.Println(len(r.ID), r.Created.IsZero(), err)

	err = reviews.Put(ctx, &Review{Stars: 5})
	fmt.Println(errors.Is(err, dynox.ErrRequired), err)
	err = reviews.Put(ctx, &Review{Guest: "bob", Stars: 7})
	fmt.Println(errors.Is(err, dynox.ErrInvalid), err)

	err = reviews.Create(hooks.Skip(ctx), &Review{Guest: "bob", Text: " imported ", Stars: 4}) // neither trimmed nor published
	fmt.Println(err)
	// Output:
	// published: "quiet rooms"
	// 26 false <nil>
	// true dynox: put reviews: Review: required and not set: guest
	// true dynox: put reviews: Review: invalid item: stars are 1 to 5
	// <nil>
}

func Example_afterWrite() {
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "reviews")
	reviews, err := newReviews(table, func(context.Context, *Review) error { return errors.New("no queue") })
	succeed(err)
	succeed(table.Ensure(ctx, reviews))
	r := Review{Guest: "ann", Stars: 5}
	err = reviews.Create(ctx, &r)
	fmt.Println(errors.Is(err, dynox.ErrAfterWrite))
	_, err = reviews.Get(ctx, r)
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

// toStars makes a review of schema 1, whose rating was from 0 to 100, one of schema 2.
func toStars(item map[string]types.AttributeValue) error {
	rating, ok := item["rating"].(*types.AttributeValueMemberN)
	if !ok {
		return errors.New("a review without a rating")
	}
	var percent int
	if _, err := fmt.Sscan(rating.Value, &percent); err != nil {
		return err
	}
	item["stars"] = &types.AttributeValueMemberN{Value: fmt.Sprint(1 + percent/25)}
	delete(item, "rating")
	return nil
}

// upgraded is the repository of reviews, also of those that are stored in older forms.
func upgraded(table *dynox.Table) (*dynox.Repo[Review], error) {
	return dynox.NewRepo(table, ReviewKey,
		hooks.Upgrade(reviewSchema, 1, func(item map[string]types.AttributeValue) error {
			item["text"] = item["body"] // it was called so once
			delete(item, "body")
			return nil
		}),
		hooks.Upgrade(reviewSchema, 2, toStars),
	)
}

func Example_upgrade() {
	ctx := context.Background()
	engine := memtable.Open()
	table := dynox.NewTable(engine.Client(), "reviews")
	reviews, err := upgraded(table)
	succeed(err)
	succeed(table.Ensure(ctx, reviews))
	succeed(engine.Seed("reviews", `{"id": {"S": "1"}, "guest": {"S": "ann"}, "body": {"S": "quiet"}, "rating": {"N": "80"}}`))

	r, err := reviews.Get(ctx, Review{ID: "1"})
	fmt.Println(r.Text, r.Stars, r.Schema, err)
	_, err = reviews.Update(ctx, r, reviewText.Set("very quiet"))
	fmt.Println(errors.Is(err, dynox.ErrConditionFailed))
	fmt.Println(reviews.Put(ctx, &r)) // now it is stored in the new form
	r, err = reviews.Update(ctx, r, reviewText.Set("very quiet"))
	fmt.Println(r.Text, err)
	_, err = reviews.Update(ctx, r, reviewStars.Set(9)) // nobody validates that
	fmt.Println(err)
	// Output:
	// quiet 4 2 <nil>
	// true
	// <nil>
	// very quiet <nil>
	// <nil>
}

// upgradeAll stores the reviews of older schemas in the present form.
func upgradeAll(ctx context.Context, reviews *dynox.Repo[Review]) error {
	_, err := bulk.Migrate(ctx, reviews, func(context.Context, *Review) (bulk.Verdict, error) {
		return bulk.Save, nil
	})
	return err
}

func Example_upgradeAll() {
	ctx := context.Background()
	engine := memtable.Open()
	table := dynox.NewTable(engine.Client(), "reviews")
	reviews, err := upgraded(table)
	succeed(err)
	succeed(table.Ensure(ctx, reviews))
	succeed(engine.Seed("reviews",
		`{"id": {"S": "1"}, "guest": {"S": "ann"}, "body": {"S": "quiet"}, "rating": {"N": "80"}}`,
		`{"id": {"S": "2"}, "guest": {"S": "bob"}, "text": {"S": "loud"}, "rating": {"N": "20"}, "schema": {"N": "1"}}`))
	fmt.Println(upgradeAll(ctx, reviews))
	n, err := reviews.Count(ctx, dynox.All[Review]().Filter(reviewSchema.Eq(2)))
	fmt.Println(n, err)
	// Output:
	// <nil>
	// 2 <nil>
}
