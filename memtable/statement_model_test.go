package memtable_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"pgregory.net/rapid"
)

// conditions generates conditions about the key of "things" and an attribute a.
func conditions(depth int) *rapid.Generator[string] {
	values := rapid.SampledFrom([]string{"'1'", "'2'", "'3'", "'4'"})
	leaf := rapid.Custom(func(t *rapid.T) string {
		name := rapid.SampledFrom([]string{"pk", "pk", "sk", "sk", "a"}).Draw(t, "attribute")
		v, w := values.Draw(t, "value"), values.Draw(t, "other")
		switch rapid.IntRange(0, 8).Draw(t, "form") {
		case 0:
			return name + " IN [" + v + ", " + w + "]"
		case 1:
			return name + " BETWEEN " + min(v, w) + " AND " + max(v, w)
		case 2:
			return "begins_with(" + name + ", " + v + ")"
		case 3:
			return name + " <> " + v
		case 4:
			return v + rapid.SampledFrom([]string{" < ", " <= ", " > ", " >= "}).Draw(t, "operator") + name
		case 5:
			return name + " IS MISSING"
		case 6:
			return "contains(" + name + ", " + v + ")"
		default:
			return name + " = " + v
		}
	})
	if depth == 0 {
		return leaf
	}
	inner := conditions(depth - 1)
	return rapid.Custom(func(t *rapid.T) string {
		switch rapid.IntRange(0, 5).Draw(t, "node") {
		case 0:
			return "NOT (" + inner.Draw(t, "x") + ")"
		case 1:
			return "(" + inner.Draw(t, "l") + " OR " + inner.Draw(t, "r") + ")"
		case 2, 3:
			return "(" + inner.Draw(t, "l") + " AND " + inner.Draw(t, "r") + ")"
		default:
			return leaf.Draw(t, "leaf")
		}
	})
}

// TestSelectFindsWhatAScanFinds compares the parts of a table that a SELECT reads with a scan: an alternative
// that says nothing of the key, and never holds, makes one of the same SELECT. Only what the service refuses is
// left out.
func TestSelectFindsWhatAScanFinds(t *testing.T) {
	client, engine := newClient(t)
	for _, pk := range []string{"1", "2", "3"} {
		for _, sk := range []string{"1", "12", "2", "3"} {
			put(t, client, item{"pk": s(pk), "sk": s(sk), "a": s(sk)}, item{"pk": s(pk), "sk": s(sk + "x")})
		}
	}
	refusals := []string{"Overlapping conditions with range keys are not supported in where clause", "Too many decomposed read operations for a given query."}
	keyed := 0
	rapid.Check(t, func(t *rapid.T) {
		where := conditions(4).Draw(t, "where")
		limit := rapid.Int32Range(1, 30).Draw(t, "limit")
		found, err := selected(t, client, where, limit)
		if api := smithy.APIError(nil); errors.As(err, &api) && slices.Contains(refusals, api.ErrorMessage()) {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", where, err)
		}
		keyed++
		all, err := selected(t, client, where+" OR none = 'x'", 1000)
		if err != nil {
			t.Fatalf("%s, scanned: %v", where, err)
		}
		slices.Sort(found)
		slices.Sort(all)
		if !slices.Equal(found, all) {
			t.Fatalf("%s:\n finds %v\n not %v", where, found, all)
		}
	})
	if keyed == 0 {
		t.Error("everything was refused")
	}
	if err := engine.Check(); err != nil {
		t.Error(err)
	}
}

// selected returns the keys of what a SELECT finds, in pages of so many items.
func selected(t *rapid.T, client *dynamodb.Client, where string, limit int32) (keys []string, err error) {
	text := "SELECT pk, sk FROM things WHERE " + where
	in := &dynamodb.ExecuteStatementInput{Statement: &text, Limit: &limit}
	for {
		out, err := client.ExecuteStatement(t.Context(), in)
		if err != nil {
			return nil, err
		}
		for _, it := range out.Items {
			keys = append(keys, fmt.Sprint(it["pk"].(*types.AttributeValueMemberS).Value, "/", it["sk"].(*types.AttributeValueMemberS).Value))
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return keys, nil
		}
	}
}

// What a statement costs beside GetItem and UpdateItem: its text is parsed once, and bound for each request.
func BenchmarkExecuteStatement(b *testing.B) {
	engine := filled(b, 1000)
	for _, text := range []string{
		"SELECT * FROM things WHERE pk = 'p1' AND sk = '000000150'",
		"UPDATE things SET n = if_not_exists(n, 0) + 1 WHERE pk = 'p1' AND sk = '000000150'",
	} {
		b.Run(strings.Fields(text)[0], func(b *testing.B) {
			body := fmt.Sprintf(`{"Statement":%q}`, text)
			req := request("ExecuteStatement", body)
			b.ReportAllocs()
			for b.Loop() {
				send(b, engine, req, body)
			}
		})
	}
}
