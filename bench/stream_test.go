package bench

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"net/http"
	"runtime"
	"slices"
	"testing"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/bench/internal/work"
)

// endless answers a query with the same page, until it has done so often
// enough.
type endless struct {
	*work.Canned
	pages      int
	more, last *work.Answer
}

func (e *endless) RoundTrip(req *http.Request) (*http.Response, error) {
	answer := e.more
	if e.pages--; e.pages <= 0 {
		answer = e.last
	}
	e.Answers["Query"] = answer
	return e.Canned.RoundTrip(req)
}

// A query of a million items takes no more memory at its end than at its
// beginning: what is behind the loop is garbage.
func TestStreamingIsFlat(t *testing.T) {
	const size = 1400
	pages := 1_000_000/size + 1
	if !exact || testing.Short() {
		pages = 50
	}
	c, repo := stored(t, work.OrderKey, work.NewOrder, size)
	q := work.OrderKey.In(work.Order{Customer: work.NewOrder(0).Customer})
	for _, err := range repo.Query(background, q) {
		check(t, err)
	}
	last := c.Answers["Query"]
	body := append(bytes.TrimSuffix(slices.Clone(last.Body), []byte("}")),
		fmt.Sprintf(`,"LastEvaluatedKey":{"customer":{"S":%q},"id":{"S":%q}}}`, work.NewOrder(0).Customer, work.NewOrder(size-1).ID)...)
	header := last.Header.Clone()
	header.Set("X-Amz-Crc32", fmt.Sprint(crc32.ChecksumIEEE(body)))
	header.Set("Content-Length", fmt.Sprint(len(body)))
	replay := c.Replay()
	client := work.ClientOver(&endless{replay, pages, &work.Answer{Header: header, Body: body}, last})
	repo, err := dynox.NewRepo(dynox.NewTable(client, "shop"), work.OrderKey)
	check(t, err)

	var held []uint64
	n := 0
	for item, err := range repo.Query(background, q) {
		check(t, err)
		if item.Customer == "" {
			t.Fatal("an empty item")
		}
		if n++; n%(pages*size/10) == 0 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			held = append(held, m.HeapAlloc)
		}
	}
	if n != pages*size {
		t.Fatalf("%d items, not %d", n, pages*size)
	}
	t.Logf("%d items; bytes held: %d", n, held)
	const room = 1 << 20
	if exact && slices.Max(held[1:]) > held[0]+room {
		t.Fatalf("it grew: %d", held)
	}
}
