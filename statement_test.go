package dynox_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/memtable"
)

type Seat struct {
	Row   string `dynamodbav:"row"`
	Guest string `dynamodbav:"guest"`
	N     int    `dynamodbav:"n"`
}

var (
	seat    = expr.Proto[Seat]()
	seatRow = expr.At(seat, &seat.Row)
	SeatKey = dynox.Key[Seat]{Partition: dynox.By(seatRow)}
)

// newSeats has rows a and b.
func newSeats(t *testing.T, client dynox.Client, table *dynox.Table) *dynox.Repo[Seat] {
	t.Helper()
	is := is.New(t)
	seats, err := dynox.NewRepo(table, SeatKey, dynox.Kind[Seat]("seat"))
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), seats))
	for i, row := range []string{"a", "b"} {
		is.NoErr(seats.Put(t.Context(), &Seat{Row: row, N: i + 1}))
	}
	return seats.On(dynox.NewTable(client, table.Name()))
}

// about is a statement about the table of seats.
func about(seats *dynox.Table, format string) string { return fmt.Sprintf(format, seats.Name()) }

const (
	selectSeat = `SELECT * FROM %q WHERE "row" = ?`
	takeSeat   = `UPDATE %q SET guest = ? WHERE "row" = ? AND guest = ''`
	insertSeat = `INSERT INTO %q VALUE {'row': ?, 'guest': '', 'n': 7}`
)

func TestExecute(t *testing.T) {
	t.Parallel()
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		ctx := t.Context()
		table := testbed.Table(t, client)
		seats := newSeats(t, client, table)
		take := dynox.PartiQL(seats, about(table, takeSeat)+" RETURNING ALL NEW *", "ann", seatRow.Param("a"))
		insert := dynox.PartiQL(seats, about(table, insertSeat), "c")
		is.NoErr(dynox.Execute(ctx, take, insert))
		is.Equal(take.Item, Seat{Row: "a", Guest: "ann", N: 1})
		is.Equal(insert.Found, false)

		again := dynox.PartiQL(seats, about(table, takeSeat), secret, "a")
		fine := dynox.PartiQL(seats, about(table, takeSeat), "bob", "b")
		twice := dynox.PartiQL(seats, about(table, insertSeat), "c")
		err := dynox.Execute(ctx, again, fine, twice)
		refused(t, err, "dynox: execute", "statement 0: condition failed; statement 2: already exists")
		is.True(errors.Is(again.Err, dynox.ErrConditionFailed))
		is.True(!errors.Is(again.Err, dynox.ErrExists))
		old, ok := dynox.OldItem[Seat](again.Err)
		is.True(ok)
		is.Equal(old, Seat{Row: "a", Guest: "ann", N: 1})
		is.NoErr(fine.Err)
		is.True(errors.Is(twice.Err, dynox.ErrExists) && errors.Is(err, dynox.ErrConditionFailed))

		b, none := dynox.PartiQL(seats, about(table, selectSeat), "b", dynox.SelectConsistent()), dynox.PartiQL(seats, about(table, selectSeat), "x")
		is.NoErr(dynox.Execute(ctx, b, none))
		is.True(b.Found && !none.Found)
		is.Equal(b.Item, Seat{Row: "b", Guest: "bob", N: 2})
		is.NoErr(dynox.Execute(ctx, dynox.PartiQL(seats, about(table, `DELETE FROM %q WHERE "row" = ?`), "b")))
		is.NoErr(dynox.Execute(ctx, b)) // once more
		is.True(!b.Found && b.Item == Seat{})
	})
}

func TestExecuteTransaction(t *testing.T) {
	t.Parallel()
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		ctx := t.Context()
		table := testbed.Table(t, client)
		seats := newSeats(t, client, table)
		add := dynox.PartiQL(seats, about(table, `UPDATE %q SET n = n + ? WHERE "row" = ?`), 10, "a")
		exists := dynox.PartiQL(seats, about(table, `EXISTS(SELECT * FROM %q WHERE "row" = ? AND n = 2)`), "b")
		for range 2 { // with one token it is one
			is.NoErr(dynox.ExecuteTransaction(ctx, add, dynox.ExecuteToken("t-1"), exists))
		}
		a, b := dynox.PartiQL(seats, about(table, selectSeat), "a"), dynox.PartiQL(seats, about(table, selectSeat), "b")
		is.NoErr(dynox.ExecuteTransaction(ctx, a, b))
		is.Equal(a.Item.N, 11)
		is.Equal(b.Item.N, 2)

		take := dynox.PartiQL(seats, about(table, `UPDATE %q SET guest = ? WHERE "row" = ? AND n = 1`), secret, "a")
		err := dynox.ExecuteTransaction(ctx, dynox.PartiQL(seats, about(table, insertSeat), "c"), take)
		refused(t, err, "dynox: execute transaction", "canceled; statement 1: condition failed")
		old, ok := dynox.OldItem[Seat](err)
		is.True(ok)
		is.Equal(old.N, 11)
		is.True(errors.Is(take.Err, dynox.ErrConditionFailed))
		_, err = seats.Get(ctx, Seat{Row: "c"})
		is.True(errors.Is(err, dynox.ErrNotFound))
	})
}

func TestExecuteRefused(t *testing.T) {
	t.Parallel()
	engine := memtable.New(t)
	client := engine.Client()
	table := dynox.NewTable(client, "seats")
	seats := newSeats(t, client, table)
	engine.ForgetRequests()
	reading := dynox.PartiQL(seats, about(table, selectSeat), "a")
	writing := dynox.PartiQL(seats, about(table, takeSeat), secret, "a")
	elsewhere := dynox.PartiQL(seats.On(dynox.NewTable(memtable.New(t).Client(), "seats")), about(table, selectSeat), "a")
	readOnly := seats.On(dynox.NewTable(client, "seats", dynox.ReadOnly()))
	many := func(n int) (all []dynox.Executable) {
		for range n {
			all = append(all, dynox.PartiQL(seats, about(table, selectSeat), "a"))
		}
		return all
	}
	var none *dynox.Statement[Seat]
	of := func(all ...dynox.Executable) []dynox.Executable { return all }
	for _, c := range []struct {
		run        func(context.Context, ...dynox.Executable) error
		statements []dynox.Executable
		words      string
	}{
		{dynox.Execute, nil, "a batch of no statements"},
		{dynox.ExecuteTransaction, nil, "a transaction of no statements"},
		{dynox.Execute, many(26), "26 statements, more than the 25 of a batch"},
		{dynox.ExecuteTransaction, many(101), "101 statements, more than the 100 of a transaction"},
		{dynox.Execute, of(reading, writing), "statement 1: a batch takes SELECTs, or"},
		{dynox.ExecuteTransaction, of(writing, reading), "statement 1: a transaction takes SELECTs, or"},
		{dynox.Execute, of(reading, elsewhere), "statement 1: its table has another client"},
		{dynox.Execute, of(reading, nil), "statement 1: nil"},
		{dynox.Execute, of(none), "nil statement"},
		{dynox.Execute, of(writing, dynox.ExecuteToken("x")), "a token is for transactions"},
		{dynox.ExecuteTransaction, of(writing, dynox.ExecuteToken("")), "0 characters"},
		{dynox.Execute, of(dynox.PartiQL(seats, about(table, `EXISTS(SELECT * FROM %q WHERE "row" = 'a')`))), "EXISTS is for transactions"},
		{dynox.Execute, of(dynox.PartiQL(readOnly, about(table, takeSeat), secret, "a")), "read-only"},
		{dynox.Execute, of(dynox.PartiQL(seats, about(table, takeSeat), secret)), "2 question marks, and 1 arguments"},
		{dynox.Execute, of(dynox.PartiQL(seats, `DELETE FROM other WHERE "row" = 'a'`)), "statement 0: it is about table other"},
		{dynox.Execute, of(dynox.PartiQL(seats, about(table, takeSeat)+" RETURNING MODIFIED NEW *", secret, "a")), "use ALL NEW"},
		{dynox.Execute, of(dynox.PartiQL(seats, about(table, takeSeat), secret, "a", dynox.SelectConsistent())), "options of a SELECT"},
		{dynox.Execute, of(dynox.PartiQL(seats, about(table, selectSeat), "a", dynox.SelectLimit(1))), "no limit"},
		{dynox.ExecuteTransaction, of(dynox.PartiQL(seats, about(table, selectSeat), "a", dynox.SelectConsistent())), "always consistent"},
		{dynox.Execute, of(dynox.PartiQL(seats.On(dynox.NewTable(&wrapper{Client: client}, "seats")), about(table, selectSeat), "a")), "has no BatchExecuteStatement"},
		{dynox.ExecuteTransaction, of(dynox.PartiQL(seats.On(dynox.NewTable(&wrapper{Client: client}, "seats")), about(table, selectSeat), "a")), "has no ExecuteTransaction"},
	} {
		refused(t, c.run(t.Context(), c.statements...), "dynox: execute", c.words)
	}
	is := is.New(t)
	is.Equal(len(engine.Requests()), 0)
	is.Equal(fmt.Sprintf("%v %+v %v", writing, none, seatRow.Param(secret)), "statement about seat (no statement) a value for row")
}

// A lost answer of a batch of writes is an unknown outcome, and the batch is not sent
// again; that of a transaction is made good.
func TestExecuteLost(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	ctx := t.Context()
	engine := memtable.New(t)
	client := engine.Client(testbed.Quick)
	table := dynox.NewTable(client, "seats")
	seats := newSeats(t, client, table)
	add := dynox.PartiQL(seats, about(table, `UPDATE %q SET n = n + 1 WHERE "row" = 'a'`))
	n := func() int {
		s, err := seats.Get(ctx, Seat{Row: "a"})
		is.NoErr(err)
		return s.N
	}
	engine.Fail("BatchExecuteStatement", memtable.ResetAfter())
	err := dynox.Execute(ctx, add)
	is.True(errors.Is(err, dynox.ErrUnknownOutcome))
	is.True(errors.Is(add.Err, dynox.ErrUnknownOutcome))
	is.Equal(n(), 2) // once

	engine.Fail("BatchExecuteStatement", memtable.ResetBefore())
	read := dynox.PartiQL(seats, about(table, selectSeat), "a")
	is.NoErr(dynox.Execute(ctx, read))
	is.Equal(read.Item.N, 2)

	engine.Fail("ExecuteTransaction", memtable.ResetAfter())
	is.NoErr(dynox.ExecuteTransaction(ctx, add))
	is.Equal(n(), 3)
	is.NoErr(add.Err)
	engine.Fail("ExecuteTransaction", memtable.ResetAfter(), memtable.Always())
	is.True(errors.Is(dynox.ExecuteTransaction(ctx, add), dynox.ErrUnknownOutcome))
	is.Equal(n(), 4)
}

// faultyStatements answers a batch's statements with codes, before it runs them.
type faultyStatements struct {
	*dynamodb.Client
	codes [][]string // by call and statement, "": run
	sent  []int      // statements of each call
}

func (f *faultyStatements) BatchExecuteStatement(ctx context.Context, in *dynamodb.BatchExecuteStatementInput, fns ...func(*dynamodb.Options)) (*dynamodb.BatchExecuteStatementOutput, error) {
	f.sent = append(f.sent, len(in.Statements))
	out, err := f.Client.BatchExecuteStatement(ctx, in, fns...)
	if len(f.codes) > 0 && err == nil {
		for i, code := range f.codes[0] {
			if code != "" {
				out.Responses[i] = types.BatchStatementResponse{Error: &types.BatchStatementError{Code: types.BatchStatementErrorCodeEnum(code), Message: ptr(secret)}}
			}
		}
		f.codes = f.codes[1:]
	}
	return out, err
}

// What the service has no capacity for is sent again, and only that.
func TestExecuteAgain(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	engine := memtable.New(t)
	fake := &faultyStatements{Client: engine.Client()}
	table := dynox.NewTable(fake.Client, "seats")
	seats := newSeats(t, fake, table)
	a, b := dynox.PartiQL(seats, about(table, selectSeat), "a"), dynox.PartiQL(seats, about(table, selectSeat), "b")
	fake.codes = [][]string{{"ThrottlingError", ""}, {"InternalServerError"}, {"ProvisionedThroughputExceeded"}}
	is.NoErr(dynox.Execute(t.Context(), a, b))
	is.Equal(fake.sent, []int{2, 1, 1, 1})
	is.True(a.Found && b.Found)

	fake.sent, fake.codes = nil, [][]string{{"", "TransactionConflict", "InternalServerError", "ValidationError", "AccessDenied", "ResourceNotFound", "Novel"}}
	var all []dynox.Executable
	var statements []*dynox.Statement[Seat]
	for i := range 7 {
		s := dynox.PartiQL(seats, about(table, insertSeat), fmt.Sprint("x", i))
		all, statements = append(all, s), append(statements, s)
	}
	err := dynox.Execute(t.Context(), all...)
	refused(t, err, "statement 2: outcome unknown", "statement 3: the service answered ValidationException", "statement 6: the service answered Novel")
	is.Equal(fake.sent, []int{7, 1})
	is.NoErr(statements[0].Err)
	is.True(errors.Is(statements[1].Err, dynox.ErrExists)) // the fake had run it
	is.True(dynox.UnknownOutcome(statements[2].Err))
	is.Equal(dynox.ErrorClass(statements[4].Err), dynox.ClassRefused)
	is.True(errors.Is(statements[5].Err, dynox.ErrTableNotFound))
}

// An observer sees the calls, and that they write.
func TestExecuteObserved(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	client := memtable.New(t).Client()
	table := dynox.NewTable(client, "seats")
	var calls []dynox.Call
	seats := newSeats(t, client, table).On(dynox.NewTable(client, "seats", dynox.OnSlow(0, func(_ context.Context, c *dynox.Call) { calls = append(calls, *c) })))
	take := dynox.PartiQL(seats, about(table, takeSeat), "ann", "a")
	read := dynox.PartiQL(seats, about(table, selectSeat), "a")
	is.NoErr(dynox.Execute(t.Context(), take))
	is.NoErr(dynox.Execute(t.Context(), read))
	is.NoErr(dynox.ExecuteTransaction(t.Context(), read))
	is.NoErr(dynox.ExecuteTransaction(t.Context(), dynox.PartiQL(seats, about(table, insertSeat), "c")))
	is.Equal(len(calls), 4)
	for i, want := range []struct {
		operation   string
		read, write float64
	}{{"BatchExecuteStatement", 0, 1}, {"BatchExecuteStatement", 0.5, 0}, {"ExecuteTransaction", 2, 0}, {"ExecuteTransaction", 0, 2}} {
		is.Equal(calls[i].Operation, want.operation)
		is.Equal(calls[i].ReadUnits, want.read)
		is.Equal(calls[i].WriteUnits, want.write)
		is.Equal(calls[i].Writes, want.write > 0)
		is.Equal(calls[i].Requested, 1)
		is.Equal(calls[i].Items, 1)
	}
}

// A statement that runs again has nothing left of the last time.
func TestExecuteAnew(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	engine := memtable.New(t)
	client := engine.Client()
	table := dynox.NewTable(client, "seats")
	seats := newSeats(t, client, table)
	for row, run := range map[string]func(context.Context, ...dynox.Executable) error{"a": dynox.Execute, "b": dynox.ExecuteTransaction} {
		s := dynox.PartiQL(seats, about(table, takeSeat), "ann", row)
		s.Item.Guest = "left over"
		is.NoErr(run(t.Context(), s))
		is.Equal(s.Item, Seat{})
		s.Item.Guest = "left over"
		is.True(errors.Is(run(t.Context(), s), dynox.ErrConditionFailed))
		is.Equal(s.Item, Seat{})

		before := dynox.PartiQL(seats, about(table, takeSeat), "bob") // an argument is missing
		is.True(s.Err != nil)
		is.True(run(t.Context(), before, s) != nil)
		is.NoErr(s.Err) // it was not sent
	}
}
