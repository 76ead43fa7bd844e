package dynox_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/hooks"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/memtable"
)

type Hit struct {
	Site    string    `dynamodbav:"site"`
	N       int       `dynamodbav:"n"`
	Page    string    `dynamodbav:"page"`
	At      time.Time `dynamodbav:"at,unixtime"`
	Deleted time.Time `dynamodbav:"deleted,omitempty"`
}

var (
	visit        = expr.Proto[Hit]()
	visitSite    = expr.At(visit, &visit.Site)
	visitN       = expr.At(visit, &visit.N)
	visitPage    = expr.At(visit, &visit.Page)
	visitAt      = expr.At(visit, &visit.At)
	visitDeleted = expr.At(visit, &visit.Deleted)
	HitKey       = dynox.Key[Hit]{Partition: dynox.Composite("pk", "SITE#{}", visitSite), Sort: dynox.Composite("sk", "V#{}", visitN)}
	ByPage       = dynox.GSI("by-page", dynox.Key[Hit]{Partition: dynox.By(visitPage), Sort: dynox.By(visitN)})
)

// hitDay is a time that unixtime keeps whole.
func hitDay(n int) time.Time { return time.Date(2026, 5, n, 0, 0, 0, 0, time.UTC) }

// newVisits has nine visits to three pages, and items of another kind between them.
func newVisits(t *testing.T, client *dynamodb.Client, opts ...dynox.Option[Hit]) (*dynox.Repo[Hit], *dynox.Table) {
	t.Helper()
	is := is.New(t)
	table := testbed.Table(t, client)
	visits, err := dynox.NewRepo(table, HitKey, append(opts, ByPage, dynox.Kind[Hit]("visit"))...)
	is.NoErr(err)
	others, err := dynox.NewRepo(table, HitKey, ByPage, dynox.Kind[Hit]("other"))
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), visits))
	for n := 1; n <= 9; n++ {
		is.NoErr(visits.Put(t.Context(), &Hit{Site: "a", N: n, Page: fmt.Sprint("p", n%3), At: hitDay(n)}))
		is.NoErr(others.Put(t.Context(), &Hit{Site: "a", N: 100 + n, Page: fmt.Sprint("p", n%3), At: hitDay(n)}))
	}
	return visits, table
}

// numbers are the visits that were yielded, before an error.
func numbers(seq iter.Seq2[Hit, error]) (ns []int, err error) {
	for v, err := range seq {
		if err != nil {
			return ns, err
		}
		ns = append(ns, v.N)
	}
	return ns, nil
}

func TestSelect(t *testing.T) {
	t.Parallel()
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		ctx := t.Context()
		visits, table := newVisits(t, client)
		from := func(rest string) string { return fmt.Sprintf(`SELECT * FROM %q `, table.Name()) + rest }
		for _, c := range []struct {
			statement string
			args      []any
			want      []int
		}{
			{from("WHERE pk = ?"), []any{"SITE#a"}, []int{1, 2, 3, 4, 5, 6, 7, 8, 9}},
			{from(`WHERE pk = 'SITE#a' AND "at" >= ?`), []any{visitAt.Param(hitDay(7))}, []int{7, 8, 9}},
			{from("WHERE pk = ? AND begins_with(sk, 'V#') AND n IN [?, ?, 7] -- why?"), []any{"SITE#a", 2, visitN.Param(5)}, []int{2, 5, 7}},
			{from("WHERE pk = ? AND n < 4 ORDER BY sk DESC;"), []any{&types.AttributeValueMemberS{Value: "SITE#a"}}, []int{3, 2, 1}},
			{from("WHERE pk = ?"), []any{"SITE#b"}, nil},
			{fmt.Sprintf(`select * from %q."by-page" where page = ?`, table.Name()), []any{"p1"}, []int{1, 4, 7}},
			{from("WHERE pk = ?"), []any{dynox.SelectPageSize(2), "SITE#a", dynox.SelectLimit(5), dynox.SelectConsistent()}, []int{1, 2, 3, 4, 5}},
		} {
			got, err := numbers(visits.Select(ctx, c.statement, c.args...))
			is.NoErr(err)
			is.Equal(got, c.want)
		}
		whole := visits.Select(ctx, from("WHERE pk = ? AND n = ?"), "SITE#a", 2, dynox.SelectPageSize(4))
		for range 2 { // ranging again asks again
			n := 0
			for v, err := range whole {
				is.NoErr(err)
				n++
				is.True(v.At.Equal(hitDay(2)))
				v.At = hitDay(2)
				is.Equal(v, Hit{Site: "a", N: 2, Page: "p2", At: hitDay(2)})
			}
			is.Equal(n, 1)
		}
	})
}

func TestSelectColumns(t *testing.T) {
	t.Parallel()
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		visits, table := newVisits(t, client)
		n := 0
		for v, err := range visits.Select(t.Context(), fmt.Sprintf(`SELECT pk, sk, "kind", page FROM %q WHERE pk = ?`, table.Name()), "SITE#a") {
			is.NoErr(err)
			n++
			is.Equal(v, Hit{Page: fmt.Sprint("p", n%3)})
		}
		is.Equal(n, 9)
		for _, err := range visits.Select(t.Context(), fmt.Sprintf(`SELECT page FROM %q WHERE pk = ?`, table.Name()), "SITE#a") {
			refused(t, err, "select", "the columns lack pk, sk, kind")
		}
	})
}

// What other reads leave out, SELECT leaves out.
func TestSelectHides(t *testing.T) {
	t.Parallel()
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		ctx := t.Context()
		loaded := 0
		visits, table := newVisits(t, client, dynox.SoftDelete(visitDeleted),
			hooks.AfterLoad(func(context.Context, *Hit) error { loaded++; return nil }))
		is.NoErr(visits.Delete(ctx, Hit{Site: "a", N: 3}))
		statement := fmt.Sprintf(`SELECT * FROM %q WHERE pk = 'SITE#a'`, table.Name())
		got, err := numbers(visits.Select(ctx, statement))
		is.NoErr(err)
		is.Equal(got, []int{1, 2, 4, 5, 6, 7, 8, 9})
		is.Equal(loaded, 8)
		got, err = numbers(visits.Select(ctx, statement, dynox.SelectDeleted()))
		is.NoErr(err)
		is.Equal(len(got), 9)

		tenants, err := dynox.NewTenants(table, "T#{}#", HitKey)
		is.NoErr(err)
		acme, ajax := tenants.Of("acme"), tenants.Of("ajax")
		is.NoErr(acme.Put(ctx, &Hit{Site: "a", N: 1, Page: "x"}))
		got, err = numbers(acme.Select(ctx, fmt.Sprintf(`SELECT * FROM %q`, table.Name()))) // of all items
		is.NoErr(err)
		is.Equal(got, []int{1})
		got, err = numbers(ajax.Select(ctx, fmt.Sprintf(`SELECT * FROM %q WHERE pk = ?`, table.Name()), "T#acme#SITE#a"))
		is.NoErr(err)
		is.Equal(got, nil)
	})
}

func TestSelectBadItem(t *testing.T) {
	t.Parallel()
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		ctx := t.Context()
		visits, table := newVisits(t, client)
		out, err := client.Scan(ctx, &dynamodb.ScanInput{
			TableName: ptr(table.Name()), FilterExpression: ptr("n = :n"),
			ExpressionAttributeValues: map[string]types.AttributeValue{":n": &types.AttributeValueMemberN{Value: "2"}},
		})
		is.NoErr(err)
		out.Items[0]["at"] = &types.AttributeValueMemberS{Value: secret}
		_, err = client.PutItem(ctx, &dynamodb.PutItemInput{TableName: ptr(table.Name()), Item: out.Items[0]})
		is.NoErr(err)
		statement := fmt.Sprintf(`SELECT * FROM %q WHERE pk = ?`, table.Name())
		got, err := numbers(visits.Select(ctx, statement, "SITE#a"))
		is.Equal(got, []int{1})
		var bad *dynox.ItemError
		is.True(errors.As(err, &bad))
		is.Equal(bad.N, 1)
		is.Equal(bad.Path, "at")
		is.True(!strings.Contains(err.Error(), secret))
		var seen []string
		got, err = numbers(visits.Select(ctx, statement, "SITE#a", dynox.SelectOnItemError(func(bad *dynox.ItemError) error {
			seen = append(seen, bad.Path)
			return nil
		})))
		is.NoErr(err)
		is.Equal(len(got), 8)
		is.Equal(seen, []string{"at"})
	})
}

// What is wrong with a SELECT is told before anything is sent.
func TestSelectRefused(t *testing.T) {
	t.Parallel()
	engine := memtable.New(t)
	client := engine.Client()
	visits, table := newVisits(t, client)
	engine.ForgetRequests()
	from := func(rest string) string { return fmt.Sprintf(`SELECT * FROM %q `, table.Name()) + rest }
	for _, c := range []struct {
		statement string
		args      []any
		words     []string
	}{
		{"", nil, []string{"begins with SELECT"}},
		{"SELECT * FROM", nil, []string{"its beginning"}},
		{"DROP TABLE x", nil, []string{"begins with SELECT"}},
		{fmt.Sprintf(`DELETE FROM %q WHERE pk = ? AND sk = '%s'`, table.Name(), secret), []any{secret}, []string{"no SELECT, but DELETE"}},
		{fmt.Sprintf(`UPDATE %q SET n = 1`, table.Name()), nil, []string{"no SELECT, but UPDATE"}},
		{fmt.Sprintf(`INSERT INTO %q VALUE {'pk': 'a'}`, table.Name()), nil, []string{"no SELECT, but INSERT"}},
		{`SELECT * FROM shop`, nil, []string{"about table shop, not about test-"}},
		{from("WHERE pk = ?"), nil, []string{"1 question marks, and 0 arguments"}},
		{from("WHERE pk = '?'"), []any{secret}, []string{"0 question marks, and 1 arguments"}},
		{from("WHERE pk = 'a"), nil, []string{"quoted text that does not end"}},
		{from("/* WHERE"), nil, []string{"comment that does not end"}},
		{from("; SELECT 1"), nil, []string{"more than one statement"}},
		{from("WHERE pk = ?"), []any{make(chan int)}, []string{"argument 0"}},
		{from("WHERE pk = ?"), []any{visitPage}, []string{"argument 0", "Param"}},
		{from("WHERE pk = ?"), []any{status.Param("x")}, []string{"argument 0", "Order"}},
		{from("WHERE pk = ?"), []any{expr.Attr[Hit, int]{}.Param(1)}, []string{"argument 0", "expr.At"}},
		{from("WHERE pk = ?"), []any{"a", dynox.SelectLimit(-1)}, []string{"a limit of -1"}},
		{from("WHERE pk = ?"), []any{"a", dynox.SelectPageSize(-1)}, []string{"a page size of -1"}},
		{from("WHERE pk = ?"), []any{"a", dynox.SelectDeleted()}, []string{"SoftDelete"}},
		{fmt.Sprintf(`SELECT * FROM %q."by-page"`, table.Name()), []any{dynox.SelectConsistent()}, []string{"consistent"}},
		{fmt.Sprintf(`SELECT * FROM %q."by-day"`, table.Name()), nil, []string{"index by-day"}},
		{fmt.Sprintf(`SELECT a.b FROM %q`, table.Name()), nil, []string{"columns"}},
		{fmt.Sprintf(`SELECT a, FROM %q`, table.Name()), nil, []string{"columns"}},
		{strings.Repeat(" ", 9000), nil, []string{"9000 characters"}},
	} {
		_, err := numbers(visits.Select(t.Context(), c.statement, c.args...))
		refused(t, err, append(c.words, "dynox: select")...)
	}
	is := is.New(t)
	is.Equal(len(engine.Requests()), 0)

	bare := visits.On(dynox.NewTable(&wrapper{Client: client}, table.Name()))
	_, err := numbers(bare.Select(t.Context(), from("")))
	refused(t, err, "has no ExecuteStatement")

	_, err = numbers(visits.Select(t.Context(), from("WHERE pk = ? AND nonsense("), secret))
	refused(t, err, "ValidationException")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = numbers(visits.Select(ctx, from("")))
	is.True(errors.Is(err, context.Canceled))
}

func TestSelectNoScans(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	engine := memtable.New(t, memtable.NoScans(t))
	visits, table := newVisits(t, engine.Client())
	visits = visits.On(dynox.NewTable(engine.Client(), table.Name(), dynox.NoScans()))
	for where, scans := range map[string]bool{
		"": true, "WHERE n = 1": true, "WHERE pk = 'a' OR n = 1": true, "WHERE NOT pk = 'a'": true, "WHERE pk > 'a'": true,
		"WHERE n BETWEEN 1 AND pk": true, "WHERE pk = page": true, "WHERE n = 1 AND page = pk": true, "WHERE pk IN ['a', page]": true,
		"WHERE n = 1 ORDER BY pk": true, "WHERE (pk = 'a')": true,
		"WHERE pk = 'a'": false, `WHERE n BETWEEN 1 AND 2 AND "pk" = 'a' AND (n = 1 OR n = 2)`: false, "where pk in ['a', 'b'] and n = 1": false,
		"WHERE pk = 'a' ORDER BY sk": false,
	} {
		_, err := numbers(visits.Select(t.Context(), fmt.Sprintf("SELECT * FROM %q %s", table.Name(), where)))
		if errors.Is(err, dynox.ErrScan) != scans || !scans && err != nil {
			t.Errorf("%s: %v", where, err)
		}
	}
	_, err := numbers(visits.Select(t.Context(), fmt.Sprintf(`SELECT * FROM %q."by-page" WHERE pk = 'a'`, table.Name())))
	is.True(errors.Is(err, dynox.ErrScan)) // it is not the index's key
	_, err = numbers(visits.Select(t.Context(), fmt.Sprintf(`SELECT * FROM %q."by-page" WHERE page = 'a'`, table.Name())))
	is.NoErr(err)
}

// Budgets end a SELECT, meters and observers see its calls.
func TestSelectObserved(t *testing.T) {
	t.Parallel()
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		visits, table := newVisits(t, client)
		statement := fmt.Sprintf(`SELECT * FROM %q WHERE pk = ?`, table.Name())
		var calls []dynox.Call
		seen := visits.On(dynox.NewTable(client, table.Name(), dynox.OnSlow(0, func(_ context.Context, c *dynox.Call) { calls = append(calls, *c) })))
		meter := new(dynox.Meter)
		_, err := numbers(seen.Select(dynox.WithMeter(t.Context(), meter), statement, "SITE#a", dynox.SelectPageSize(10)))
		is.NoErr(err)
		is.True(len(calls) >= 2)
		is.Equal(calls[1].Operation, "ExecuteStatement")
		is.Equal(calls[1].Page, 2)
		is.Equal(calls[1].Index, "")
		is.Equal(calls[0].Items, 10)
		is.Equal(calls[0].Writes, false)
		is.True(calls[0].ReadUnits > 0)
		calls = nil
		_, err = numbers(seen.Select(t.Context(), fmt.Sprintf(`SELECT * FROM %q."by-page" WHERE page = 'p1'`, table.Name())))
		is.NoErr(err)
		is.Equal(calls[0].Index, "by-page")

		got, err := numbers(visits.Select(dynox.Budget(t.Context(), 0.5), statement, "SITE#a", dynox.SelectPageSize(4)))
		is.True(errors.Is(err, dynox.ErrBudget))
		is.Equal(got, []int{1, 2, 3, 4})
		bounded := visits.On(dynox.NewTable(client, table.Name(), dynox.ReadBudget(0.5)))
		_, err = numbers(bounded.Select(t.Context(), statement, "SITE#a", dynox.SelectPageSize(4)))
		is.True(errors.Is(err, dynox.ErrBudget))
	})
}
