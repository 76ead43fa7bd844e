package dynox_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

// sound has a vector that is stored even if it is empty, and one of 64-bit numbers.
type sound struct {
	ID    string    `dynamodbav:"id"`
	Tone  []float32 `dynamodbav:"tone"`
	Print []float64 `dynamodbav:"print,omitempty"`
}

var (
	soundP     = expr.Proto[sound]()
	soundTone  = expr.At(soundP, &soundP.Tone)
	soundPrint = expr.At(soundP, &soundP.Print)
	soundKey   = dynox.Key[sound]{Partition: dynox.By(expr.At(soundP, &soundP.ID))}
	tones      = dynox.Vectors("tones", soundTone, 2, cosine)
	prints     = dynox.Vectors("prints", soundPrint, 1, euclidean)
)

func sounds(t *testing.T, client dynox.Client, opts ...dynox.Option[sound]) *dynox.Repo[sound] {
	t.Helper()
	is := is.New(t)
	table := dynox.NewTable(client, "sounds")
	r, err := dynox.NewRepo(table, soundKey, opts...)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), r))
	return r
}

// What the service would refuse for its vector is refused before the call.
func TestVectorsAreCheckedBeforeWrites(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t)
	r := sounds(t, engine.Client(), tones, prints)
	good := sound{ID: "1", Tone: []float32{1, 2}, Print: []float64{3.4028235e38}}
	is.NoErr(r.Put(t.Context(), &good))
	before := len(engine.Requests())
	refused := func(err error, why string) {
		t.Helper()
		if !errors.Is(err, dynox.ErrInvalid) || !strings.Contains(err.Error(), why) {
			t.Errorf("%v, not %s", err, why)
		}
	}
	for _, c := range []struct {
		item sound
		why  string
	}{
		{sound{ID: "1"}, "tone has 0 dimensions, those of vector index tones have 2"},
		{sound{ID: "1", Tone: []float32{}}, "tone has 0 dimensions"},
		{sound{ID: "1", Tone: []float32{1, 2, 3}}, "tone has 3 dimensions"},
		{sound{ID: "1", Tone: []float32{1, 2}, Print: []float64{}}, "print has 0 dimensions"}, // which omitempty leaves in
		{sound{ID: "1", Tone: []float32{1, 2}, Print: []float64{1, 2}}, "print has 2 dimensions, those of vector index prints have 1"},
		{sound{ID: "1", Tone: []float32{1, 2}, Print: []float64{-3.41e38}}, "print[0] is larger"},
	} {
		refused(r.Put(t.Context(), &c.item), c.why)
		refused(r.Create(t.Context(), &c.item), c.why)
		refused(tx.Write(t.Context(), tx.Put(r, &c.item)), c.why)
	}
	_, err := r.Update(t.Context(), good, soundTone.Set([]float32{1}))
	refused(err, "tone has 1 dimensions")
	_, err = r.Upsert(t.Context(), good, soundTone.Set(nil))
	refused(err, "tone has 0 dimensions")
	_, err = r.Update(t.Context(), good, soundPrint.Set([]float64{1e39}))
	refused(err, "print[0] is larger")
	is.Equal(len(engine.Requests()), before) // nothing was sent
}

// What needs no vector, or had one before there was an index, is left alone.
func TestVectorsThatNeedNotBe(t *testing.T) {
	eachWay(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		ctx := t.Context()
		plain := sounds(t, client)
		is.NoErr(plain.Put(ctx, &sound{ID: "old", Tone: []float32{1, 2, 3}, Print: []float64{1}}))
		r := sounds(t, client, tones, prints)
		is.NoErr(r.Put(ctx, &sound{ID: "1", Tone: []float32{1, 2}}))
		got, err := r.Update(ctx, sound{ID: "1"}, soundPrint.Set([]float64{7}))
		is.NoErr(err)
		is.Equal(got.Print, []float64{7})
		got, err = r.Update(ctx, sound{ID: "1"}, soundPrint.Set(nil)) // which removes it
		is.NoErr(err)
		is.Equal(len(got.Print), 0)

		old, err := r.Load(ctx, sound{ID: "old"})
		is.NoErr(err)
		old.V.Print = []float64{2}
		is.NoErr(old.Save(ctx))
		old.V.Tone = []float32{1}
		is.True(errors.Is(old.Save(ctx), dynox.ErrInvalid))
	})
}
