package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"

	"github.com/dynox-go/dynox"
)

// target is where tables are.
type target struct {
	Endpoint string `placeholder:"URL" help:"Endpoint to use in place of the region's: of DynamoDB Local, or of dynox serve. On this machine it takes no credentials."`
	Region   string `placeholder:"NAME" help:"Region; without it, that of the environment or the profile."`
	Profile  string `placeholder:"NAME" help:"Profile of the shared configuration."`
}

// attempts is how often a call is tried.
const attempts = 10

// client is one for the tables, with the credentials that the SDK finds.
func (t target) client(ctx context.Context) (*dynamodb.Client, error) {
	// The SDK warns of connections that an interruption cuts, in the middle of a bar.
	opts := []func(*config.LoadOptions) error{config.WithLogger(logging.Nop{})}
	if t.Profile != "" {
		opts = append(opts, config.WithSharedConfigProfile(t.Profile))
	}
	region := t.Region
	if t.Endpoint != "" {
		at, err := url.Parse(t.Endpoint)
		if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
			return nil, usage("--endpoint: not of the form http://host:port")
		}
		// Servers on this machine take any credentials: none are looked for elsewhere, or sent.
		if isLocal(at.Hostname()) && t.Profile == "" && os.Getenv("AWS_ACCESS_KEY_ID") == "" {
			opts = append(opts, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("local", "local", "")))
			if region == "" && os.Getenv("AWS_REGION") == "" {
				region = "us-east-1"
			}
		}
	}
	if region != "" {
		opts = append(opts, config.WithRegion(region))
	}
	found, err := config.LoadDefaultConfig(ctx, opts...)
	if err != nil {
		return nil, err
	}
	if found.Region == "" {
		return nil, usage("no region: give --region, or set AWS_REGION")
	}
	client := dynamodb.NewFromConfig(found, func(o *dynamodb.Options) {
		o.Retryer = dynox.Retryer(attempts)
		if t.Endpoint != "" {
			o.BaseEndpoint = &t.Endpoint
		}
	})
	return client, reach(ctx, client)
}

// reach fails soon where nobody answers; what is on its way is tried for minutes.
func reach(ctx context.Context, c *dynamodb.Client) error {
	_, err := c.ListTables(ctx, &dynamodb.ListTablesInput{Limit: aws.Int32(1)}, func(o *dynamodb.Options) { o.Retryer = dynox.Retryer(3) })
	var refused smithy.APIError
	var lost *net.OpError
	switch {
	case err == nil, errors.As(err, &refused): // whatever it says
		return nil
	case errors.As(err, &lost) && ctx.Err() == nil:
		return fmt.Errorf("nobody answers at %s: %w", where(c), lost)
	}
	return err
}

func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// where is the place of a client's tables, for people.
func where(c *dynamodb.Client) string {
	o := c.Options()
	if o.BaseEndpoint != nil {
		return *o.BaseEndpoint
	}
	return o.Region
}

// readUnits and writeUnits are the flags that bound the capacity that is used.
type readUnits struct {
	ReadUnits float64 `placeholder:"N" help:"Read units a second to use at most; without it, all there are."`
}

type writeUnits struct {
	WriteUnits float64 `placeholder:"N" help:"Write units a second to use at most; without it, all there are."`
}

// table is a table to use at most so many units a second of.
func table(c *dynamodb.Client, name string, read, write float64, opts ...dynox.TableOption) (*dynox.Table, error) {
	switch {
	case len(name) < 3:
		return nil, usage("the name of a table has at least 3 characters")
	case read < 0 || write < 0:
		return nil, usage("units are numbers from 0 on")
	case read > 0 || write > 0:
		opts = append(opts, dynox.RateLimit(dynox.FixedRate(dynox.Units{Read: read, Write: write})))
	}
	return dynox.NewTable(c, name, opts...), nil
}

// size is about how many items a table has, as the service last counted them; 0: it does not tell.
func size(ctx context.Context, t *dynox.Table) (int64, error) {
	have, err := t.Describe(ctx)
	if err != nil {
		return 0, err
	}
	if have.ItemCount == nil {
		return 0, nil
	}
	return *have.ItemCount, nil
}

// about says how many items a table has.
func about(items int64) string { return fmt.Sprintf("about %s items", number(items)) }
