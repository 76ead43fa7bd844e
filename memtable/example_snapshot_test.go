package memtable_test

import (
	"bytes"
	"fmt"

	"github.com/dynox-go/dynox/memtable"
)

// A start state that is made once serves many tests.
func ExampleEngine_Snapshot() {
	made := memtable.Open()
	newTable(made.Client())
	_ = made.Seed("users", `{"id": {"S": "1"}}`)
	var state bytes.Buffer
	fmt.Println(made.Snapshot(&state))

	engine := memtable.Open()
	fmt.Println(engine.Restore(&state))
	fmt.Println(engine.Dump("users"))
	// Output:
	// <nil>
	// <nil>
	// [{"id":{"S":"1"}}] <nil>
}
