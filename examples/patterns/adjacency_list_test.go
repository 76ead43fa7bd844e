package patterns_test

import (
	"context"
	"fmt"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/memtable"
)

type Person struct {
	ID   string `dynamodbav:"id"`
	Name string `dynamodbav:"name"`
}

// Edge leads from a person to another, and lies in the partition of the first.
type Edge struct {
	From string `dynamodbav:"from"`
	Kind string `dynamodbav:"relation"`
	To   string `dynamodbav:"to"`
}

var (
	person, edge = expr.Proto[Person](), expr.Proto[Edge]()

	PersonKey = dynox.Key[Person]{
		Partition: dynox.Composite("pk", "PERSON#{}", expr.At(person, &person.ID)),
		Sort:      dynox.Const[Person]("sk", "PERSON"),
	}
	EdgeKey = dynox.Key[Edge]{
		Partition: dynox.Composite("pk", "PERSON#{}", expr.At(edge, &edge.From)),
		Sort:      dynox.Composite("sk", "EDGE#{}#{}", expr.At(edge, &edge.Kind), expr.At(edge, &edge.To)),
	}
)

// Adjacency list: a graph in one table. A node and the edges that leave it are one item
// collection, read with one query; the nodes they lead to, with one batch.
func Example_adjacencyList() {
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "graph")
	people, err := dynox.NewRepo(table, PersonKey, dynox.Kind[Person]("person"))
	check(err)
	edges, err := dynox.NewRepo(table, EdgeKey, dynox.Kind[Edge]("edge"))
	check(err)
	check(table.Ensure(ctx, people, edges))
	for _, p := range []Person{{"1", "Ann"}, {"2", "Bob"}, {"3", "Cem"}} {
		check(people.Put(ctx, &p))
	}
	for _, e := range []Edge{{"1", "knows", "3"}, {"1", "knows", "2"}, {"1", "leads", "2"}} {
		check(edges.Put(ctx, &e))
	}

	var node struct { // a node with its edges
		Person Person
		Edges  []Edge
	}
	check(dynox.Gather(ctx, dynox.Union[any](people, edges), PersonKey.Collection(Person{ID: "1"}), &node))
	fmt.Println(node.Person.Name, len(node.Edges))

	known := edges.Query(ctx, EdgeKey.In(Edge{From: "1", Kind: "knows"}))
	ends := iter.Map(known, func(e Edge) Person { return Person{ID: e.To} })
	for p, err := range batch.Hydrate(ctx, people, ends) {
		fmt.Println("knows", p.Name, err)
	}
	// Output:
	// Ann 3
	// knows Bob <nil>
	// knows Cem <nil>
}
