package blob_test

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox/blob"
	"github.com/dynox-go/dynox/memtable"
)

var (
	blobSize = flag.Int64("blob", 192<<20, "bytes of the blob that goes up and down in little memory")
	childURL = flag.String("blob.child", "", "")
)

const mostResident = 64 << 20

// TestMemory: a blob of any size goes up and down in less than 64 MiB. The process
// that is measured does nothing else; the server is this one. At the size that was
// promised: go test ./blob -run TestMemory -blob 2147483648
func TestMemory(t *testing.T) {
	if *childURL != "" {
		upAndDown(t)
		return
	}
	if testing.Short() {
		t.Skip("moves 192 MiB")
	}
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("no /proc: the resident size is not known")
	}
	is := is.New(t)
	server := httptest.NewServer(&zeroes{})
	defer server.Close()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMemory$", "-test.v", //nolint:gosec // this test itself
		"-blob.child", server.URL, "-blob", strconv.FormatInt(*blobSize, 10))
	cmd.Env = append(os.Environ(), "GOCOVERDIR="+t.TempDir())
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	is.NoErr(err)
	_, text, _ := strings.Cut(string(out), "resident: ")
	var resident int64
	_, err = fmt.Sscan(text, &resident)
	is.NoErr(err)
	if is.True(resident > 1<<20); resident > mostResident && !isRace {
		t.Errorf("%d bytes were resident", resident)
	}
}

func upAndDown(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	client := s3.New(s3.Options{
		BaseEndpoint: childURL, Region: "us-east-1", UsePathStyle: true, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	r, _ := papers(t, memtable.New(t).Client(), client)
	p := paper{Owner: "a", Scan: blob.FromReader(io.LimitReader(zero{}, *blobSize))}
	is.NoErr(r.Put(ctx, &p))
	is.Equal(p.Scan.Size(), *blobSize)
	n, err := p.Scan.WriteTo(ctx, io.Discard) // which compares the hash
	is.NoErr(err)
	is.Equal(n, *blobSize)
	status, err := os.ReadFile("/proc/self/status")
	is.NoErr(err)
	_, line, _ := bytes.Cut(status, []byte("VmHWM:"))
	var kb int64
	_, err = fmt.Sscan(string(line), &kb)
	is.NoErr(err)
	t.Logf("resident: %d of a blob of %d", kb<<10, n)
}

type zero struct{}

func (zero) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// zeroes is a server of one object, whose bytes are zeroes: it keeps their number.
type zeroes struct{ size atomic.Int64 }

func (z *zeroes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		return
	}
	if q := r.URL.Query(); q.Has("uploads") || q.Has("uploadId") && r.Method == http.MethodPost {
		_ = xml.NewEncoder(w).Encode(struct {
			XMLName  xml.Name `xml:"Result"`
			UploadID string   `xml:"UploadId"`
			ETag     string
		}{UploadID: "1", ETag: `"1"`})
		return
	}
	switch r.Method {
	case http.MethodPut:
		if length := r.Header.Get("X-Amz-Decoded-Content-Length"); length != "" {
			n, _ = strconv.ParseInt(length, 10, 64)
		}
		z.size.Add(n)
		w.Header().Set("ETag", `"1"`)
	case http.MethodGet:
		w.Header().Set("Content-Length", strconv.FormatInt(z.size.Load(), 10))
		_, _ = io.Copy(w, io.LimitReader(zero{}, z.size.Load()))
	}
}
