package memtable_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/dynox-go/dynox/memtable"
)

var (
	randomSteps = flag.Int("steps", 3000, "how many steps the test of random tables takes")
	randomSeed  = flag.Uint64("seed", 0, "the seed of the test of random tables; 0 for any")
)

const stepsOfTable = 150

// TestRandomTables takes random steps on random tables: each answer is the naive model's, and the engine is whole
// after each.
func TestRandomTables(t *testing.T) {
	seed := *randomSeed
	if seed == 0 {
		seed = rand.Uint64N(1 << 40)
	}
	start := time.Now()
	for at := 0; at < *randomSteps; at += stepsOfTable {
		if err := randomTable(t.Context(), seed); err != nil {
			t.Fatalf("-seed %d -steps %d: %v", seed, stepsOfTable, err)
		}
		seed++
	}
	t.Logf("%d steps in %v, up to seed %d", *randomSteps, time.Since(start).Round(time.Millisecond), seed)
}

// walk is a random walk on one table.
type walk struct {
	*plainTable
	r      *rand.Rand
	client *dynamodb.Client
	steps  []string
}

func randomTable(ctx context.Context, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 0))
	engine := memtable.Open()
	w := &walk{plainTable: newPlainTable(r), r: r, client: engine.Client(once)}
	if err := w.create(ctx); err != nil {
		return err
	}
	kinds := []struct {
		weight int
		name   string
		take   func(context.Context) error
	}{
		{20, "put", w.put}, {20, "update", w.update}, {8, "delete", w.remove}, {5, "get", w.get},
		{8, "batch write", w.batchWrite}, {4, "batch get", w.batchGet}, {8, "transact write", w.transactWrite}, {4, "transact get", w.transactGet},
		{14, "query", w.query}, {6, "scan", w.scan}, {3, "change indexes", w.changeIndexes},
	}
	for i := range stepsOfTable {
		kind := r.IntN(100)
		for _, k := range kinds {
			if kind -= k.weight; kind < 0 {
				w.steps = append(w.steps, k.name)
				if err := k.take(ctx); err != nil {
					return fmt.Errorf("step %d: %w\nkeys %+v%s\n%s", i, err, *w.keys, w.describe(), strings.Join(w.steps, "\n"))
				}
				break
			}
		}
		if err := engine.Check(); err != nil {
			return fmt.Errorf("step %d: %w\n%s", i, err, strings.Join(w.steps, "\n"))
		}
	}
	return nil
}

func (w *walk) describe() (text string) {
	for _, x := range w.indexes {
		text += fmt.Sprintf("\n%+v", *x)
	}
	return text
}

func (w *walk) note(format string, args ...any) {
	w.steps[len(w.steps)-1] += fmt.Sprintf(" "+format, args...)
}

func (w *walk) create(ctx context.Context) error {
	in := &dynamodb.CreateTableInput{TableName: theTable, BillingMode: types.BillingModePayPerRequest,
		KeySchema: w.keys.schema(), AttributeDefinitions: w.definitions()}
	for _, x := range w.indexes {
		if x.local {
			in.LocalSecondaryIndexes = append(in.LocalSecondaryIndexes, types.LocalSecondaryIndex{IndexName: &x.name, KeySchema: x.schema(), Projection: x.projected()})
		} else {
			in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{IndexName: &x.name, KeySchema: x.schema(), Projection: x.projected()})
		}
	}
	if w.r.IntN(2) == 0 {
		in.StreamSpecification = &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages}
	}
	_, err := w.client.CreateTable(ctx, in)
	return err
}

// expect holds an error's code to the one that the model expects; none is "".
func expect(err error, code string) error {
	var api smithy.APIError
	switch {
	case err == nil && code == "", errors.As(err, &api) && api.ErrorCode() == code:
		return nil
	case code == "":
		return err
	}
	return fmt.Errorf("got %w, not %s", err, code)
}

// same holds an answer's item to the model's.
func same(got item, want plainItem) error {
	if !maps.Equal(plainItemOf(got), want) {
		return fmt.Errorf("got %v, want %v", plainItemOf(got), want)
	}
	return nil
}

// The codes of errors that the model expects.
const (
	conditionCode  = "ConditionalCheckFailedException"
	validationCode = "ValidationException"
	cancelledCode  = "TransactionCanceledException"
)

// drawCondition draws a condition, and tells whether it holds; most writes have none.
func (w *walk) drawCondition(old plainItem) (expression *string, values plainItem, holds bool) {
	switch w.r.IntN(8) {
	case 0:
		return aws.String("attribute_exists(pk)"), nil, old != nil
	case 1:
		return aws.String("attribute_not_exists(pk)"), nil, old == nil
	case 2:
		x := w.drawValue(w.r, "x")
		return aws.String("x = :cond"), plainItem{":cond": x}, old["x"] == x
	case 3:
		y := w.drawValue(w.r, "y")
		have, ok := old["y"]
		return aws.String("NOT y < :cond"), plainItem{":cond": y}, !ok || have.compare(y) >= 0
	}
	return nil, nil, true
}

// write is a drawn write: what is sent, what it makes of the item, and the code of its error, if it has one.
type write struct {
	kind       string
	key        plainItem
	item       plainItem // of a put
	update     string
	condition  *string
	values     item
	next       plainItem // nil for none
	bad, fails bool
}

func (w *walk) drawWrite(kind string) (out write) {
	out.kind = kind
	it, bad := w.drawItem(w.r)
	out.key = it.only(w.keys.keys())
	old := w.rows[w.plainTable.key(out.key)]
	condition, values, holds := w.drawCondition(old)
	out.condition, out.fails = condition, !holds
	switch kind {
	case "put":
		out.item, out.next, out.bad = it, it, bad
	case "update":
		var more plainItem
		out.update, more, out.next, out.bad = w.drawUpdate(old, out.key)
		values = merged(values, more)
	case "check":
		out.next = old
		if condition == nil {
			out.condition, out.fails = aws.String("attribute_exists(pk)"), old == nil
		}
	}
	if len(values) > 0 {
		out.values = values.item()
	}
	w.note("%s %v next %v fails %v bad %v;", kind, out.key, out.next, out.fails, out.bad)
	return out
}

func merged(a, b plainItem) plainItem {
	out := plainItem{}
	maps.Copy(out, a)
	maps.Copy(out, b)
	return out
}

// drawUpdate draws an update's expression and tells what it makes of an item.
func (w *walk) drawUpdate(old, key plainItem) (text string, values, next plainItem, bad bool) {
	values, next = plainItem{}, merged(old, key)
	var sets, removes []string
	for _, name := range append(indexed, "x", "z") {
		switch w.r.IntN(6) {
		case 0, 1:
			v := w.drawValue(w.r, name)
			if w.r.IntN(50) == 0 && w.isKey(name) {
				v, bad = w.drawBad(w.r, name), true
			}
			sets = append(sets, name+" = :"+name)
			values[":"+name], next[name] = v, v
		case 2:
			removes = append(removes, name)
			delete(next, name)
		}
	}
	if len(sets) > 0 {
		text = "SET " + strings.Join(sets, ", ")
	}
	if len(removes) > 0 {
		text += " REMOVE " + strings.Join(removes, ", ")
	}
	made := len(sets) > 0
	if w.r.IntN(3) == 0 || text == "" {
		text += " ADD y :y"
		by := w.drawValue(w.r, "y")
		values[":y"], made = by, true
		next["y"] = plain{"N", fmt.Sprint(number(next["y"]) + number(by))}
	}
	if old == nil && !made {
		next = nil // what only removes makes no item
	}
	return text, values, next, bad
}

func number(v plain) (i int) {
	_, _ = fmt.Sscan(v.text, &i) // 0 for none
	return i
}

// keep keeps what a write made.
func (w *walk) keep(out write) {
	if out.next == nil {
		delete(w.rows, w.plainTable.key(out.key))
	} else {
		w.rows[w.plainTable.key(out.key)] = out.next
	}
}
