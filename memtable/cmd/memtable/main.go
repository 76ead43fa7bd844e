// Command memtable serves an in-memory DynamoDB over HTTP, for the AWS command line and SDKs of any language.
//
//	go run github.com/dynox-go/dynox/memtable/cmd/memtable -addr 127.0.0.1:8000
//	aws dynamodb list-tables --endpoint-url http://127.0.0.1:8000
//
// GET / answers a health check. SIGINT and SIGTERM stop the server once running requests are answered.
//
// With -snapshot the tables are read from a file at the start, if there is one, and written to it at the
// end, as a whole or not at all.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/dynox-go/dynox/internal/server"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "memtable:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. It tells out where it listens.
func run(ctx context.Context, args []string, out io.Writer) error {
	s := server.Settings{Program: "memtable"}
	flags := flag.NewFlagSet("memtable", flag.ContinueOnError)
	flags.StringVar(&s.Addr, "addr", "127.0.0.1:8000", "address to listen on; port 0 picks a free one")
	flags.StringVar(&s.Region, "region", "us-east-1", "region of ARNs")
	flags.StringVar(&s.Account, "account", "000000000000", "account of ARNs")
	flags.StringVar(&s.Snapshot, "snapshot", "", "`file` that tables are read from at the start, and written to at the end")
	flags.DurationVar(&s.TableDelay, "table-delay", 0, "how long tables and indexes take to be created, updated and deleted")
	flags.Func("key", "`id:secret` of an access key that is accepted, any number of them; without one all are", func(text string) error {
		s.Keys = append(s.Keys, text)
		return nil
	})
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return server.Run(ctx, s, out)
}
