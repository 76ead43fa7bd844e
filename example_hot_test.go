package dynox_test

import (
	"context"
	"fmt"
	"time"

	"github.com/dynox-go/dynox"
)

// Whose items take more than one partition can give for long.
func ExampleHotPartitions() {
	ctx := context.Background()
	var hottest uint64
	users, _ := shopWith(dynox.HotPartitions(time.Minute, dynox.Units{Read: 40}, func(_ context.Context, hot dynox.Hot) {
		fmt.Println("a partition of", hot.Table, "took", hot.Units, "units")
		hottest = hot.Partition
	}))
	for range 100 {
		_, err := users.Get(ctx, User{ID: "1"})
		check(err)
	}
	hash, err := users.PartitionHash(ctx, User{ID: "1"})
	check(err)
	fmt.Println("that of user 1:", hash == hottest)
	// Output:
	// a partition of shop took 40 units
	// that of user 1: true
}
