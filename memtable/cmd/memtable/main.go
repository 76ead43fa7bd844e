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
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/dynox-go/dynox/memtable"
)

// grace is how long a stop waits for running requests.
const grace = 5 * time.Second

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
	flags := flag.NewFlagSet("memtable", flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:8000", "address to listen on; port 0 picks a free one")
	region := flags.String("region", "us-east-1", "region of ARNs")
	account := flags.String("account", "000000000000", "account of ARNs")
	snapshot := flags.String("snapshot", "", "`file` that tables are read from at the start, and written to at the end")
	delay := flags.Duration("table-delay", 0, "how long tables and indexes take to be created, updated and deleted")
	var opts []memtable.Option
	flags.Func("key", "`id:secret` of an access key that is accepted, any number of them; without one all are", func(text string) error {
		id, secret, ok := strings.Cut(text, ":")
		if !ok || id == "" {
			return errors.New("not of the form id:secret")
		}
		opts = append(opts, memtable.AcceptKey(id, secret))
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
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // again, once it has served
	engine := memtable.Open(append(opts, memtable.WithRegion(*region), memtable.WithAccount(*account), memtable.WithTableDelay(*delay))...)
	defer engine.Close()
	if err := load(engine, *snapshot); err != nil {
		return err
	}
	return errors.Join(serve(ctx, engine, listener, out), save(engine, *snapshot))
}

// serve serves the engine until ctx ends and running requests are answered.
func serve(ctx context.Context, engine *memtable.Engine, listener net.Listener, out io.Writer) error {
	server := &http.Server{Handler: engine, ReadHeaderTimeout: 10 * time.Second}
	fmt.Fprintf(out, "memtable: listening on http://%s\n", listener.Addr())

	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := server.Shutdown(stopping); err != nil {
		return err
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
