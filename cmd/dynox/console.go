package main

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// console is where people are told what happens. What a command results in goes to out, all else to err.
type console struct {
	streams
	quiet bool
}

// say tells something, in a line.
func (c *console) say(format string, args ...any) {
	if !c.quiet {
		fmt.Fprintf(c.err, format+"\n", args...)
	}
}

// lineEvery is how often there is a line of progress where there is no terminal.
const lineEvery = 5 * time.Second

// barWidth is that of the bar, without what is said beside it.
const barWidth = 24

// figures are how far a command has come.
type figures struct {
	items       int64
	done, total int64 // of whatever there is a known number of; total 0: nobody knows
	read, write float64
}

// display shows figures: as a bar on a terminal, and as a line now and then elsewhere. It is for one goroutine.
type display struct {
	*console
	name    string
	samples []sample // of the last seconds, the oldest first
	printed time.Time
	bars    *mpb.Progress // nil: lines
	bar     *mpb.Bar
	file    *os.File    // the terminal
	text    chan string // what the bar says, of size 1
}

type sample struct {
	at time.Time
	figures
}

// How many samples there are, and how far apart: together, the time that rates are of.
const (
	maxSamples  = 20
	sampleEvery = time.Second / 2
)

// show begins a display.
func (c *console) show(name string, now figures) *display {
	d := &display{console: c, name: name, printed: time.Now()}
	d.samples = append(d.samples, sample{d.printed, now})
	file, ok := c.err.(*os.File)
	if c.quiet || !ok || !term.IsTerminal(int(file.Fd())) { //nolint:gosec // a descriptor is an int
		return d
	}
	d.text, d.file = make(chan string, 1), file
	said := name
	d.bars = mpb.New(mpb.WithOutput(file), mpb.WithWidth(barWidth))
	c.err = d.bars // lines go above the bar
	d.bar = d.bars.AddBar(0, mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
		select {
		case said = <-d.text:
		default:
		}
		return " " + said
	})))
	return d
}

// tell shows where the command is now.
func (d *display) tell(now figures) {
	if d.quiet {
		return
	}
	at := time.Now()
	if d.bar != nil {
		select { // what was not shown yet makes room
		case <-d.text:
		default:
		}
		d.text <- d.line(at, now)
		if now.total > 0 {
			d.bar.SetTotal(max(now.total, now.done), false)
			d.bar.SetCurrent(now.done)
		}
	} else if at.Sub(d.printed) >= lineEvery {
		d.printed = at
		d.say("%s", d.line(at, now))
	}
	if at.Sub(d.samples[len(d.samples)-1].at) >= sampleEvery {
		d.samples = append(d.samples, sample{at, now})
		if len(d.samples) > maxSamples {
			d.samples = append(d.samples[:0], d.samples[1:]...)
		}
	}
}

// end takes the bar away.
func (d *display) end() {
	if d.bar != nil {
		d.bar.Abort(true)
		d.bars.Wait()
		d.err = d.file
	}
}

// line says where the command is, how fast it is, and how long it will take.
func (d *display) line(at time.Time, now figures) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s items", d.name, number(now.items))
	if now.total > 0 {
		fmt.Fprintf(&b, ", %d %%", min(100*now.done/now.total, 100))
	}
	first := d.samples[0]
	seconds := at.Sub(first.at).Seconds()
	if seconds <= 0 {
		return b.String()
	}
	fmt.Fprintf(&b, ", %s/s", number(int64(float64(now.items-first.items)/seconds)))
	for _, u := range []struct {
		n    float64
		name string
	}{{now.read - first.read, "RCU/s"}, {now.write - first.write, "WCU/s"}} {
		if u.n > 0 {
			fmt.Fprintf(&b, ", %s %s", number(int64(math.Round(u.n/seconds))), u.name)
		}
	}
	if pace := float64(now.done-first.done) / seconds; pace > 0 && now.total > now.done {
		left := time.Duration(float64(now.total-now.done) / pace * float64(time.Second))
		fmt.Fprintf(&b, ", %v left", left.Round(time.Second))
	}
	return b.String()
}

// number is n with its thousands apart.
func number(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// many is how many things there are, for people.
func many(n int64, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return number(n) + " " + thing
}
