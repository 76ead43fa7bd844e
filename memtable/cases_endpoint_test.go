package memtable_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// patience is how long a run at an endpoint waits where a case lets time pass. Cases that want more are
// skipped there, and those that come after them.
const patience = 2 * time.Second

// runOnEndpoint runs a file's cases on DynamoDB Local. A case that is marked with a reason has to be answered
// otherwise there; every other one as it says. The emulator keeps the tables of each access key apart.
func (f caseFile) runOnEndpoint(t *testing.T, endpoint string) {
	t.Helper()
	reasons := localReasons(t)
	var local localClient
	engines, late := 0, false
	kept := map[string]string{}
	for _, c := range f.cases {
		if local.key == "" || c.fresh {
			engines, late = engines+1, false
			local = localClient{url: endpoint, key: fmt.Sprintf("%s%d%d", keyOf(f.name), time.Now().UnixNano(), engines)}
			t.Cleanup(func() { local.deleteTables(t) })
		}
		late = late || c.pause > patience
		if c.switched || late || c.header != nil {
			continue
		}
		time.Sleep(c.pause)
		t.Run(fmt.Sprintf("line %d", c.line), func(t *testing.T) {
			if name := c.missing(kept); name != "" {
				t.Skipf("$%s is of a request that was answered otherwise", name)
			}
			c := c.with(kept)
			code, text := local.ask(t, c.operation, c.body)
			local.settle(t, c, code)
			difference := c.asLocal().difference(t, code, own.ReplaceAllString(text, `"$1":"*"`))
			switch reason, known := reasons[c.local]; {
			case c.local != "" && !known:
				t.Errorf("testdata/local.txt has no reason %q", c.local)
			case c.local == "" && difference != "":
				t.Error(difference)
			case c.local != "" && difference == "":
				t.Errorf("no longer differs: ~ %s", c.local)
			case c.local != "":
				t.Logf("%s: %s\n%s", c.local, reason, difference)
			}
			if code == http.StatusOK {
				c.keepTexts(t, text, kept)
				return
			}
			for i := 0; i < len(c.keep); i += 2 {
				delete(kept, c.keep[i])
			}
		})
	}
}

// own are members of answers that every DynamoDB fills as it likes: when something happened, and what it calls
// shards and records.
var own = regexp.MustCompile(`"(\w+DateTime|awsRegion|StreamLabel|ShardId|ParentShardId|\w*SequenceNumber)":\s*("[^"]*"|[0-9.E]+)`)

// asLocal is the case as DynamoDB Local writes it: members of its own, and what it spells otherwise in errors.
func (c testCase) asLocal() testCase {
	c.answer = own.ReplaceAllString(c.answer, `"$1":"*"`)
	if c.status != http.StatusOK {
		c.answer = oneSpelling(c.answer)
	}
	return c
}

// oneSpelling is an error whose message is called by one name. SDKs read both.
func oneSpelling(text string) string { return strings.ReplaceAll(text, `"Message":`, `"message":`) }

// missing returns a name in the request that nothing was kept for; "" if there is none.
func (c testCase) missing(kept map[string]string) string {
	for _, name := range keptName.FindAllString(c.body, -1) {
		if _, ok := kept[name[1:]]; !ok {
			return name[1:]
		}
	}
	return ""
}

// localReasons reads why DynamoDB Local answers otherwise: paragraphs that begin with "name: ".
func localReasons(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/local.txt")
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]string{}
	for paragraph := range strings.SplitSeq(string(text), "\n\n") {
		if name, reason, ok := strings.Cut(paragraph, ":"); ok && !strings.HasPrefix(paragraph, "#") {
			reasons[strings.TrimSpace(name)] = strings.Join(strings.Fields(reason), " ")
		}
	}
	return reasons
}

// keyOf is a file's name as it may stand in an access key.
func keyOf(name string) string { return strings.ReplaceAll(name, "_", "") }

// localClient asks DynamoDB Local with an access key of its own.
type localClient struct{ url, key string }

// ask sends a raw request. ARNs name the engine's region where the emulator's have one of its own.
func (l localClient) ask(t *testing.T, operation, body string) (int, string) {
	t.Helper()
	const ours, theirs = "arn:aws:dynamodb:us-east-1:", "arn:aws:dynamodb:ddblocal:"
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodPost, l.url, strings.NewReader(strings.ReplaceAll(body, ours, theirs)))
	if err != nil {
		t.Fatal(err)
	}
	sign(req.Header)
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+l.key+
		"/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
	req.Header.Set("X-Amz-Target", target(operation))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(answer), theirs, ours)
	if res.StatusCode != http.StatusOK {
		text = oneSpelling(text)
	}
	return res.StatusCode, text
}

// settle waits until what a case did to a table and its indexes is done. A table that must not be there it
// deletes: later cases are about one that was refused.
func (l localClient) settle(t *testing.T, c testCase, code int) {
	t.Helper()
	if c.operation != "CreateTable" && c.operation != "UpdateTable" || code != http.StatusOK {
		return
	}
	var in struct{ TableName string }
	if err := json.Unmarshal([]byte(c.body), &in); err != nil {
		t.Fatal(err)
	}
	if c.operation == "CreateTable" && c.status != http.StatusOK {
		l.ask(t, "DeleteTable", fmt.Sprintf(`{"TableName":%q}`, in.TableName))
		return
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		_, text := l.ask(t, "DescribeTable", fmt.Sprintf(`{"TableName":%q}`, in.TableName))
		if !strings.Contains(text, `ING"`) { // CREATING, UPDATING, DELETING
			return
		}
	}
	t.Fatalf("table %s isn't ready", in.TableName)
}

// deleteTables deletes the access key's tables.
func (l localClient) deleteTables(t *testing.T) {
	t.Helper()
	_, text := l.ask(t, "ListTables", "{}")
	names, _ := parsed(t, text).(map[string]any)["TableNames"].([]any)
	for _, name := range names {
		l.ask(t, "UpdateTable", fmt.Sprintf(`{"TableName":%q,"DeletionProtectionEnabled":false}`, name))
		if code, text := l.ask(t, "DeleteTable", fmt.Sprintf(`{"TableName":%q}`, name)); code != http.StatusOK {
			t.Error(text)
		}
	}
}
