package patterns_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

type Votes struct {
	Poll  string `dynamodbav:"poll"`
	Shard int    `dynamodbav:"shard"`
	N     int64  `dynamodbav:"n"`
}

const shards = 10

var (
	votes    = expr.Proto[Votes]()
	votesN   = expr.At(votes, &votes.N)
	VotesKey = dynox.Key[Votes]{
		Partition: dynox.Composite("pk", "VOTES#{}#{}", expr.At(votes, &votes.Poll), expr.At(votes, &votes.Shard)),
	}
)

// Sharded counter: a partition takes 1000 writes a second, so a hot counter is ten items in
// ten partitions, each vote goes to one of them, and a batch adds them up.
func Example_shardedCounter() {
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "polls")
	counters, err := dynox.NewRepo(table, VotesKey)
	check(err)
	check(table.Ensure(ctx, counters))
	for range 250 {
		_, err := counters.Upsert(ctx, Votes{Poll: "tabs", Shard: rand.IntN(shards)}, expr.Add(votesN, 1))
		check(err)
	}

	total := int64(0)
	all := func(yield func(Votes) bool) {
		for i := 0; i < shards && yield(Votes{Poll: "tabs", Shard: i}); i++ {
		}
	}
	for v, err := range batch.Get(ctx, counters, all) {
		check(err)
		total += v.N
	}
	fmt.Println(total)
	// Output: 250
}
