// Command orders is a tour of dynox: it creates a table, writes a few hundred
// orders of several customers, reads, queries, updates and pages them, and
// says what it does.
//
//	go run ./examples/orders                                   # on the embedded engine
//	go run ./examples/orders -endpoint http://127.0.0.1:8000   # on DynamoDB Local, ScyllaDB Alternator
//	go run ./examples/orders -aws                              # on AWS, with the default configuration
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/dynox-go/dynox/memtable"
)

func main() {
	endpoint := flag.String("endpoint", "", "`URL` of a DynamoDB endpoint, reached with made-up credentials")
	onAWS := flag.Bool("aws", false, "use AWS with its default configuration; a run costs less than a cent")
	table := flag.String("table", "dynox-orders", "`name` of the table: created if missing, and kept")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "unexpected argument %q\n", flag.Arg(0))
		flag.Usage()
		os.Exit(2)
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *endpoint, *onAWS, *table)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, endpoint string, onAWS bool, table string) error {
	client, where, err := connect(ctx, endpoint, onAWS)
	if err != nil {
		return err
	}
	fmt.Printf("on %s\n\n", where)
	return tour(ctx, os.Stdout, client, table)
}

// connect is the client that the flags ask for: nothing else in the program
// depends on where the table is.
func connect(ctx context.Context, endpoint string, onAWS bool) (client *dynamodb.Client, where string, err error) {
	switch {
	case endpoint != "" && onAWS:
		return nil, "", errors.New("either -endpoint or -aws")
	case onAWS:
		cfg, err := config.LoadDefaultConfig(ctx)
		if err != nil {
			return nil, "", err
		}
		if cfg.Region == "" {
			return nil, "", errors.New("AWS has no default region here: set AWS_REGION, or a profile that has one")
		}
		if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
			return nil, "", fmt.Errorf("AWS has no credentials here: %w", err)
		}
		return dynamodb.NewFromConfig(cfg), "AWS in " + cfg.Region, nil
	case endpoint != "":
		return dynamodb.New(dynamodb.Options{
			BaseEndpoint: &endpoint,
			Region:       "us-east-1",
			Credentials:  credentials.NewStaticCredentialsProvider("local", "local", ""),
		}), endpoint, nil
	}
	return memtable.Open().Client(), "the embedded engine", nil
}
