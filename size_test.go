package dynox_test

import (
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// TestSizeOfPublished: the examples that the service's manual gives of sizes and units.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
func TestSizeOfPublished(t *testing.T) {
	type shirt struct {
		Color string         `dynamodbav:"shirt-color"`
		Size  string         `dynamodbav:"shirt-size,omitempty"`
		N     int64          `dynamodbav:"n,omitempty"`
		Yes   *bool          `dynamodbav:"yes,omitempty"`
		List  []string       `dynamodbav:"list,omitempty"`
		Map   map[string]int `dynamodbav:"map,omitempty"`
		Bytes []byte         `dynamodbav:"bytes,omitempty"`
	}
	is := is.New(t)
	p := expr.Proto[shirt]()
	r, err := dynox.NewRepo(dynox.NewTable(memtable.New(t).Client(), "shirts"), dynox.Key[shirt]{Partition: dynox.By(expr.At(p, &p.Color))})
	is.NoErr(err)
	size := func(s shirt) dynox.Size {
		got, err := r.SizeOf(t.Context(), s)
		is.NoErr(err)
		return got
	}
	is.Equal(size(shirt{Color: "R", Size: "M"}).Bytes, 23)

	const key = len("shirt-color") + 1
	yes := true
	is.Equal(size(shirt{Color: "R", N: 27}).Bytes, key+len("n")+2) // a byte for two digits, and one
	is.Equal(size(shirt{Color: "R", N: -27}).Bytes, key+len("n")+3)
	is.Equal(size(shirt{Color: "R", N: 103}).Bytes, key+len("n")+3)
	is.Equal(size(shirt{Color: "R", N: 5000}).Bytes, key+len("n")+2)                                    // zeros are trimmed
	is.Equal(size(shirt{Color: "R", Yes: &yes}).Bytes, key+len("yes")+1)                                // as NULL
	is.Equal(size(shirt{Color: "R", List: []string{"ab", "c"}}).Bytes, key+len("list")+3+1+2+1+1)       // three bytes, and one for each element
	is.Equal(size(shirt{Color: "R", Map: map[string]int{"k": 1}}).Bytes, key+len("map")+3+1+len("k")+2) // and for each pair
	is.Equal(size(shirt{Color: "R", Bytes: make([]byte, 100)}).Bytes, key+len("bytes")+100)             // not its base64
	is.Equal(size(shirt{Color: "R", Size: "é"}).Bytes, key+len("shirt-size")+2)                         // UTF-8

	for _, c := range []struct {
		bytes                                    int
		read, consistent, readTx, write, writeTx float64
	}{
		{512, 0.5, 1, 2, 1, 2},
		{3<<10 + 512, 0.5, 1, 2, 4, 8},
		{4 << 10, 0.5, 1, 2, 4, 8},
		{10 << 10, 1.5, 3, 6, 10, 20},
	} {
		got := size(shirt{Color: strings.Repeat("x", 100), Size: strings.Repeat("y", c.bytes-100-len("shirt-colorshirt-size"))})
		is.Equal(got.Bytes, c.bytes)
		is.Equal(got.Read, c.read)
		is.Equal(got.ReadConsistent, c.consistent)
		is.Equal(got.ReadTransaction, c.readTx)
		is.Equal(got.Write, c.write)
		is.Equal(got.WriteTransaction, c.writeTx)
	}
}
