// Command shop is a small service: customers, products and orders in one table, behind HTTP. It
// shows how such a program is put together and tested; see model.go first.
//
//	go run ./examples/shop                # on the embedded engine: nothing is kept
//	go run ./examples/shop -aws           # on AWS, with the default configuration
//
//	curl -X PUT  localhost:8080/products/tea -d '{"name":"Tea","cents":450,"stock":9}'
//	curl -X POST localhost:8080/customers -d '{"name":"Ann","email":"ann@example.com"}'
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/memtable"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "`address` to listen at")
	onAWS := flag.Bool("aws", false, "use AWS with its default configuration, instead of the embedded engine")
	table := flag.String("table", "dynox-shop", "`name` of the table: created if missing, and kept")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *addr, *table, *onAWS); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:gocritic // there is nothing left to stop
	}
}

func run(ctx context.Context, addr, table string, onAWS bool) error {
	client := memtable.Open().Client()
	if onAWS {
		cfg, err := config.LoadDefaultConfig(ctx)
		if err != nil {
			return err
		}
		client = dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.Retryer = dynox.Retryer(0) })
	}
	shop, err := Open(ctx, client, table)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: shop.Handler(), ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	fmt.Println("listening at", listener.Addr())
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return server.Shutdown(late) // requests that are being answered end first
}

// Open is the shop in a table that is made if it is missing.
func Open(ctx context.Context, client dynox.Client, table string, opts ...dynox.TableOption) (*Shop, error) {
	shop, err := NewShop(dynox.NewTable(client, table, opts...))
	if err != nil {
		return nil, err
	}
	return shop, shop.table.Ensure(ctx, shop.customers, shop.products, shop.orders)
}
