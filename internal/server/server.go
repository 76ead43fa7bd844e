// Package server runs an engine as a program does: it listens, keeps the tables in a file if
// there is one, and stops when it is told to.
package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/dynox-go/dynox/memtable"
)

// Grace is how long a stop waits for running requests.
const Grace = 5 * time.Second

// Settings are those of a server.
type Settings struct {
	Program    string        // the name that it gives itself
	Addr       string        // host:port to listen on; port 0 picks a free one
	Region     string        // of ARNs
	Account    string        // of ARNs
	Snapshot   string        // a file that tables are read from at the start, and written to at the end; "": none
	TableDelay time.Duration // how long tables and indexes take to be created, updated and deleted
	Keys       []string      // id:secret of access keys that are accepted; none: all are
}

// Run serves until ctx ends and running requests are answered. It tells out where it
// listens, in one line.
func Run(ctx context.Context, s Settings, out io.Writer) error {
	opts := []memtable.Option{memtable.WithRegion(s.Region), memtable.WithAccount(s.Account), memtable.WithTableDelay(s.TableDelay)}
	for _, key := range s.Keys {
		id, secret, ok := strings.Cut(key, ":")
		if !ok || id == "" {
			return errors.New("a key is not of the form id:secret")
		}
		opts = append(opts, memtable.AcceptKey(id, secret))
	}
	listener, err := net.Listen("tcp", s.Addr)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // again, once it has served
	engine := memtable.Open(opts...)
	defer engine.Close()
	if err := load(engine, s.Snapshot); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: listening on http://%s\n", s.Program, listener.Addr())
	return errors.Join(serve(ctx, engine, listener), save(engine, s.Snapshot))
}

// serve serves the engine until ctx ends and running requests are answered.
func serve(ctx context.Context, engine *memtable.Engine, listener net.Listener) error {
	var unused sync.Map // connections without a request yet: a stop would wait for one, for seconds
	server := &http.Server{Handler: engine, ReadHeaderTimeout: 10 * time.Second, ConnState: func(c net.Conn, state http.ConnState) {
		if state == http.StateNew {
			unused.Store(c, nil)
		} else {
			unused.Delete(c)
		}
	}}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), Grace)
	defer cancel()
	server.RegisterOnShutdown(func() {
		unused.Range(func(c, _ any) bool {
			_ = c.(net.Conn).Close() //nolint:forcetypeassert // it is one
			return true
		})
	})
	if err := server.Shutdown(stopping); err != nil {
		return err
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
