// Command mutate measures what the engine's cases catch. It changes the engine's source in one place at a
// time, as a slip of the hand would, runs the cases against each change, and tells which of them went unnoticed:
//
//	go run ./memtable/internal/cmd/mutate -n 500 -seed 1
//
// All changes are compiled into one test binary, each behind a switch, so that trying one costs as much as the cases
// do. The source itself stays as it is. A change that doesn't compile there doesn't count; one with which the cases
// take more than a minute is caught. Survivors that can make no difference are named in equivalent.txt, in the
// words that they are reported with, and don't count either.
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"sync"
)

//go:embed equivalent.txt
var equivalents string

// unreached are files that no request of the cases reaches, or not far, and that have tests of their own: other ways in
// and out of an engine, signatures, whose time is that of a clock on the wall, the objects of bulk operations, and what
// prints expressions and statements for the parsers' tests.
const unreached = `/(check|client|compress|log|seed|serve|signature|snapshot|bucket|bulk\w*|print)\.go$|/ion/|/expression/node\.go$`

func main() {
	n := flag.Int("n", 500, "how many changes to sample")
	seed := flag.Uint64("seed", 1, "of the sample")
	jobs := flag.Int("jobs", 2, "how many to try at a time")
	tests := flag.String("run", "TestCases/memtable", "the tests that have to notice")
	only := flag.String("only", "", "changes of files that match alone")
	skip := flag.String("skip", unreached, "files to leave alone")
	flag.Parse()
	if err := report(*n, *jobs, *seed, *tests, regexp.MustCompile(*only), regexp.MustCompile(*skip)); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

// report samples changes, tries them, and prints the survivors and the score.
func report(n, jobs int, seed uint64, tests string, only, skip *regexp.Regexp) error {
	sites, err := allSites(only, skip)
	if err != nil {
		return err
	}
	all := len(sites)
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(sites), func(i, j int) { sites[i], sites[j] = sites[j], sites[i] })
	sites = apart(sites, n)
	binary, err := build(sites, tests)
	if err != nil {
		return err
	}
	defer binary.remove()
	if out, err := binary.run(-1); err != nil {
		return fmt.Errorf("the tests fail without a change: %w\n%s", err, out)
	}
	var caught, survived, equal int
	for s, noticed := range binary.tryAll(jobs) {
		switch {
		case noticed:
			caught++
		case strings.Contains("\n"+equivalents, "\n"+s.name()+"\n"):
			equal++
		default:
			survived++
			fmt.Println("survived:", s)
		}
	}
	fmt.Printf("%d of %d changes caught (%.1f %%), %d more make no difference; %d places in all, seed %d\n",
		caught, caught+survived, 100*float64(caught)/float64(max(caught+survived, 1)), equal, all, seed)
	return nil
}

// tryAll runs the tests with each change that is in the binary, and yields whether they noticed.
func (b *binary) tryAll(jobs int) func(yield func(site, bool) bool) {
	return func(yield func(site, bool) bool) {
		type result struct {
			site
			noticed bool
		}
		results, work := make(chan result, len(b.sites)), make(chan int, len(b.sites))
		for i := range b.sites {
			work <- i
		}
		close(work)
		var group sync.WaitGroup
		for range jobs {
			group.Go(func() {
				for i := range work {
					_, err := b.run(i)
					results <- result{b.sites[i], err != nil}
				}
			})
		}
		go func() { group.Wait(); close(results) }()
		for r := range results {
			if !yield(r.site, r.noticed) {
				return
			}
		}
	}
}
