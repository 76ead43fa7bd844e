package dynox_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/internal/core"
	"github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/lock"
	"github.com/dynox-go/dynox/memtable"
)

// either is a coder that opens what two others have sealed, and seals as the
// first.
type either struct{ seal, old seal }

func (e either) Encode(ctx context.Context, values []core.Value) error {
	return e.seal.Encode(ctx, values)
}

func (e either) Decode(ctx context.Context, values []core.Value) {
	for i := range values {
		one := slices.Clone(values[i : i+1])
		if e.seal.Decode(ctx, one); one[0].Err != nil {
			one[0] = values[i]
			e.old.Decode(ctx, one)
		}
		values[i] = one[0]
	}
}

// TestRecode: stored values are written anew, and nothing else changes.
func TestRecode(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	engine := memtable.New(t)
	table := dynox.NewTable(engine.Client(), "patients")
	before, err := dynox.NewRepo(table, patientKey, coded(seal{"old", new(calls)}, 1, patientName, homeStreet), lock.Version(born))
	is.NoErr(err)
	is.NoErr(table.Ensure(ctx, before))
	for i := range 30 {
		p := with(amy, func(p *patient) { p.ID, p.Born = i, 0 })
		if i%5 == 0 {
			p.Home = nil
		}
		is.NoErr(before.Put(ctx, &p))
	}
	want, err := iter.Collect(before.Scan(ctx, dynox.All[patient]()))
	is.NoErr(err)
	both := either{seal{"new", new(calls)}, seal{"old", new(calls)}}
	after, err := dynox.NewRepo(table, patientKey, coded(both, 1, patientName, homeStreet), lock.Version(born))
	is.NoErr(err)
	stale := func(_ core.Coder, v core.Value) (bool, error) { // is sealed by the old one
		av := core.Value{JSON: v.JSON}
		one := []core.Value{v}
		both.seal.Decode(ctx, one)
		return one[0].Err != nil && !bytes.Contains(av.JSON, []byte("NULL")), nil
	}
	cursor, counts := "", map[core.Recoding]int{}
	for broken := 0; ; broken++ { // broken off again and again
		n := 0
		var err error
		cursor, err = after.Core(core.Door{}).Recode(ctx, &core.Spec{Scan: true, After: cursor, PageSize: 7}, 1, stale, func(r core.Recoding, _ string) bool {
			counts[r]++
			n++
			return n < 4
		})
		is.NoErr(err)
		if cursor == "" {
			break
		}
		is.True(broken < 20)
	}
	is.Equal(counts, map[core.Recoding]int{core.RecodeDone: 30})
	got, err := iter.Collect(after.Scan(ctx, dynox.All[patient]()))
	is.NoErr(err)
	is.Equal(cmp.Diff(want, got), "")
	only, err := dynox.NewRepo(table, patientKey, coded(both.seal, 1, patientName, homeStreet))
	is.NoErr(err)
	got, err = iter.Collect(only.Scan(ctx, dynox.All[patient]()))
	is.NoErr(err)
	is.Equal(cmp.Diff(want, got), "")

	// An item that cannot be written ends it there, and can be tried again.
	engine.Fail("UpdateItem", memtable.ErrorResponse(400, "AccessDeniedException", "no"), memtable.After(3), memtable.Always())
	all := func(core.Coder, core.Value) (bool, error) { return true, nil }
	n := 0
	cursor, err = after.Core(core.Door{}).Recode(ctx, &core.Spec{Scan: true}, 1, all, func(core.Recoding, string) bool { n++; return true })
	is.True(err != nil)
	is.Equal(n, 3)
	engine.Heal()
	_, err = after.Core(core.Door{}).Recode(ctx, &core.Spec{Scan: true, After: cursor}, 1, all, func(core.Recoding, string) bool { n++; return true })
	is.NoErr(err)
	is.Equal(n, 30)

	// One that has changed since it was read is left.
	client := engine.Client()
	first := true
	_, err = after.Core(core.Door{}).Recode(ctx, &core.Spec{Scan: true}, 1, func(core.Coder, core.Value) (bool, error) {
		if first {
			first = false
			for i := range 30 {
				_, err := after.Update(ctx, patient{Ward: "a", ID: i}, patientName.Set("Bea"))
				is.NoErr(err)
			}
		}
		return true, nil
	}, func(r core.Recoding, _ string) bool { counts[r]++; return true })
	is.NoErr(err)
	is.Equal(counts[core.RecodeMoved], 30)
	p, err := after.Get(ctx, amy)
	is.NoErr(err)
	is.Equal(p.Name, "Bea")
	_, isB := sealedItem(t, client, after, amy)["name"].(*types.AttributeValueMemberB)
	is.True(isB)
	readOnly, err := dynox.NewRepo(dynox.NewTable(client, "patients", dynox.ReadOnly()), patientKey, coded(both, 1, patientName))
	is.NoErr(err)
	_, err = readOnly.Core(core.Door{}).Recode(ctx, &core.Spec{Scan: true}, 1, all, nil)
	is.True(errors.Is(err, dynox.ErrReadOnly))
}
