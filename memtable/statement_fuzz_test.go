package memtable_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/dynox-go/dynox/memtable"
)

// FuzzStatement runs any text as a statement, by itself, in a batch and in a transaction: the engine answers with
// JSON, never with a failure of its own, and stays whole. Its seeds are the statements of the cases.
func FuzzStatement(f *testing.F) {
	var tables []testCase
	for _, file := range caseFiles(f, "partiql_*.txt") {
		tables = tables[:0]
		for _, c := range file.cases {
			var body struct{ Statement string }
			if c.operation == "CreateTable" {
				tables = append(tables, c)
			} else if json.Unmarshal([]byte(c.body), &body) == nil && body.Statement != "" {
				f.Add(body.Statement)
			}
		}
	}
	f.Fuzz(func(t *testing.T, statement string) {
		engine := memtable.Open()
		for _, c := range tables {
			ok(t, engine, c.operation, c.body)
		}
		const songs = `{"artist":{"S":"a"},"title":{"S":"1"},"genre":{"S":"x"},"album":{"S":"y"},"n":{"N":"1"},"m":{"M":{"k":{"L":[{"S":"c"}]}}}}`
		if err := engine.Seed("songs", songs); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(map[string]any{"Statement": statement, "Parameters": []any{
			map[string]any{"S": "a"}, map[string]any{"N": "1"}, map[string]any{"SS": []string{"x"}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		one := string(text)
		for operation, body := range map[string]string{
			"ExecuteStatement":      one,
			"BatchExecuteStatement": `{"ReturnConsumedCapacity":"INDEXES","Statements":[` + one + `]}`,
			"ExecuteTransaction":    `{"ReturnConsumedCapacity":"INDEXES","TransactStatements":[` + one + `]}`,
		} {
			code, answer := post(t, engine, operation, body)
			if code != http.StatusOK && code != http.StatusBadRequest {
				t.Fatalf("%s: status %d: %s", operation, code, answer)
			}
			if !json.Valid([]byte(answer)) {
				t.Fatalf("%s: no JSON: %s", operation, answer)
			}
		}
		if err := engine.Check(); err != nil {
			t.Fatal(err)
		}
	})
}
