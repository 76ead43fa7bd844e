package memtable_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox/memtable"
)

// execute runs a statement.
func execute(t *testing.T, client *dynamodb.Client, text string, params ...types.AttributeValue) []item {
	t.Helper()
	out, err := client.ExecuteStatement(t.Context(), &dynamodb.ExecuteStatementInput{Statement: &text, Parameters: params})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return out.Items
}

// pages reads a SELECT to its end, in pages of so many items, and returns the sort keys of each.
func pages(t *testing.T, client *dynamodb.Client, limit int32, text string, params ...types.AttributeValue) (all []string) {
	t.Helper()
	in := &dynamodb.ExecuteStatementInput{Statement: &text, Parameters: params, Limit: aws.Int32(limit)}
	for {
		out, err := client.ExecuteStatement(t.Context(), in)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var page strings.Builder
		for _, it := range out.Items {
			page.WriteString(it["sk"].(*types.AttributeValueMemberS).Value)
		}
		all = append(all, page.String())
		if (out.NextToken == nil) != (len(out.LastEvaluatedKey) == 0) {
			t.Fatalf("%s: a token without a key, or a key without a token", text)
		}
		if out.NextToken == nil {
			return all
		}
		in.NextToken = out.NextToken
	}
}

func TestSelectInPages(t *testing.T) {
	is := is.New(t)
	client, _ := newClient(t)
	for _, pk := range []string{"a", "b", "c"} {
		for _, sk := range []string{"1", "2", "3"} {
			put(t, client, item{"pk": s(pk), "sk": s(sk), "even": &types.AttributeValueMemberBOOL{Value: sk == "2"}})
		}
	}
	const from = "SELECT sk FROM things WHERE "
	is.Equal(pages(t, client, 2, from+"pk = 'a'"), []string{"12", "3"})
	is.Equal(pages(t, client, 3, from+"pk = 'a'"), []string{"123", ""}) // the end is only known behind it
	is.Equal(pages(t, client, 2, from+"pk = 'a' ORDER BY sk DESC"), []string{"32", "1"})
	is.Equal(pages(t, client, 2, from+"pk = 'a' AND even = true"), []string{"2", ""}) // the limit counts what is read
	is.Equal(pages(t, client, 2, from+"pk = ? AND sk > ?", s("a"), s("1")), []string{"23", ""})
	is.Equal(pages(t, client, 2, from+"pk IN ['c', 'a']"), []string{"12", "31", "23", ""})
	is.Equal(pages(t, client, 4, from+"pk IN ['c', 'a'] ORDER BY pk DESC"), []string{"3213", "21"})
	is.Equal(pages(t, client, 2, from+"pk = 'a' AND sk IN ['3', '1'] OR pk = 'b'"), []string{"13", "12", "3"})
	is.Equal(pages(t, client, 5, from+"pk IN ['none', 'nothing']"), []string{""})
	scanned := pages(t, client, 4, "SELECT sk FROM things WHERE even = false")
	is.Equal(len(scanned), 3)
	is.Equal(len(strings.Join(scanned, "")), 6)
}

// TestPagesOutliveTheirItems continues behind an item that is gone.
func TestPagesOutliveTheirItems(t *testing.T) {
	is := is.New(t)
	client, _ := newClient(t)
	for _, sk := range []string{"1", "2", "3"} {
		put(t, client, item{"pk": s("a"), "sk": s(sk)})
	}
	in := &dynamodb.ExecuteStatementInput{Statement: aws.String("SELECT sk FROM things WHERE pk = 'a'"), Limit: aws.Int32(2)}
	out, err := client.ExecuteStatement(t.Context(), in)
	is.NoErr(err)
	execute(t, client, "DELETE FROM things WHERE pk = 'a' AND sk = '2'")
	in.NextToken, in.Limit = out.NextToken, nil
	out, err = client.ExecuteStatement(t.Context(), in)
	is.NoErr(err)
	is.Equal(out.Items, []item{{"sk": s("3")}})
}

func TestTokensBelongToTheirStatement(t *testing.T) {
	is := is.New(t)
	client, _ := newClient(t)
	put(t, client, item{"pk": s("a"), "sk": s("1")}, item{"pk": s("b"), "sk": s("1")})
	run := func(text, token string, params ...types.AttributeValue) (*dynamodb.ExecuteStatementOutput, error) {
		return client.ExecuteStatement(t.Context(), &dynamodb.ExecuteStatementInput{
			Statement: &text, Parameters: params, Limit: aws.Int32(1), NextToken: &token,
		})
	}
	const text = "SELECT * FROM things WHERE pk = ?"
	out, err := client.ExecuteStatement(t.Context(), &dynamodb.ExecuteStatementInput{Statement: aws.String(text), Parameters: []types.AttributeValue{s("a")}, Limit: aws.Int32(1)})
	is.NoErr(err)
	token := aws.ToString(out.NextToken)
	_, err = run(text, token, s("a"))
	is.NoErr(err)
	for _, other := range []func() (*dynamodb.ExecuteStatementOutput, error){
		func() (*dynamodb.ExecuteStatementOutput, error) { return run(text, token, s("b")) },
		func() (*dynamodb.ExecuteStatementOutput, error) { return run("SELECT * FROM things", token) },
	} {
		_, err := other()
		is.Equal(refused(t, err), "NextToken does not match request")
	}
	_, err = run(text, "?", s("a"))
	is.Equal(refused(t, err), "Invalid NextToken")
}

func TestStatementsToTheByte(t *testing.T) {
	is := is.New(t)
	client, _ := newClient(t)
	run := func(text string, params ...types.AttributeValue) error {
		_, err := client.ExecuteStatement(t.Context(), &dynamodb.ExecuteStatementInput{Statement: &text, Parameters: params})
		return err
	}
	const comment = "SELECT * FROM things WHERE pk = 'a' -- "
	is.NoErr(run(comment + strings.Repeat("é", 8192-len(comment)))) // characters count, not bytes
	is.True(strings.HasSuffix(refused(t, run(comment+strings.Repeat("x", 8193-len(comment)))),
		"' at 'statement' failed to satisfy constraint: Member must have length less than or equal to 8192"))

	const insert = "INSERT INTO things VALUE {'pk': 'p', 'sk': '1', 'v': ?}"
	fill := func(bytes int) types.AttributeValue { return s(strings.Repeat("x", bytes)) }
	const most = 400<<10 - len("pk"+"p"+"sk"+"1"+"v")
	is.Equal(refused(t, run(insert, fill(most+1))), "Item size has exceeded the maximum allowed size")
	is.NoErr(run(insert, fill(most)))
	const update = "UPDATE things SET v = ? WHERE pk = 'p' AND sk = '1'"
	is.NoErr(run(update, fill(most)))
	is.Equal(refused(t, run(update, fill(most+1))), "Item size to update has exceeded the maximum allowed size")
	is.Equal(refused(t, run("INSERT INTO things VALUE {'pk': ?, 'sk': '1'}", fill(2049))),
		"One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes")
}

// TestSelectsEndAtAMegabyte reads items of 300 KB: the fourth reaches what a page may have.
func TestSelectsEndAtAMegabyte(t *testing.T) {
	is := is.New(t)
	client, _ := newClient(t)
	for i := range 6 {
		put(t, client, big(fmt.Sprint(i), 300<<10))
	}
	is.Equal(pages(t, client, 100, "SELECT sk FROM things WHERE pk = 'p'"), []string{"0123", "45"})
	is.Equal(pages(t, client, 100, "SELECT sk FROM things WHERE pk = 'p' AND sk IN ['0','1','3','4','5']"), []string{"0134", "5"})
	is.Equal(pages(t, client, 100, "SELECT sk FROM things"), []string{"0123", "45"})
}

func TestSelectsThatScanAreScans(t *testing.T) {
	is := is.New(t)
	r := &recorder{}
	client, _ := newClient(t, memtable.NoScans(r))
	execute(t, client, "SELECT * FROM things WHERE pk = 'a' OR pk = 'b'")
	execute(t, client, "SELECT * FROM things WHERE pk = 'a' AND sk <> 'b'")
	is.Equal(len(r.texts), 0)
	execute(t, client, "SELECT * FROM things WHERE pk = 'a' OR sk = 'b'")
	is.Equal(r.texts, []string{"memtable: a scan of table things"})
}

func TestStatementsWithoutCapacity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine := memtable.New(t, memtable.WithThrottling())
		ok(t, engine, "CreateTable", provisioned)
		insert := func(id string) string {
			return outcome(t, engine, "ExecuteStatement", fmt.Sprintf(`{"Statement":"INSERT INTO metered VALUE {'id':'%s'}"}`, id))
		}
		is.Equal(insert("a"), "")
		is.Equal(insert("b"), "")
		is.Equal(insert("c"), tableExceeded)
		is.Equal(ok(t, engine, "BatchExecuteStatement", `{"Statements":[{"Statement":"DELETE FROM metered WHERE id='a'"}]}`),
			`{"Responses":[{"Error":{"Code":"ProvisionedThroughputExceeded","Message":"`+strings.TrimPrefix(tableExceeded, "ProvisionedThroughputExceededException: ")+`"},"TableName":"metered"}]}`)
		const cancelled = "TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons [ProvisionedThroughputExceeded]"
		is.Equal(outcome(t, engine, "ExecuteTransaction", `{"TransactStatements":[{"Statement":"DELETE FROM metered WHERE id='a'"}]}`), cancelled)
		read := `{"TransactStatements":[{"Statement":"SELECT * FROM metered WHERE id='a'"}]}`
		is.Equal(outcome(t, engine, "ExecuteTransaction", read), "")
		is.Equal(outcome(t, engine, "ExecuteTransaction", read), cancelled)
		is.Equal(outcome(t, engine, "ExecuteStatement", `{"Statement":"SELECT * FROM metered WHERE id='a'"}`), tableExceeded)
		is.NoErr(engine.Check())
	})
}

// TestStatementsAtOnce counts up from many goroutines, by statements, in batches and in transactions, of which
// none is lost; and moves between two items, of which readers see the sum unchanged.
func TestStatementsAtOnce(t *testing.T) {
	is := is.New(t)
	client, engine := newClient(t)
	put(t, client, item{"pk": s("a"), "sk": s("1"), "n": n("0")}, item{"pk": s("a"), "sk": s("2"), "n": n("0")}, item{"pk": s("a"), "sk": s("3"), "n": n("0")})
	const (
		up   = "UPDATE things SET n = n + 1 WHERE pk = 'a' AND sk = '1'"
		plus = "UPDATE things SET n = n + 1 WHERE pk = 'a' AND sk = '2'"
		less = "UPDATE things SET n = n - 1 WHERE pk = 'a' AND sk = '3'"
	)
	transaction := func(texts ...string) (*dynamodb.ExecuteTransactionOutput, error) {
		in := &dynamodb.ExecuteTransactionInput{}
		for _, text := range texts {
			in.TransactStatements = append(in.TransactStatements, types.ParameterizedStatement{Statement: &text})
		}
		return client.ExecuteTransaction(t.Context(), in)
	}
	var wg sync.WaitGroup
	faults := make(chan error, 64)
	for range 4 {
		wg.Go(func() {
			for range 25 {
				_, err1 := client.ExecuteStatement(t.Context(), &dynamodb.ExecuteStatementInput{Statement: aws.String(up)})
				_, err2 := client.BatchExecuteStatement(t.Context(), &dynamodb.BatchExecuteStatementInput{Statements: []types.BatchStatementRequest{{Statement: aws.String(up)}}})
				_, err3 := transaction(plus, less)
				out, err4 := transaction("SELECT n FROM things WHERE pk = 'a' AND sk = '2'", "SELECT n FROM things WHERE pk = 'a' AND sk = '3'")
				err := errors.Join(err1, err2, err3, err4)
				if err == nil && amount(out.Responses[0].Item)+amount(out.Responses[1].Item) != 0 {
					err = errors.New("half of a transaction is seen")
				}
				if err != nil {
					faults <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(faults)
	for err := range faults {
		t.Error(err)
	}
	is.Equal(execute(t, client, "SELECT n FROM things WHERE pk = 'a'"), []item{{"n": n("200")}, {"n": n("100")}, {"n": n("-100")}})
	is.NoErr(engine.Check())
}
