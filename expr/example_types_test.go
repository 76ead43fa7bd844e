package expr_test

import (
	"context"
	"fmt"
	"log"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// Book is the item of most examples.
type Book struct {
	Title   string         `dynamodbav:"title"`
	Price   int64          `dynamodbav:"price"`
	Tags    []string       `dynamodbav:"tags,stringset,omitempty"`
	Authors []string       `dynamodbav:"authors,omitempty"`
	Sales   map[string]int `dynamodbav:"sales,omitempty"`
	Review  *Review        `dynamodbav:"review,omitempty"`
	Prequel *string        `dynamodbav:"prequel,omitempty"`
}

type Review struct {
	Stars int    `dynamodbav:"stars"`
	Text  string `dynamodbav:"text"`
}

var (
	book    = expr.Proto[Book]()
	title   = expr.At(book, &book.Title)
	price   = expr.At(book, &book.Price)
	tags    = expr.At(book, &book.Tags)
	authors = expr.At(book, &book.Authors)
	sales   = expr.At(book, &book.Sales)
	review  = expr.At(book, &book.Review)
	stars   = expr.At(book, &book.Review.Stars)
	prequel = expr.At(book, &book.Prequel)
)

// shelf is a repository of three books, on an engine.
func shelf() *dynox.Repo[Book] {
	dune := "Dune"
	return repo(title,
		Book{Title: "Dune", Price: 900, Tags: []string{"classic", "sand"}, Authors: []string{"Herbert"}, Review: &Review{Stars: 5}},
		Book{Title: "Dune Messiah", Price: 800, Authors: []string{"Herbert"}, Prequel: &dune, Review: &Review{Stars: 3}},
		Book{Title: "Good Omens", Price: 700, Tags: []string{"classic"}, Authors: []string{"Gaiman", "Pratchett"}, Sales: map[string]int{"2026-01": 12}},
	)
}

// repo is a repository of items whose partition key is a field of theirs.
func repo[T any](key expr.Field[T], items ...T) *dynox.Repo[T] {
	table := dynox.NewTable(memtable.Open().Client(), "examples")
	r, err := dynox.NewRepo(table, dynox.Key[T]{Partition: dynox.By(key)})
	check(err)
	check(table.Ensure(context.Background(), r))
	for _, item := range items {
		check(r.Put(context.Background(), &item))
	}
	return r
}

// show prints how many books each condition holds for.
func show(conds ...expr.Cond[Book]) {
	books := shelf()
	for _, c := range conds {
		n, err := books.Count(context.Background(), dynox.All[Book]().Filter(c))
		check(err)
		fmt.Print(n, " ")
	}
	fmt.Println()
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
