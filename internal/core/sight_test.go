package core

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

type idle struct{}

func (idle) Start(ctx context.Context, _ *Call) context.Context { return ctx }
func (idle) End(context.Context, *Call)                         {}

// lookedAt makes everything of a call but the call.
func lookedAt() func() {
	t := &Table{Name: "shop", Sight: &Sight{Observers: []Observer{idle{}}}}
	in, p := new(dynamodb.GetItemInput), new(page)
	out := &dynamodb.GetItemOutput{ConsumedCapacity: &types.ConsumedCapacity{CapacityUnits: aws.Float64(0.5)}}
	c := &call{ctx: context.Background(), table: t, page: p}
	return func() {
		c.look(nil)
		if err := c.seen.begin(c, opGetItem.id, opGetItem.name, false, in); err != nil {
			panic(err)
		}
		c.seen.end(c, out, nil)
	}
}

// Looking at a call allocates nothing, once the page has been used before.
func TestLookingAllocatesNothing(t *testing.T) {
	look := lookedAt()
	if n := testing.AllocsPerRun(100, look); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkLook(b *testing.B) {
	look := lookedAt()
	b.ReportAllocs()
	for b.Loop() {
		look()
	}
}
