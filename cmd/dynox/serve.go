package main

import (
	"context"
	"time"

	"github.com/dynox-go/dynox/internal/server"
)

type serveCmd struct {
	Addr       string        `default:"127.0.0.1:8000" placeholder:"HOST:PORT" help:"Address to listen on; port 0 picks a free one (${default})."`
	Account    string        `default:"000000000000" placeholder:"ID" help:"Account of ARNs (${default})."`
	Snapshot   string        `type:"path" placeholder:"FILE" help:"File that tables are read from at the start, and written to at the end."`
	TableDelay time.Duration `placeholder:"TIME" help:"How long tables and indexes take to be created, updated and deleted."`
	Key        []string      `sep:"none" placeholder:"ID:SECRET" help:"Access key that is accepted; without one all are. May be given again."`
}

func (c *serveCmd) Run(ctx context.Context, out *console, at *target) error {
	region := at.Region
	if region == "" {
		region = "us-east-1"
	}
	return server.Run(ctx, server.Settings{
		Program: "dynox", Addr: c.Addr, Region: region, Account: c.Account, Snapshot: c.Snapshot,
		TableDelay: c.TableDelay, Keys: c.Key,
	}, out.out)
}
