package slog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	dynoxslog "github.com/dynox-go/dynox/hooks/slog"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/memtable"
)

type user struct {
	ID    string `dynamodbav:"id"`
	Name  string `dynamodbav:"name"`
	Value int    `dynamodbav:"value"`
}

var (
	proto   = expr.Proto[user]()
	userKey = dynox.Key[user]{Partition: dynox.By(expr.At(proto, &proto.ID))}
)

// logged is a repository whose calls are logged as JSON.
func logged(t *testing.T, client *dynamodb.Client, level slog.Level, opts ...dynoxslog.Option) (*dynox.Repo[user], func() []map[string]any) {
	t.Helper()
	is, to := is.NewRelaxed(t), new(bytes.Buffer)
	logger := slog.New(slog.NewJSONHandler(to, &slog.HandlerOptions{Level: level}))
	table := testbed.Table(t, client, dynoxslog.Observe(logger, opts...))
	users, err := dynox.NewRepo(table, userKey)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), users))
	return users, func() (lines []map[string]any) {
		d := json.NewDecoder(to)
		for {
			var line map[string]any
			err := d.Decode(&line)
			if errors.Is(err, io.EOF) {
				return lines
			}
			is.NoErr(err)
			lines = append(lines, line)
		}
	}
}

// TestCallsAreLogged: each with what it took, and no values.
func TestCallsAreLogged(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		users, lines := logged(t, client, slog.LevelDebug, nil, dynoxslog.Attrs(func(context.Context) []slog.Attr {
			return []slog.Attr{slog.String("request", "r-1")}
		}))
		u := user{ID: "secret-id", Name: "secret-name"}
		is.NoErr(users.Create(ctx, &u))
		is.True(errors.Is(users.Create(ctx, &u), dynox.ErrExists))
		_, err := users.Count(ctx, dynox.All[user]())
		is.NoErr(err)
		got := lines()
		is.Equal(len(got), 3)
		for _, line := range got {
			is.Equal(line["level"], "DEBUG")
			is.Equal(line["msg"], "dynamodb call")
			is.Equal(line["request"], "r-1")
			is.True(line["duration"].(float64) > 0)
			text, err := json.Marshal(line)
			is.NoErr(err)
			is.True(!strings.Contains(string(text), "secret"))
			is.Equal(line["attempts"], nil) // one
		}
		is.Equal(got[0]["operation"], "PutItem")
		is.Equal(got[0]["write_units"], 1.0)
		is.Equal(got[0]["error"], nil)
		is.Equal(got[1]["class"], dynox.ClassConditionFailed)
		is.True(got[1]["error"] != nil)
		is.Equal(got[2]["operation"], "Scan")
		is.Equal(got[2]["page"], 1.0)
		is.Equal(got[2]["items"], 1.0)
	})
}

// TestLevels: what is slow, throttled or broken stands out.
func TestLevels(t *testing.T) {
	for name, c := range map[string]struct {
		fault memtable.Fault
		level string
		class any
	}{
		"fast":      {memtable.Latency(99 * time.Millisecond), "", nil},
		"slow":      {memtable.Latency(100 * time.Millisecond), "WARN", nil},
		"throttled": {memtable.Throttle(), "WARN", dynox.ClassThrottled},
		"broken":    {memtable.InternalError(), "ERROR", dynox.ClassUnavailable},
		"refused":   {memtable.ErrorResponse(400, "AccessDeniedException", "no"), "ERROR", dynox.ClassRefused},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				is, engine := is.New(t), memtable.New(t)
				users, lines := logged(t, engine.Client(testbed.Quick), slog.LevelInfo, dynoxslog.Slow(100*time.Millisecond))
				engine.Fail("GetItem", c.fault, memtable.Times(3))
				_, err := users.Get(t.Context(), user{ID: "1"})
				is.True(err != nil)
				got := lines()
				if c.level == "" {
					is.Equal(len(got), 0)
					return
				}
				is.Equal(len(got), 1)
				is.Equal(got[0]["level"], c.level)
				is.Equal(got[0]["class"], c.class)
			})
		})
	}
}

// Calls at the level of one's choice.
func ExampleObserve() {
	plain := func(_ []string, a slog.Attr) slog.Attr {
		switch a.Key {
		case slog.TimeKey, "duration", "request_id": // which differ each time
			return slog.Attr{}
		}
		return a
	}
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: plain}))
	client := memtable.Open().Client()
	table := dynox.NewTable(client, "users", dynoxslog.Observe(logger, dynoxslog.Level(slog.LevelInfo)))
	users, err := dynox.NewRepo(table, userKey)
	if err == nil {
		err = table.Ensure(context.Background(), users)
	}
	if err == nil {
		err = users.Put(context.Background(), &user{ID: "42", Name: "Ada"})
	}
	if err != nil {
		slog.Error(err.Error())
	}
	// Output:
	// level=INFO msg="dynamodb call" operation=PutItem table=users items=1 write_units=1
}
