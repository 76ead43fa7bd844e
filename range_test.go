package dynox_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"
	"pgregory.net/rapid"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
)

// Event is an item whose fields make keys of every kind.
type Event struct {
	Log   string    `dynamodbav:"log"`
	Seq   int       `dynamodbav:"seq"`
	Name  string    `dynamodbav:"name"`
	Level int8      `dynamodbav:"level"`
	Size  uint16    `dynamodbav:"size"`
	When  time.Time `dynamodbav:"when"`
	Until time.Time `dynamodbav:"until,unixtime"`
}

var (
	event = expr.Proto[Event]()
	logAt = expr.At(event, &event.Log)
	seq   = expr.At(event, &event.Seq)
	name  = expr.At(event, &event.Name)
	level = expr.At(event, &event.Level)
	size  = expr.At(event, &event.Size)
	when  = expr.At(event, &event.When)
	until = expr.At(event, &event.Until)
)

// bound is a condition on a field, and the same in Go.
type bound struct {
	cond  expr.Cond[Event]
	holds func(Event) bool
}

// field is a field of an Event: its order, and bounds on it.
type field struct {
	order func(a, b Event) int
	bound func(op string, low, high Event) bound
}

var operators = []string{"Eq", "Lt", "Le", "Gt", "Ge", "Between", "open"}

func fieldOf[V any](attr expr.Attr[Event, V], get func(Event) V, order func(a, b V) int) field {
	return field{
		order: func(a, b Event) int { return order(get(a), get(b)) },
		bound: func(op string, low, high Event) bound {
			a, b := get(low), get(high)
			if order(a, b) > 0 {
				a, b = b, a
			}
			is := func(hold func(int) bool) func(Event) bool {
				return func(e Event) bool { return hold(order(get(e), a)) }
			}
			switch op {
			case "Eq":
				return bound{attr.Eq(a), is(func(n int) bool { return n == 0 })}
			case "Lt":
				return bound{attr.Lt(a), is(func(n int) bool { return n < 0 })}
			case "Le":
				return bound{attr.Le(a), is(func(n int) bool { return n <= 0 })}
			case "Gt":
				return bound{attr.Gt(a), is(func(n int) bool { return n > 0 })}
			case "Ge":
				return bound{attr.Ge(a), is(func(n int) bool { return n >= 0 })}
			case "Between":
				return bound{attr.Between(a, b), func(e Event) bool { return order(get(e), a) >= 0 && order(get(e), b) <= 0 }}
			}
			return bound{attr.Gt(a).And(attr.Lt(b)), func(e Event) bool { return order(get(e), a) > 0 && order(get(e), b) < 0 }}
		},
	}
}

var (
	bySeq   = fieldOf(seq, func(e Event) int { return e.Seq }, cmp.Compare[int])
	byName  = fieldOf(name, func(e Event) string { return e.Name }, strings.Compare)
	byLevel = fieldOf(level, func(e Event) int8 { return e.Level }, cmp.Compare[int8])
	bySize  = fieldOf(size, func(e Event) uint16 { return e.Size }, cmp.Compare[uint16])
	byWhen  = fieldOf(when, func(e Event) time.Time { return e.When }, time.Time.Compare)
	byUntil = fieldOf(until, func(e Event) time.Time { return e.Until }, time.Time.Compare)
)

// shape is a sort key and its fields from the left.
type shape struct {
	name   string
	sort   dynox.Part[Event]
	fields []field
	text   bool // stored as a string
	index  bool // only an index may have it
}

var shapes = []shape{
	{"time and string", dynox.Composite("sk", "E#{}#{}", when, name), []field{byWhen, byName}, true, false},
	{"time alone", dynox.Composite("sk", "E#{}", when), []field{byWhen}, true, false},
	{"unix time", dynox.Composite("sk", "E#{}/{}", until, level), []field{byUntil, byLevel}, true, false},
	{"integer", dynox.Composite("sk", "E#{}", seq), []field{bySeq}, true, false},
	{"small integers, no prefix", dynox.Composite("sk", "{}#{}", level, size), []field{byLevel, bySize}, true, false},
	{"no separators", dynox.Composite("sk", "E{}{}{}", seq, when, name), []field{bySeq, byWhen, byName}, true, false},
	{"string", dynox.Composite("sk", "E#{}", name), []field{byName}, true, false},
	{"string, no prefix", dynox.Composite("sk", "{}", name), []field{byName}, true, false},
	{"integer, no prefix", dynox.Composite("sk", "{}", seq), []field{bySeq}, true, false},
	{"a literal at the end", dynox.Composite("sk", "E#{}!", seq), []field{bySeq}, true, false},
	{"text attribute", dynox.By(name), []field{byName}, false, false},
	{"number attribute", dynox.By(seq), []field{bySeq}, false, false},
	{"time attribute", dynox.By(when), []field{byWhen}, false, false},
	{"unix time attribute", dynox.By(until), []field{byUntil}, false, false},
	{"several attributes", dynox.By(level, name, when), []field{byLevel, byName, byWhen}, false, true},
}

var zones = []*time.Location{time.UTC, time.FixedZone("east", 5*3600+1800), time.FixedZone("west", -11*3600)}

func drawEvent(t *rapid.T) Event {
	instant := time.Date(2026, 1, 1, 0, 0, rapid.IntRange(-2, 2).Draw(t, "s"),
		rapid.SampledFrom([]int{0, 1, 500_000_000, 999_999_999}).Draw(t, "ns"), time.UTC)
	return Event{
		Seq:   rapid.SampledFrom([]int{-1 << 63, -10, -1, 0, 1, 9, 10, 11, 1<<63 - 1}).Draw(t, "seq"),
		Name:  rapid.SampledFrom([]string{"a", "a!", "a1", "a10", "a#", "ab", "A", "b", "é", "𐀀", "￿"}).Draw(t, "name"),
		Level: int8(rapid.IntRange(-3, 3).Draw(t, "level")),
		Size:  uint16(rapid.IntRange(0, 3).Draw(t, "size")),
		When:  instant.In(rapid.SampledFrom(zones).Draw(t, "zone")),
		Until: instant.Add(time.Hour),
	}
}

// stored is an event as it comes back.
func (e Event) stored() Event {
	e.When, e.Until = e.When.UTC(), time.Unix(e.Until.Unix(), 0)
	return e
}

// TestQueryEqualsFilter compares queries over an engine that also holds items
// of other kinds, before, after and among those asked for, with the filter
// over a slice.
func TestQueryEqualsFilter(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		for _, s := range shapes {
			t.Run(s.name, func(t *testing.T) { testShape(t, client, s) })
		}
	})
}

func testShape(t *testing.T, client *dynamodb.Client, s shape) {
	is := is.New(t)
	table := newTable(t, client)
	key := dynox.Key[Event]{Partition: dynox.Composite("pk", "LOG#{}", logAt), Sort: s.sort}
	opts := []dynox.Option[Event]{dynox.Kind[Event]("event")}
	in := key.In
	if s.index {
		ix := dynox.GSI("index", dynox.Key[Event]{Partition: dynox.By(logAt), Sort: s.sort})
		key.Sort = dynox.Composite("sk", "E{}{}{}{}{}", seq, when, size, level, name)
		opts, in = append(opts, ix), ix.In
	}
	events, err := dynox.NewRepo(table, key, opts...)
	is.NoErr(err)
	if err := table.Ensure(t.Context(), events); err != nil {
		t.Skip("the server has no such keys: ", err)
	}
	fields := s.fields
	if s.index {
		fields = append(fields[:len(fields):len(fields)], bySeq, bySize)
	}
	order := func(a, b Event) int {
		for _, f := range fields {
			if n := f.order(a, b); n != 0 {
				return n
			}
		}
		return 0
	}
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		logName := fmt.Sprint("log", run)
		var want []Event
		for _, e := range rapid.SliceOfN(rapid.Custom(drawEvent), 1, 12).Draw(rt, "events") {
			e.Log = logName
			if err := events.Put(t.Context(), &e); err != nil {
				rt.Fatal(err)
			}
			e = e.stored()
			want = append(slices.DeleteFunc(want, func(o Event) bool { return order(o, e) == 0 }), e)
		}
		if s.text {
			neighbours(t, client, table.Name(), "LOG#"+logName)
		}
		q := in(Event{Log: logName})
		from, to := drawEvent(rt), drawEvent(rt)
		depth := rapid.IntRange(0, len(s.fields)).Draw(rt, "depth")
		for i := range depth {
			op := "Eq"
			if i == depth-1 {
				op = rapid.SampledFrom(operators).Draw(rt, "op")
			}
			b := s.fields[i].bound(op, from, to)
			q = q.Where(b.cond)
			want = slices.DeleteFunc(want, func(e Event) bool { return !b.holds(e) })
		}
		slices.SortFunc(want, order)
		got := make([]Event, 0)
		for e, err := range events.Query(t.Context(), q) {
			if err != nil {
				rt.Fatal(err)
			}
			got = append(got, e.stored())
		}
		n, err := events.Count(t.Context(), q)
		if err != nil || n != int64(len(want)) {
			rt.Fatal("count", n, err, len(want))
		}
		// In pieces, in either direction, it is the same.
		size := rapid.IntRange(1, 5).Draw(rt, "size")
		pieces := pagesOf(rt, t, events, q.Limit(size).PageSize(rapid.IntRange(0, 3).Draw(rt, "page size")).MaxPages(1000))
		back := pagesOf(rt, t, events, q.Limit(size).Desc().MaxPages(1000))
		slices.Reverse(back)
		if fmt.Sprint(pieces) != fmt.Sprint(got) || fmt.Sprint(back) != fmt.Sprint(got) {
			rt.Fatalf("all at once %v\nin pieces %v\nbackwards %v", got, pieces, back)
		}
		if s.index {
			slices.SortFunc(got, order) // those with equal index keys come in no order
		}
		if !slices.EqualFunc(got, want, func(a, b Event) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
			rt.Fatalf("%s\nwant %v\ngot  %v", must(events.Explain(q)), want, got)
		}
	})
}

func pagesOf(rt *rapid.T, t *testing.T, events *dynox.Repo[Event], q dynox.Query[Event]) []Event {
	items := make([]Event, 0)
	for range 100 {
		page, err := events.Page(t.Context(), q)
		if err != nil {
			rt.Fatal(err)
		}
		for _, e := range page.Items {
			items = append(items, e.stored())
		}
		if page.Next == "" {
			return items
		}
		if len(page.Items) == 0 {
			rt.Fatal("an empty page with a cursor")
		}
		q = q.After(page.Next)
	}
	rt.Fatal("no end")
	return nil
}

func must[V any](v V, err error) V {
	if err != nil {
		panic(err)
	}
	return v
}

// neighbours puts items of another kind around those of the shape.
func neighbours(t *testing.T, client *dynamodb.Client, table, pk string) {
	for _, sk := range []string{"!", "D#", "E", "E!", "E#", "E$", "E#\U0010FFFE", "F", "E#2026", "E#2025-12-31T23:59:59Z", "~"} {
		_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: pk}, "sk": &types.AttributeValueMemberS{Value: sk},
			"kind": &types.AttributeValueMemberS{Value: "other"},
		}})
		is.New(t).NoErr(err)
	}
}
