package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox/internal/server"
	"github.com/dynox-go/dynox/memtable"
)

// start runs the command and returns the address that it prints.
func start(t *testing.T, ctx context.Context, args ...string) (url string, ended chan error) {
	t.Helper()
	read, write := io.Pipe()
	ended = make(chan error, 1)
	go func() {
		err := run(ctx, args, write)
		write.CloseWithError(err)
		ended <- err
	}()
	line, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	_, url, _ = strings.Cut(strings.TrimSpace(line), "listening on ")
	return url, ended
}

func TestServesUntilItIsStopped(t *testing.T) {
	is := is.New(t)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	url, ended := start(t, ctx, "-addr", "127.0.0.1:0", "-region", "eu-west-1")

	resp, err := http.Get(url)
	is.NoErr(err)
	text, err := io.ReadAll(resp.Body)
	is.NoErr(err)
	is.NoErr(resp.Body.Close())
	is.Equal(string(text), "healthy: dynamodb.eu-west-1.amazonaws.com ")

	client := memtable.New(t).Client(func(o *dynamodb.Options) { o.BaseEndpoint, o.HTTPClient = aws.String(url), http.DefaultClient })
	_, err = client.ListTables(ctx, nil)
	is.NoErr(err)

	stop()
	select {
	case err := <-ended:
		is.NoErr(err)
	case <-time.After(2 * server.Grace):
		t.Fatal("the server didn't stop")
	}
	_, err = http.Get(url)
	is.True(err != nil)
}

// A connection that nobody has used yet does not hold up a stop.
func TestStopsWithUnusedConnections(t *testing.T) {
	is := is.New(t)
	ctx, stop := context.WithCancel(t.Context())
	url, ended := start(t, ctx, "-addr", "127.0.0.1:0")
	unused, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	is.NoErr(err)
	defer func() { is.NoErr(unused.Close()) }()
	resp, err := http.Get(url) // it is accepted, too
	is.NoErr(err)
	is.NoErr(resp.Body.Close())
	began := time.Now()
	stop()
	is.NoErr(<-ended)
	is.True(time.Since(began) < server.Grace/2)
}

func TestRefusesBadArguments(t *testing.T) {
	is := is.New(t)
	is.True(run(t.Context(), []string{"extra"}, io.Discard) != nil)
	is.True(run(t.Context(), []string{"-addr", "nowhere"}, io.Discard) != nil)
	is.True(run(t.Context(), []string{"-key", "id"}, io.Discard) != nil)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	is.NoErr(err)
	is.True(run(t.Context(), []string{"-addr", taken.Addr().String()}, io.Discard) != nil)
	is.NoErr(taken.Close())
}

func TestKeepsItsTablesInAFile(t *testing.T) {
	is := is.New(t)
	name := filepath.Join(t.TempDir(), "tables")
	serving := func(f func(*dynamodb.Client)) error {
		ctx, stop := context.WithCancel(t.Context())
		url, ended := start(t, ctx, "-addr", "127.0.0.1:0", "-snapshot", name)
		f(memtable.New(t).Client(func(o *dynamodb.Options) { o.BaseEndpoint, o.HTTPClient = aws.String(url), http.DefaultClient }))
		stop()
		return <-ended
	}
	is.NoErr(serving(func(client *dynamodb.Client) {
		_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{TableName: aws.String("kept"), BillingMode: "PAY_PER_REQUEST",
			AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}},
			KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}}})
		is.NoErr(err)
		_, err = client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("kept"),
			Item: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "a"}}})
		is.NoErr(err)
	}))
	is.NoErr(serving(func(client *dynamodb.Client) {
		out, err := client.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String("kept")})
		is.NoErr(err)
		is.Equal(len(out.Items), 1)
	}))
	files, err := os.ReadDir(filepath.Dir(name))
	is.NoErr(err)
	is.Equal(len(files), 1) // nothing is left over

	is.NoErr(os.WriteFile(name, []byte("nothing of ours"), 0o600))
	err = run(t.Context(), []string{"-addr", "127.0.0.1:0", "-snapshot", name}, io.Discard)
	is.True(err != nil && strings.Contains(err.Error(), "line 1"))
	is.True(run(t.Context(), []string{"-addr", "127.0.0.1:0", "-snapshot", t.TempDir()}, io.Discard) != nil) // a directory
}

func TestAcceptsOnlyItsKeys(t *testing.T) {
	is := is.New(t)
	ctx, stop := context.WithCancel(t.Context())
	url, ended := start(t, ctx, "-addr", "127.0.0.1:0", "-key", "one:secret", "-key", "two:other")
	list := func(id, secret string) error {
		client := memtable.New(t, memtable.AcceptKey(id, secret)).Client(func(o *dynamodb.Options) {
			o.BaseEndpoint, o.HTTPClient, o.RetryMaxAttempts = aws.String(url), http.DefaultClient, 1
		})
		_, err := client.ListTables(ctx, nil)
		return err
	}
	is.NoErr(list("one", "secret"))
	is.NoErr(list("two", "other"))
	is.True(list("two", "secret") != nil)
	stop()
	is.NoErr(<-ended)
}
