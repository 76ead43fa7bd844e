package memtable_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox/memtable"
)

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

func TestCompressedRequests(t *testing.T) {
	const body = `{"Limit":1}`
	zip := gzipped(body)
	for _, c := range []struct {
		name, encoding, body string
		want                 int
	}{
		{"gzip", "gzip", zip, http.StatusOK},
		{"in two pieces", "gzip", gzipped(body[:4]) + gzipped(body[4:]), http.StatusOK},
		{"with something behind it", "gzip", zip + "junk", http.StatusOK},
		{"cut off", "gzip", zip[:len(zip)-1], http.StatusInternalServerError},
		{"not compressed", "gzip", body, http.StatusInternalServerError},
		{"empty", "gzip", "", http.StatusInternalServerError},
		{"unknown encoding", "garbage", body, http.StatusInternalServerError},
		{"a bomb", "gzip", gzipped(`{` + strings.Repeat(" ", 16<<20) + `}`), http.StatusRequestEntityTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			code, text := post(t, memtable.New(t), "ListTables", c.body, "Content-Encoding", c.encoding)
			is.Equal(code, c.want)
			if code == http.StatusOK {
				is.Equal(text, `{"TableNames":[]}`)
			}
		})
	}
}

func TestCompressedAnswers(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t)
	createThings(t, engine.Client())
	long := strings.Repeat("x", 4096)
	is.NoErr(engine.Seed("things", `{"pk":{"S":"a"},"sk":{"S":"long"},"v":{"S":"`+long+`"}}`, `{"pk":{"S":"a"},"sk":{"S":"short"}}`))
	get := func(sk, accept string) (encoding, body string) {
		t.Helper()
		req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"TableName":"things","Key":{"pk":{"S":"a"},"sk":{"S":"`+sk+`"}}}`))
		sign(req.Header)
		req.Header.Set("X-Amz-Target", "DynamoDB_20120810.GetItem")
		req.Header.Set("Accept-Encoding", accept)
		rec := httptest.NewRecorder()
		engine.ServeHTTP(rec, req)
		is.Equal(rec.Header().Get("X-Amz-Crc32"), checksum(rec.Body.Bytes())) // of what is sent
		var r io.Reader = rec.Body
		var err error
		switch encoding = rec.Header().Get("Content-Encoding"); encoding {
		case "gzip":
			r, err = gzip.NewReader(r)
		case "deflate":
			r, err = zlib.NewReader(r)
		}
		is.NoErr(err)
		text, err := io.ReadAll(r)
		is.NoErr(err)
		return encoding, string(text)
	}
	encoding, _ := get("short", "gzip")
	is.Equal(encoding, "") // not worth it
	for accept, want := range map[string]string{
		"": "", "identity": "", "br": "", "x-gzip": "", "gzip": "gzip", "deflate": "deflate", "GZIP, identity": "gzip",
		"gzip, deflate": "gzip", "br, identity, deflate, gzip": "deflate", "dog, gzip ,, cat": "gzip",
		"gzip;q=0.8, deflate;q=0.5": "gzip", "br, gzip;q=0, deflate; q = 0.5 , identity;q=0": "deflate",
		"*": "gzip", "*, deflate;q=0.5": "gzip", "*, deflate": "deflate", "*, identity": "gzip", "*, gzip;q=0.5": "deflate", "*;q=0": "",
		"gzip ;q=0": "", "*;q=0.5,identity": "gzip", "gzip;q=0.5,identity;q=0.8": "gzip", "br;q=0.8,*;q=0": "",
		`"gzip"`: "", "gzip br": "", "gzip:q=1": "", "gzip;q=31,deflate;q=51": "gzip", "deflate;q=0.5, gzip;q=1;q=0.2": "gzip",
		"deflate;q=0.5,gzip;q=0.": "deflate", "deflate;q=0.5,gzip;q=0.x": "gzip", "deflate;q=-0.5,gzip;q=0.2": "gzip",
		"gzip;nq=1;q=0 ": "", "gzip;q=0, gzip;q=1, gzip;q=0": "gzip", "br,identity;q=0.5,gzip;q=0.0001": "gzip",
	} {
		t.Run(accept, func(t *testing.T) {
			encoding, body := get("long", accept)
			if encoding != want || !strings.Contains(body, long) {
				t.Errorf("encoding %q, want %q", encoding, want)
			}
		})
	}
}

// The SDK checks the checksum of what it got, and decompresses it.
func TestTheSDKReadsCompressedAnswers(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t)
	client := engine.Client(func(o *dynamodb.Options) { o.EnableAcceptEncodingGzip = true })
	createThings(t, client)
	is.NoErr(engine.Seed("things", `{"pk":{"S":"a"},"sk":{"S":"b"},"v":{"S":"`+strings.Repeat("x", 10_000)+`"}}`))
	out, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("things"), Key: item{"pk": s("a"), "sk": s("b")}})
	is.NoErr(err)
	is.Equal(out.Item["v"], s(strings.Repeat("x", 10_000)))
}
