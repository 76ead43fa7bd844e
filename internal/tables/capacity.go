package tables

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// capacity are the steps for the throughput of the table and its global indexes.
func (x *differ) capacity() {
	have, d := x.have.table, x.d
	now := types.BillingModeProvisioned
	if s := have.BillingModeSummary; s != nil {
		now = s.BillingMode
	}
	switch {
	case d.Billing != "" && d.Billing != now:
		x.billing(now)
	case now == types.BillingModeProvisioned && d.Capacity != nil:
		if p := have.ProvisionedThroughput; !provisioned(p, d.Capacity) {
			x.add(x.update(Change, "capacity", capacityText(d.Capacity)+", not "+capacityText(&types.ProvisionedThroughput{
				ReadCapacityUnits: p.ReadCapacityUnits, WriteCapacityUnits: p.WriteCapacityUnits,
			}), &dynamodb.UpdateTableInput{ProvisionedThroughput: d.Capacity}))
		}
		x.indexCapacity(func(h *types.GlobalSecondaryIndexDescription, g types.GlobalSecondaryIndex) *types.UpdateGlobalSecondaryIndexAction {
			if g.ProvisionedThroughput == nil || provisioned(h.ProvisionedThroughput, g.ProvisionedThroughput) {
				return nil
			}
			return &types.UpdateGlobalSecondaryIndexAction{IndexName: g.IndexName, ProvisionedThroughput: g.ProvisionedThroughput}
		})
	case now == types.BillingModePayPerRequest:
		if d.OnDemand != nil && !limits(have.OnDemandThroughput, d.OnDemand) {
			x.add(x.update(Change, "limits on demand", limitText(d.OnDemand), &dynamodb.UpdateTableInput{OnDemandThroughput: d.OnDemand}))
		}
		x.indexCapacity(func(h *types.GlobalSecondaryIndexDescription, g types.GlobalSecondaryIndex) *types.UpdateGlobalSecondaryIndexAction {
			if g.OnDemandThroughput == nil || limits(h.OnDemandThroughput, g.OnDemandThroughput) {
				return nil
			}
			return &types.UpdateGlobalSecondaryIndexAction{IndexName: g.IndexName, OnDemandThroughput: g.OnDemandThroughput}
		})
	}
	if w, h := d.Warm, have.WarmThroughput; w != nil && (h == nil || !warm(h.ReadUnitsPerSecond, h.WriteUnitsPerSecond, w)) {
		x.add(x.update(Change, "warm throughput", warmText(w), &dynamodb.UpdateTableInput{WarmThroughput: w}))
	}
	x.indexCapacity(func(h *types.GlobalSecondaryIndexDescription, g types.GlobalSecondaryIndex) *types.UpdateGlobalSecondaryIndexAction {
		if w, hw := g.WarmThroughput, h.WarmThroughput; w != nil && (hw == nil || !warm(hw.ReadUnitsPerSecond, hw.WriteUnitsPerSecond, w)) {
			return &types.UpdateGlobalSecondaryIndexAction{IndexName: g.IndexName, WarmThroughput: w}
		}
		return nil
	})
}

// billing is the step to another billing mode, with what the indexes have in it.
func (x *differ) billing(now types.BillingMode) {
	have, d := x.have.table, x.d
	in := &dynamodb.UpdateTableInput{BillingMode: d.Billing}
	detail := "on demand"
	if d.Billing == types.BillingModeProvisioned {
		in.ProvisionedThroughput, detail = d.Capacity, capacityText(d.Capacity)
	} else {
		in.OnDemandThroughput = limited(d.OnDemand)
	}
	for _, h := range have.GlobalSecondaryIndexes {
		u := &types.UpdateGlobalSecondaryIndexAction{IndexName: h.IndexName}
		g := x.global(aws.ToString(h.IndexName))
		switch {
		case d.Billing == types.BillingModeProvisioned && g != nil:
			u.ProvisionedThroughput = g.ProvisionedThroughput
		case d.Billing == types.BillingModeProvisioned:
			u.ProvisionedThroughput = d.Capacity
		case g != nil && limited(g.OnDemandThroughput) != nil:
			u.OnDemandThroughput = limited(g.OnDemandThroughput)
		default:
			continue
		}
		in.GlobalSecondaryIndexUpdates = append(in.GlobalSecondaryIndexUpdates, types.GlobalSecondaryIndexUpdate{Update: u})
	}
	x.add(x.update(Change, "capacity", detail+", not "+billingText(now), in))
}

// global is the definition of a global index, nil if there is none.
func (x *differ) global(name string) *types.GlobalSecondaryIndex {
	for i, g := range x.d.Globals {
		if aws.ToString(g.IndexName) == name {
			return &x.d.Globals[i]
		}
	}
	return nil
}

// indexCapacity adds the steps that changed makes for indexes which stay.
func (x *differ) indexCapacity(changed func(*types.GlobalSecondaryIndexDescription, types.GlobalSecondaryIndex) *types.UpdateGlobalSecondaryIndexAction) {
	for i := range x.have.table.GlobalSecondaryIndexes {
		h := &x.have.table.GlobalSecondaryIndexes[i]
		g := x.global(aws.ToString(h.IndexName))
		if g == nil || x.indexDiffers(h, g) != "" {
			continue
		}
		if u := changed(h, *g); u != nil {
			detail := words(capacityText(u.ProvisionedThroughput), limitText(u.OnDemandThroughput), warmText(u.WarmThroughput))
			x.add(x.update(Change, "capacity of index "+aws.ToString(h.IndexName), detail, &dynamodb.UpdateTableInput{
				GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Update: u}},
			}))
		}
	}
}

func provisioned(have *types.ProvisionedThroughputDescription, want *types.ProvisionedThroughput) bool {
	return have != nil && aws.ToInt64(have.ReadCapacityUnits) == aws.ToInt64(want.ReadCapacityUnits) &&
		aws.ToInt64(have.WriteCapacityUnits) == aws.ToInt64(want.WriteCapacityUnits)
}

// limits reports whether the limits are those wanted; -1 is no limit.
func limits(have, want *types.OnDemandThroughput) bool {
	if have == nil {
		have = &types.OnDemandThroughput{}
	}
	same := func(have, want *int64) bool { return want == nil || max(aws.ToInt64(have), 0) == max(*want, 0) }
	return same(have.MaxReadRequestUnits, want.MaxReadRequestUnits) && same(have.MaxWriteRequestUnits, want.MaxWriteRequestUnits)
}

// warm reports whether there is at least the throughput wanted.
func warm(read, write *int64, want *types.WarmThroughput) bool {
	return aws.ToInt64(read) >= aws.ToInt64(want.ReadUnitsPerSecond) && aws.ToInt64(write) >= aws.ToInt64(want.WriteUnitsPerSecond)
}

func billingText(b types.BillingMode) string {
	if b == types.BillingModePayPerRequest {
		return "on demand"
	}
	return "provisioned"
}

func capacityText(p *types.ProvisionedThroughput) string {
	if p == nil {
		return ""
	}
	return fmt.Sprintf("provisioned %d reading, %d writing", aws.ToInt64(p.ReadCapacityUnits), aws.ToInt64(p.WriteCapacityUnits))
}

func limitText(o *types.OnDemandThroughput) string {
	if o == nil {
		return ""
	}
	limit := func(n *int64, what string) string {
		switch {
		case n == nil:
			return ""
		case *n < 0:
			return "no limit of " + what
		}
		return fmt.Sprintf("at most %d %s", *n, what)
	}
	return words(limit(o.MaxReadRequestUnits, "reading"), limit(o.MaxWriteRequestUnits, "writing"))
}

func warmText(w *types.WarmThroughput) string {
	if w == nil {
		return ""
	}
	rate := func(n *int64, what string) string {
		if n == nil {
			return ""
		}
		return fmt.Sprintf("warm for %d %s", *n, what)
	}
	return words(rate(w.ReadUnitsPerSecond, "reading"), rate(w.WriteUnitsPerSecond, "writing"))
}
