package memtable_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// reader is what queries and scans have in common: where they read, what they leave out, and what they found.
type reader struct {
	w       *walk
	index   *plainIndex
	name    *string // nil for the table
	whole   bool    // all attributes, whatever the index has
	sel     types.Select
	limit   *int32
	filter  *string
	values  plainItem
	kept    func(plainItem) bool // by the filter
	items   []item
	scanned int
}

func (w *walk) drawReader() *reader {
	rd := &reader{w: w, index: w.keys, values: plainItem{}, kept: func(plainItem) bool { return true }}
	if at := w.r.IntN(len(w.indexes) + 1); at > 0 {
		rd.index = w.indexes[at-1]
		rd.name = &rd.index.name
		if rd.index.local && w.r.IntN(3) == 0 {
			rd.whole, rd.sel = true, types.SelectAllAttributes
		}
	}
	if w.r.IntN(2) == 0 {
		rd.limit = aws.Int32(1 + w.r.Int32N(5))
	}
	if rd.index.projection == types.ProjectionTypeAll && w.r.IntN(3) == 0 {
		if w.r.IntN(2) == 0 {
			x := w.drawValue(w.r, "x")
			rd.filter, rd.values[":f"] = aws.String("x = :f"), x
			rd.kept = func(it plainItem) bool { return it["x"] == x }
		} else {
			rd.filter = aws.String("attribute_not_exists(z)")
			rd.kept = func(it plainItem) bool { return it["z"] == plain{} }
		}
	}
	return rd
}

// page takes a page in.
func (rd *reader) page(items []item, count, scanned int32) error {
	if int(count) != len(items) || scanned < count || rd.limit != nil && scanned > *rd.limit {
		return fmt.Errorf("a page of %d items has count %d and scanned count %d", len(items), count, scanned)
	}
	rd.items = append(rd.items, items...)
	rd.scanned += int(scanned)
	return nil
}

// compare holds what was read to the model: wanted are the items that a read meets before its filter.
func (rd *reader) compare(wanted func(plainItem) bool) error {
	met := rd.w.found(rd.index, wanted, rd.whole)
	if rd.scanned != len(met) {
		return fmt.Errorf("read %d items, not %d", rd.scanned, len(met))
	}
	return sameItems(rd.items, slices.DeleteFunc(met, func(it plainItem) bool { return !rd.kept(it) }))
}

func (w *walk) query(ctx context.Context) error {
	rd := w.drawReader()
	condition, wanted := rd.drawKeyCondition()
	forward := w.r.IntN(2) == 0
	w.note("%s %s %v forward %v", rd.index.name, condition, rd.values, forward)
	in := &dynamodb.QueryInput{TableName: theTable, IndexName: rd.name, Select: rd.sel, Limit: rd.limit, FilterExpression: rd.filter,
		KeyConditionExpression: &condition, ExpressionAttributeValues: rd.values.item(), ScanIndexForward: &forward}
	for more := true; more; more = in.ExclusiveStartKey != nil {
		out, err := w.client.Query(ctx, in)
		if err != nil {
			return err
		}
		if err := rd.page(out.Items, out.Count, out.ScannedCount); err != nil {
			return err
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
	if rd.index.projection == types.ProjectionTypeAll || len(rd.index.sort) > 0 {
		for i := 1; i < len(rd.items); i++ {
			order := rd.index.compare(plainItemOf(rd.items[i-1]), plainItemOf(rd.items[i]))
			if !forward {
				order = -order
			}
			if order > 0 {
				return fmt.Errorf("out of order: %v", rd.items)
			}
		}
	}
	return rd.compare(wanted)
}

// drawKeyCondition draws a query's condition: all of the partition key, and some of the sort key from its left.
func (rd *reader) drawKeyCondition() (text string, wanted func(plainItem) bool) {
	w := rd.w
	var terms []string
	var tests []func(plainItem) bool
	add := func(name, term string, test func(have, v, u plain) bool) {
		v, u := plain{w.types[name], things[w.types[name]][w.r.IntN(4)]}, plain{w.types[name], things[w.types[name]][w.r.IntN(4)]}
		if v.compare(u) > 0 {
			v, u = u, v
		}
		rd.values[":"+name] = v
		if strings.Contains(term, ":u") {
			rd.values[":u"] = u
		}
		terms = append(terms, strings.ReplaceAll(strings.ReplaceAll(term, "?", name), "%", ":"+name))
		tests = append(tests, func(it plainItem) bool { return test(it[name], v, u) })
	}
	same := func(have, v, _ plain) bool { return have == v }
	for _, name := range rd.index.partition {
		add(name, "? = %", same)
	}
	sort := rd.index.sort[:w.r.IntN(len(rd.index.sort)+1)]
	for i, name := range sort {
		if i < len(sort)-1 {
			add(name, "? = %", same)
			continue
		}
		kinds := 6
		if w.types[name] != "N" {
			kinds++
		}
		switch w.r.IntN(kinds) {
		case 0:
			add(name, "? = %", same)
		case 1:
			add(name, "? < %", func(have, v, _ plain) bool { return have.compare(v) < 0 })
		case 2:
			add(name, "? <= %", func(have, v, _ plain) bool { return have.compare(v) <= 0 })
		case 3:
			add(name, "? > %", func(have, v, _ plain) bool { return have.compare(v) > 0 })
		case 4:
			add(name, "? >= %", func(have, v, _ plain) bool { return have.compare(v) >= 0 })
		case 5:
			add(name, "? BETWEEN % AND :u", func(have, v, u plain) bool { return have.compare(v) >= 0 && have.compare(u) <= 0 })
		case 6:
			add(name, "begins_with(?, %)", func(have, v, _ plain) bool { return strings.HasPrefix(have.text, v.text) })
		}
	}
	return strings.Join(terms, " AND "), func(it plainItem) bool {
		for _, test := range tests {
			if !test(it) {
				return false
			}
		}
		return true
	}
}

func (w *walk) scan(ctx context.Context) error {
	rd := w.drawReader()
	segments := 1 + w.r.Int32N(4)
	w.note("%s in %d", rd.index.name, segments)
	for segment := range segments {
		in := &dynamodb.ScanInput{TableName: theTable, IndexName: rd.name, Select: rd.sel, Limit: rd.limit, FilterExpression: rd.filter,
			Segment: &segment, TotalSegments: &segments}
		if len(rd.values) > 0 {
			in.ExpressionAttributeValues = rd.values.item()
		}
		for more := true; more; more = in.ExclusiveStartKey != nil {
			out, err := w.client.Scan(ctx, in)
			if err != nil {
				return err
			}
			if err := rd.page(out.Items, out.Count, out.ScannedCount); err != nil {
				return err
			}
			in.ExclusiveStartKey = out.LastEvaluatedKey
		}
	}
	return rd.compare(func(plainItem) bool { return true })
}
