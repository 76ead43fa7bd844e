package docs_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/blob"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

type Report struct {
	ID    string           `dynamodbav:"id"`
	Text  string           `dynamodbav:"text"`
	Lines []map[string]any `dynamodbav:"lines"`
}

var (
	theReport   = expr.Proto[Report]()
	reportText  = expr.At(theReport, &theReport.Text)
	reportLines = expr.At(theReport, &theReport.Lines)
	ReportKey   = dynox.Key[Report]{Partition: dynox.By(expr.At(theReport, &theReport.ID))}
)

// newReports is the repository of reports, which are stored in fewer bytes.
func newReports(table *dynox.Table) (*dynox.Repo[Report], error) {
	return dynox.NewRepo(table, ReportKey,
		blob.Compressed(reportText),
		blob.Compressed(reportLines, blob.Zstd(9), blob.MinSize(1000)),
	)
}

func Example_compressed() {
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "reports")
	plain := mustRepo(dynox.NewRepo(table, ReportKey))
	reports := mustRepo(newReports(table))
	succeed(table.Ensure(ctx, reports))

	r := Report{ID: "7", Text: strings.Repeat("all quiet at the desk; ", 2000)}
	before, err := plain.SizeOf(ctx, r)
	succeed(err)
	after, err := reports.SizeOf(ctx, r)
	succeed(err)
	fmt.Println("write units:", before.Write, "then", after.Write)

	succeed(reports.Put(ctx, &r))
	r, err = reports.Get(ctx, Report{ID: "7"})
	fmt.Println(len(r.Text), err)
	// Output:
	// write units: 45 then 1
	// 46000 <nil>
}
