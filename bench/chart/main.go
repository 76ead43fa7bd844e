// Command chart makes of the results of the benchmarks, read from standard
// input, what the README shows: a table in Markdown on standard output, and a
// chart in the file that its argument names.
package main

import (
	"errors"
	"fmt"
	"image/color"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchunit"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// rows are what is shown, and as what in the chart and in the table.
var rows = []struct{ name, label, title string }{
	{"Repository/Query/shape=order", "page, 12 attributes", "query a page of 1,400 items of 12 attributes, about 1 MB"},
	{"Repository/Query/shape=shuffled", "shuffled", "the same, attributes in another order in each item"},
	{"Repository/Query/shape=sparse", "sparse", "a page of 4,000 items with few of many attributes"},
	{"Repository/Query/shape=tiny", "3 attributes", "a page of 9,000 items of 3 attributes"},
	{"Repository/Query/shape=wide", "100 attributes", "a page of 400 items of 100 attributes"},
	{"Repository/Query/shape=deep", "nested maps", "a page of 400 items of nested maps"},
	{"Repository/Query/shape=large", "300 KB items", "a page of three items of 300 KB"},
	{"Repository/BatchGetItem/shape=order", "batch get", "get 100 items in a batch"},
	{"Repository/BatchWriteItem/shape=order", "batch write", "put 25 items in a batch"},
	{"Repository/GetItem/shape=order", "get", "get an item"},
	{"Repository/PutItem/shape=order", "put", "put an item"},
	{"Repository/UpdateItem/shape=order", "update", "update an item, and return it"},
	{"Repository/DeleteItem/shape=order", "delete", "delete an item"},
}

// units are what is measured.
var units = []string{"sec/op", "B/op", "allocs/op"}

func main() {
	if err := run(os.Stdin, os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "chart:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer, args []string) error {
	if len(args) != 1 {
		return errors.New("usage: chart FILE.svg <results")
	}
	results, err := read(in)
	if err != nil {
		return err
	}
	table(out, results)
	return draw(args[0], results)
}

// key is what was measured: of a benchmark, an implementation, a unit.
type key struct{ name, impl, unit string }

// read returns the medians.
func read(in io.Reader) (map[key]float64, error) {
	all := map[key][]float64{}
	r := benchfmt.NewReader(in, "results")
	for r.Scan() {
		switch record := r.Result().(type) {
		case *benchfmt.SyntaxError:
			return nil, record
		case *benchfmt.Result:
			name, impl, ok := strings.Cut(string(record.Name.Full()), "/impl=")
			impl, _, _ = strings.Cut(impl, "-") // without the processors
			for _, v := range record.Values {
				if ok {
					k := key{name, impl, v.Unit}
					all[k] = append(all[k], v.Value)
				}
			}
		}
	}
	medians := make(map[key]float64, len(all))
	for k, values := range all {
		slices.Sort(values)
		medians[k] = values[len(values)/2]
	}
	return medians, r.Err()
}

func table(out io.Writer, results map[key]float64) {
	fmt.Fprintln(out, "| work | time | bytes | allocations |")
	fmt.Fprintln(out, "| --- | --- | --- | --- |")
	for _, row := range rows {
		fmt.Fprintf(out, "| %s ", row.title)
		for _, unit := range units {
			sdk, dynox := results[key{row.name, "sdk", unit}], results[key{row.name, "dynox", unit}]
			fmt.Fprintf(out, "| %s → %s (%s×) ", scale(sdk, unit), scale(dynox, unit), times(ratio(sdk, dynox)))
		}
		fmt.Fprintln(out, "|")
	}
}

// times has two digits that count.
func times(ratio float64) string {
	if ratio >= 10 {
		return fmt.Sprintf("%.0f", ratio)
	}
	return fmt.Sprintf("%.1f", ratio)
}

// ratio is 0 where something is missing.
func ratio(sdk, dynox float64) float64 {
	if dynox == 0 {
		return 0
	}
	return sdk / dynox
}

func scale(v float64, unit string) string {
	if unit == "allocs/op" {
		return fmt.Sprintf("%.0f", v)
	}
	return benchunit.Scale(v, benchunit.ClassOf(unit)) + strings.TrimSuffix(unit, "/op")[:1]
}

// The colors of the bars, which tell apart on white, and in grey.
var colors = []color.Color{color.RGBA{0x2f, 0x6d, 0xb5, 0xff}, color.RGBA{0xf0, 0x9a, 0x37, 0xff}, color.RGBA{0x8a, 0x8f, 0x98, 0xff}}

// draw draws how many times less each takes.
func draw(file string, results map[key]float64) error {
	p := plot.New()
	p.Title.Text = "Times less than the SDK with attributevalue"
	p.BackgroundColor = color.White
	var ticks plot.ConstantTicks // of a logarithmic scale
	for _, n := range []float64{1, 2, 5, 10, 20, 50, 100, 200, 500} {
		ticks = append(ticks, plot.Tick{Value: math.Log10(n), Label: fmt.Sprint(n)})
	}
	p.X.Tick.Marker = ticks
	shown := slices.Clone(rows)
	slices.Reverse(shown) // the first is on top
	names := make([]string, len(shown))
	const width = 6
	for u, unit := range units {
		var bars plotter.Values
		for i, row := range shown {
			names[i] = row.label
			bars = append(bars, max(0, math.Log10(ratio(results[key{row.name, "sdk", unit}], results[key{row.name, "dynox", unit}]))))
		}
		chart, err := plotter.NewBarChart(bars, vg.Points(width))
		if err != nil {
			return err
		}
		chart.Horizontal, chart.XMin = true, 0
		chart.Color, chart.LineStyle.Width = colors[u], 0
		chart.Offset = vg.Points(float64(width * (1 - u)))
		p.Add(chart)
		p.Legend.Add([]string{"time", "bytes", "allocations"}[u], chart)
	}
	p.NominalY(names...)
	p.X.Min, p.X.Max = 0, math.Log10(500)
	return p.Save(vg.Points(620), vg.Points(420), file)
}
