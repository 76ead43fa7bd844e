// Command dynox is for the people who run tables: it moves, counts and changes whole DynamoDB tables, and serves
// one in memory.
//
//	dynox export orders orders.json.gz
//	dynox import orders.json.gz restored --write
//	dynox --help
//
// docs/cli.md in the repository has its commands, and what an interrupted one leaves behind.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/aws/smithy-go"
)

// What the process ends with.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2   // flags or arguments that make no sense
	exitDry         = 3   // nothing was written, for want of --write
	exitInterrupted = 130 // by a signal; the same command goes on, if it keeps a state
)

var (
	errDry         = errors.New("nothing was written: add --write to do it")
	errInterrupted = errors.New("interrupted")
)

// usageError is what is wrong with flags or arguments together.
type usageError struct{ error }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// commands are all there are, with the flags that all of them have.
type commands struct {
	Endpoint target           `embed:""`
	Quiet    bool             `short:"q" help:"Show no progress and no summary."`
	Version  kong.VersionFlag `help:"Print the version and quit."`

	Serve    serveCmd    `cmd:"" help:"Serve a DynamoDB in memory."`
	Tables   tablesCmd   `cmd:"" help:"List the tables."`
	Describe describeCmd `cmd:"" help:"Tell of a table: key, indexes, capacity, size."`
	Count    countCmd    `cmd:"" help:"Count the items of a table, or those of a filter."`
	Export   exportCmd   `cmd:"" help:"Write the items of a table to a file."`
	Import   importCmd   `cmd:"" help:"Put the items of a file into a table."`
	Copy     copyCmd     `cmd:"" help:"Put the items of a table into another one."`
	Update   updateCmd   `cmd:"" help:"Set, remove and rename attributes of all items, or those of a filter."`
	Delete   deleteCmd   `cmd:"" help:"Delete items: all, expired ones, or those of a filter."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}

// streams are those of the process.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// run runs a command line, and is what the process ends with.
func run(ctx context.Context, args []string, s streams) int {
	var all commands
	helped := false
	parser, err := kong.New(&all, kong.Name("dynox"),
		kong.Description("For the people who run DynamoDB tables. What writes does nothing without --write. "+
			"What is interrupted goes on when the same command is run again."),
		kong.Writers(s.out, s.err), kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Vars{"version": version()})
	if err != nil {
		fmt.Fprintln(s.err, "dynox:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	chosen, err := parser.Parse(args)
	switch {
	case helped:
		return exitDone
	case err != nil:
		fmt.Fprintf(s.err, "dynox: %v (see --help)\n", err)
		return exitUsage
	}
	err = chosen.Run(&console{streams: s, quiet: all.Quiet}, &all.Endpoint)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = errInterrupted // before there was anything to go on with
	}
	if err != nil {
		fmt.Fprintln(s.err, "dynox:", strings.TrimPrefix(err.Error(), "dynox: ")+words(err))
	}
	return exitCode(err)
}

// version is that of the module, or of the commit, that the command was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "dynox, built from an unknown version"
	}
	return "dynox " + info.Main.Version + " " + info.GoVersion
}

// words are those of the service about a request that makes no sense: who gave the filter may
// read what is wrong with it.
func words(err error) string {
	var refused smithy.APIError
	if !errors.As(err, &refused) || refused.ErrorCode() != "ValidationException" || strings.Contains(err.Error(), refused.ErrorMessage()) {
		return ""
	}
	return ": " + refused.ErrorMessage()
}

func exitCode(err error) int {
	var wrong usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &wrong):
		return exitUsage
	case errors.Is(err, errDry):
		return exitDry
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	default:
		return exitFailed
	}
}
