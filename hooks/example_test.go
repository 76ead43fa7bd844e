package hooks_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/hooks"
	"github.com/dynox-go/dynox/hooks/gen"
	"github.com/dynox-go/dynox/memtable"
)

type Page struct {
	ID    string `dynamodbav:"id"`
	Title string `dynamodbav:"title"`
	Slug  string `dynamodbav:"slug"`
	Form  int    `dynamodbav:"form"`
}

func pages(ctx context.Context, opts ...dynox.Option[Page]) *dynox.Repo[Page] {
	page := expr.Proto[Page]()
	table := dynox.NewTable(memtable.Open().Client(), "pages")
	r, err := dynox.NewRepo(table, dynox.Key[Page]{Partition: dynox.By(expr.At(page, &page.ID))}, opts...)
	if err != nil {
		panic(err)
	}
	if err := table.Ensure(ctx, r); err != nil {
		panic(err)
	}
	return r
}

// A hook fills in what follows from the rest of the item.
func ExampleBeforePut() {
	ctx := context.Background()
	r := pages(ctx, hooks.BeforePut(func(_ context.Context, p *Page) error {
		if p.Title == "" {
			return errors.New("a page without a title")
		}
		p.Slug = strings.ToLower(strings.ReplaceAll(p.Title, " ", "-"))
		return nil
	}))
	p := Page{ID: "1", Title: "About Us"}
	fmt.Println(r.Put(ctx, &p), p.Slug)
	fmt.Println(r.Put(ctx, &Page{ID: "2"}))
	// Output:
	// <nil> about-us
	// dynox: put pages: Page: a page without a title
}

// An identifier is made where there is none.
func ExampleValidate() {
	ctx := context.Background()
	page := expr.Proto[Page]()
	r := pages(ctx, dynox.Generate(expr.At(page, &page.ID), gen.ULID), hooks.Validate(func(p *Page) error {
		if len(p.Title) > 10 {
			return errors.New("the title is long")
		}
		return nil
	}))
	p := Page{Title: "About"}
	fmt.Println(r.Create(ctx, &p), len(p.ID))
	err := r.Create(ctx, &Page{Title: "About all of us"})
	fmt.Println(errors.Is(err, dynox.ErrInvalid), err)
	// Output:
	// <nil> 26
	// true dynox: create pages: Page: invalid item: the title is long
}

// Stored pages without a form had their title in another attribute.
func ExampleUpgrade() {
	ctx := context.Background()
	page := expr.Proto[Page]()
	r := pages(ctx, hooks.Upgrade(expr.At(page, &page.Form), 1, func(item map[string]types.AttributeValue) error {
		item["title"] = item["headline"]
		return nil
	}))
	old, err := r.Upsert(ctx, Page{ID: "1"}, expr.Path[Page, string]("headline").Set("News"), expr.Path[Page, int]("form").Remove())
	fmt.Println(old.Title, old.Form, err)
	// Output: News 1 <nil>
}
