package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/bulk"
)

type tablesCmd struct{}

func (c *tablesCmd) Run(ctx context.Context, out *console, at *target) error {
	client, err := at.client(ctx)
	if err != nil {
		return err
	}
	for pages := dynamodb.NewListTablesPaginator(client, &dynamodb.ListTablesInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, name := range page.TableNames {
			if _, err := fmt.Fprintln(out.out, name); err != nil {
				return err
			}
		}
	}
	return nil
}

type countCmd struct {
	Table  string `arg:"" help:"Table, or its ARN. Items that claim unique values for others do not count."`
	Filter string `placeholder:"CONDITION" help:"Only items that it holds for: status = 'open' AND size(tags) > 2."`
	scanFlags
	readUnits
}

func (c *countCmd) Run(ctx context.Context, out *console, at *target) error {
	if c.Segments < 1 {
		return usage("there is one segment at least")
	}
	scan := dynox.All[item]().Segments(c.Segments).MaxPages(c.Segments)
	if c.Filter != "" {
		cond, err := condition(c.Filter, time.Now())
		if err != nil {
			return usage("--filter: %w", err)
		}
		scan = scan.Filter(cond)
	}
	if c.Consistent {
		scan = scan.Consistent()
	}
	client, err := at.client(ctx)
	if err != nil {
		return err
	}
	t, err := table(client, c.Table, c.ReadUnits, 0, dynox.ReadOnly())
	if err != nil {
		return err
	}
	repo, _, total, err := untyped(ctx, t)
	if err != nil {
		return err
	}
	j := &job{console: out, name: "count " + c.Table}
	var found int64
	_, err = j.run(ctx, ofItems(total), nil, func(ctx context.Context, _ bulk.Checkpoint, told func(bulk.Progress)) (p bulk.Progress, err error) {
		var used dynox.Meter
		ctx = dynox.WithMeter(ctx, &used)
		for {
			var next dynox.Cursor
			n, err := repo.Count(ctx, scan.After(dynox.Cursor(p.Checkpoint)).Track(&next))
			u := used.Usage()
			p = bulk.Progress{Items: int64(u.Scanned), ReadUnits: u.ReadUnits, Checkpoint: bulk.Checkpoint(next)}
			if found += n; err != nil || next == "" {
				return p, err
			}
			told(p)
		}
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out.out, found)
	return err
}

type describeCmd struct {
	Table string `arg:"" help:"Table, or its ARN."`
}

func (c *describeCmd) Run(ctx context.Context, out *console, at *target) error {
	client, err := at.client(ctx)
	if err != nil {
		return err
	}
	t, err := table(client, c.Table, 0, 0, dynox.ReadOnly())
	if err != nil {
		return err
	}
	d, err := t.Describe(ctx)
	if err != nil {
		return err
	}
	expires, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &c.Table})
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out.out, 0, 0, 2, ' ', 0)
	row := func(name, text string) { fmt.Fprintf(w, "%s\t%s\n", name, text) }
	kinds := map[string]types.ScalarAttributeType{}
	for _, a := range d.AttributeDefinitions {
		kinds[aws.ToString(a.AttributeName)] = a.AttributeType
	}
	row("table", aws.ToString(d.TableName))
	row("status", string(d.TableStatus))
	row("key", keyText(d.KeySchema, kinds))
	row("items", extent(d.ItemCount, d.TableSizeBytes))
	row("capacity", capacity(d.BillingModeSummary, d.ProvisionedThroughput))
	if d.TableClassSummary != nil {
		row("class", string(d.TableClassSummary.TableClass))
	}
	if e := expires.TimeToLiveDescription; e != nil && e.AttributeName != nil {
		row("expiry", aws.ToString(e.AttributeName)+" "+string(e.TimeToLiveStatus))
	}
	if s := d.StreamSpecification; s != nil && aws.ToBool(s.StreamEnabled) {
		row("stream", string(s.StreamViewType))
	}
	if aws.ToBool(d.DeletionProtectionEnabled) {
		row("protected", "from deletion")
	}
	for _, ix := range d.GlobalSecondaryIndexes {
		text := keyText(ix.KeySchema, kinds) + ", " + projection(ix.Projection) + ", " + extent(ix.ItemCount, ix.IndexSizeBytes)
		if p := ix.ProvisionedThroughput; aws.ToInt64(readsOf(p)) > 0 {
			text += ", " + capacity(nil, p)
		}
		row("index "+aws.ToString(ix.IndexName), text+", "+string(ix.IndexStatus))
	}
	for _, ix := range d.LocalSecondaryIndexes {
		row("local index "+aws.ToString(ix.IndexName), keyText(ix.KeySchema, kinds)+", "+projection(ix.Projection)+", "+extent(ix.ItemCount, ix.IndexSizeBytes))
	}
	return w.Flush()
}

func keyText(schema []types.KeySchemaElement, kinds map[string]types.ScalarAttributeType) (text string) {
	for i, k := range schema {
		if i > 0 {
			text += " / "
		}
		name := aws.ToString(k.AttributeName)
		text += name + " (" + string(kinds[name]) + ")"
	}
	return text
}

func projection(p *types.Projection) string {
	switch {
	case p == nil:
		return "no projection"
	case p.ProjectionType == types.ProjectionTypeAll:
		return "all attributes"
	case p.ProjectionType == types.ProjectionTypeKeysOnly:
		return "keys only"
	}
	return "keys and " + many(int64(len(p.NonKeyAttributes)), "attribute")
}

// extent is of some hours ago: the service counts that seldom.
func extent(items, bytes *int64) string {
	return fmt.Sprintf("%s, %s", about(aws.ToInt64(items)), many(aws.ToInt64(bytes), "byte"))
}

func capacity(billing *types.BillingModeSummary, p *types.ProvisionedThroughputDescription) string {
	if billing != nil && billing.BillingMode == types.BillingModePayPerRequest || aws.ToInt64(readsOf(p)) == 0 {
		return "on demand"
	}
	return fmt.Sprintf("%s and %s a second", many(*p.ReadCapacityUnits, "read unit"), many(aws.ToInt64(p.WriteCapacityUnits), "write unit"))
}

func readsOf(p *types.ProvisionedThroughputDescription) *int64 {
	if p == nil {
		return nil
	}
	return p.ReadCapacityUnits
}
