package iter_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/dynox-go/dynox/iter"
)

type order struct {
	Customer string
	Total    int
}

// orders stands for what a query returns.
func orders() iter.Seq2[order, error] {
	return iter.Of(order{"ada", 30}, order{"bob", 5}, order{"ada", 12}, order{"cy", 70})
}

func ExampleCollect() {
	items, err := iter.Collect(orders())
	fmt.Println(len(items), err)
	// Output: 4 <nil>
}

func ExampleFirst() {
	large := iter.Filter(orders(), func(o order) bool { return o.Total > 100 })
	_, err := iter.First(large)
	fmt.Println(errors.Is(err, iter.ErrNone))
	// Output: true
}

func ExampleOne() {
	bobs := iter.Filter(orders(), func(o order) bool { return o.Customer == "bob" })
	o, err := iter.One(bobs)
	fmt.Println(o.Total, err)

	_, err = iter.One(orders())
	fmt.Println(err)
	// Output:
	// 5 <nil>
	// iter: more than one item
}

func ExampleTake() {
	for o, err := range iter.Take(orders(), 2) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(o.Customer, o.Total)
	}
	// Output:
	// ada 30
	// bob 5
}

func ExampleMap() {
	totals, err := iter.Collect(iter.Map(orders(), func(o order) int { return o.Total }))
	fmt.Println(totals, err)
	// Output: [30 5 12 70] <nil>
}

func ExampleChunk() {
	for chunk, err := range iter.Chunk(orders(), 3) {
		fmt.Println(len(chunk), err)
	}
	// Output:
	// 3 <nil>
	// 1 <nil>
}

func ExampleMerge() {
	january, february := iter.Of(1, 4, 9), iter.Of(2, 3, 10)
	items, err := iter.Collect(iter.Merge(cmp.Compare, january, february))
	fmt.Println(items, err)
	// Output: [1 2 3 4 9 10] <nil>
}

func ExampleGroupBy() {
	byCustomer, err := iter.GroupBy(orders(), func(o order) string { return o.Customer })
	fmt.Println(byCustomer["ada"], err)
	// Output: [{ada 30} {ada 12}] <nil>
}

func ExampleValues() {
	var err error
	byTotal := slices.SortedFunc(iter.Values(orders(), &err), func(a, b order) int {
		return cmp.Compare(a.Total, b.Total)
	})
	fmt.Println(byTotal[0], err)
	// Output: {bob 5} <nil>
}
