package memtable_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox/memtable"
)

// near is the table docs with a vector index near, of a distance function, whose partitions are kinds.
func near(distance string) string {
	return fmt.Sprintf(`{"TableName":"docs","BillingMode":"PAY_PER_REQUEST",
		"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"kind","AttributeType":"S"}],
		"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
		"VectorIndexes":[{"IndexName":"near","VectorAttribute":{"AttributeName":"v"},"Dimensions":3,"DistanceFunction":%q,"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["title"]},
			"SearchSchema":[{"AttributeName":"kind","SearchSchemaElementType":"HASH"}]}]}`, distance)
}

// nearDoc is an item of the naive model of a vector index.
type nearDoc struct {
	id, kind string
	v        [3]float64
}

func (d nearDoc) put() string {
	return fmt.Sprintf(`{"TableName":"docs","Item":{"id":{"S":%q},"kind":{"S":%q},"v":%s}}`, d.id, d.kind, d.vector())
}

func (d nearDoc) vector() string { return `{"L":` + numbers(d.v) + `}` }

func numbers(v [3]float64) string {
	return fmt.Sprintf(`[{"N":"%v"},{"N":"%v"},{"N":"%v"}]`, v[0], v[1], v[2])
}

// rank is how near a document is, by the textbook; less is nearer.
func (d nearDoc) rank(distance string, v [3]float64) float64 {
	var dot, a, b, apart float64
	for i := range v {
		dot += v[i] * d.v[i]
		a += v[i] * v[i]
		b += d.v[i] * d.v[i]
		apart += (v[i] - d.v[i]) * (v[i] - d.v[i])
	}
	switch {
	case distance == "DOT_PRODUCT":
		return -dot
	case distance == "EUCLIDEAN":
		return apart
	case a == 0 || b == 0:
		return 1
	}
	return 1 - dot/math.Sqrt(a*b)
}

// TestSearchesAgreeWithTheTextbook writes, changes and deletes random items, and searches among them.
func TestSearchesAgreeWithTheTextbook(t *testing.T) {
	for _, distance := range []string{"COSINE", "EUCLIDEAN", "DOT_PRODUCT"} {
		t.Run(distance, func(t *testing.T) {
			is := is.New(t)
			engine := memtable.New(t)
			ok(t, engine, "CreateTable", near(distance))
			r := rand.New(rand.NewPCG(7, 11))
			vector := func() (v [3]float64) {
				for i := range v {
					v[i] = float64(r.IntN(2000)-1000) / 8
				}
				return v
			}
			docs := map[string]nearDoc{}
			for range 400 {
				d := nearDoc{fmt.Sprint("d", r.IntN(60)), [...]string{"a", "b"}[r.IntN(2)], vector()}
				switch old, there := docs[d.id]; {
				case there && r.IntN(3) == 0:
					ok(t, engine, "DeleteItem", fmt.Sprintf(`{"TableName":"docs","Key":{"id":{"S":%q}}}`, d.id))
					delete(docs, d.id)
				case there && r.IntN(2) == 0:
					old.v = d.v
					ok(t, engine, "UpdateItem", fmt.Sprintf(`{"TableName":"docs","Key":{"id":{"S":%q}},"UpdateExpression":"SET v = :v","ExpressionAttributeValues":{":v":%s}}`, d.id, d.vector()))
					docs[d.id] = old
				case there && r.IntN(4) == 0:
					ok(t, engine, "UpdateItem", fmt.Sprintf(`{"TableName":"docs","Key":{"id":{"S":%q}},"UpdateExpression":"REMOVE v"}`, d.id))
					delete(docs, d.id) // from the index
				default:
					ok(t, engine, "PutItem", d.put())
					docs[d.id] = d
				}
				kind, v, k := [...]string{"a", "b"}[r.IntN(2)], vector(), 1+r.IntN(40)
				is.Equal(search(t, engine, kind, v, k), textbook(docs, distance, kind, v, k))
			}
			is.NoErr(engine.Check())
		})
	}
}

// search returns the IDs of what is found.
func search(t *testing.T, engine *memtable.Engine, kind string, v [3]float64, k int) []string {
	t.Helper()
	text := ok(t, engine, "SearchVectors", fmt.Sprintf(`{"TableName":"docs","IndexName":"near","SearchVector":%s,"TopK":%d,
		"SearchConditionExpression":"kind = :k","ExpressionAttributeValues":{":k":{"S":%q}}}`, numbers(v), k, kind))
	var out struct {
		SearchResults []struct{ Item map[string]struct{ S string } }
	}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	ids := []string{}
	for _, found := range out.SearchResults {
		ids = append(ids, found.Item["id"].S)
	}
	return ids
}

func textbook(docs map[string]nearDoc, distance, kind string, v [3]float64, k int) []string {
	var all []nearDoc
	for _, d := range docs {
		if d.kind == kind {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b nearDoc) int {
		return cmp.Or(cmp.Compare(float32(a.rank(distance, v)), float32(b.rank(distance, v))), cmp.Compare(a.id, b.id))
	})
	ids := []string{}
	for _, d := range all[:min(k, len(all))] {
		ids = append(ids, d.id)
	}
	return ids
}

func TestSnapshotsKeepVectorIndexes(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t)
	ok(t, engine, "CreateTable", near("EUCLIDEAN"))
	for i := range 9 {
		ok(t, engine, "PutItem", nearDoc{fmt.Sprint(i), "a", [3]float64{float64(i), 0.1, -2}}.put())
	}
	is.NoErr(engine.Seed("docs", `{"id":{"S":"none"}}`, `{"id":{"S":"no kind"},"v":{"L":[{"N":"1"},{"N":"2"},{"N":"3"}]}}`))
	want := snapshot(t, engine)

	other := memtable.New(t, memtable.Lag(time.Hour))
	is.NoErr(other.Restore(strings.NewReader(want)))
	is.NoErr(other.Check())
	is.Equal(snapshot(t, other), want)
	at := [3]float64{4, 0, 0}
	is.Equal(search(t, other, "a", at, 9), search(t, engine, "a", at, 9)) // though reads lag
	is.Equal(ok(t, other, "DescribeTable", `{"TableName":"docs"}`), ok(t, engine, "DescribeTable", `{"TableName":"docs"}`))

	ok(t, engine, "UpdateTable", `{"TableName":"docs","VectorIndexUpdates":[{"Delete":{"IndexName":"near"}}]}`)
	is.True(!strings.Contains(snapshot(t, engine), "VectorIndexes"))

	is.True(other.Restore(strings.NewReader(strings.Replace(want, `"Dimensions":3`, `"Dimensions":0`, 1))) != nil)
	is.True(other.Restore(strings.NewReader(strings.Replace(want, `"Dimensions":3`, `"Dimensions":4`, 1))) != nil) // of other items
}

func TestExpiredItemsAreNotFound(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t)
	ok(t, engine, "CreateTable", near("COSINE"))
	ok(t, engine, "UpdateTimeToLive", `{"TableName":"docs","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"until"}}`)
	is.NoErr(engine.Seed("docs", fmt.Sprintf(`{"id":{"S":"1"},"kind":{"S":"a"},"v":{"L":%s},"until":{"N":"%d"}}`, numbers([3]float64{1, 2, 3}), time.Now().Add(time.Hour).Unix())))
	is.Equal(search(t, engine, "a", [3]float64{1}, 1), []string{"1"})
	engine.Advance(time.Hour)
	is.Equal(search(t, engine, "a", [3]float64{1}, 1), []string{})
	is.NoErr(engine.Check())
}

func TestSearchesReadLate(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t, memtable.Lag(time.Minute))
	ok(t, engine, "CreateTable", near("COSINE"))
	ok(t, engine, "PutItem", nearDoc{"1", "a", [3]float64{1}}.put())
	is.Equal(search(t, engine, "a", [3]float64{1}, 1), []string{})
	engine.Advance(time.Minute)
	is.Equal(search(t, engine, "a", [3]float64{1}, 1), []string{"1"})
}

func TestSearchesAnswer16MB(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t)
	ok(t, engine, "CreateTable", near("COSINE"))
	for i := range 50 {
		is.NoErr(engine.Seed("docs", fmt.Sprintf(`{"id":{"S":"%d"},"kind":{"S":"a"},"v":%s,"title":{"S":%q}}`, i, nearDoc{v: [3]float64{1}}.vector(), strings.Repeat("x", 390<<10))))
	}
	const request = `{"TableName":"docs","IndexName":"near","SearchVector":[{"N":"1"},{"N":"1"},{"N":"1"}],"TopK":%d,
		"SearchConditionExpression":"kind = :k","ExpressionAttributeValues":{":k":{"S":"a"}}}`
	ok(t, engine, "SearchVectors", fmt.Sprintf(request, 40))
	code, text := post(t, engine, "SearchVectors", fmt.Sprintf(request, 50))
	is.Equal(code, http.StatusBadRequest)
	is.True(strings.Contains(text, "The response of SearchVectors exceeds the maximum of 16 MB"))
}
