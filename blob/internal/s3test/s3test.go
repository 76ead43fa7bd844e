// Package s3test is an object store in memory, for tests of package blob: as much
// of the S3 API as that uses, with faults.
package s3test

import (
	"bytes"
	"crypto/md5" //nolint:gosec // ETags of S3 are MD5
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Object is what a bucket holds.
type Object struct {
	Body     []byte
	Type     string
	Meta     map[string]string
	Modified time.Time
}

// Upload is an upload in parts that has not ended.
type Upload struct {
	Name  string
	Begun time.Time
	parts map[int][]byte
	like  Object
}

// Store is a bucket.
type Store struct {
	URL string

	mu      sync.Mutex
	objects map[string]*Object
	uploads map[string]*Upload
	next    int
	now     func() time.Time
	calls   []string
	fault   func(n int, call string) Fault
	discard bool
}

// Fault is what happens to a call.
type Fault int

// The faults.
const (
	None    Fault = iota
	Refuse        // 403
	Fail          // 500
	Slow          // 503, throttled
	Cut           // the connection breaks before the call has an effect
	CutLate       // and after it
	Hang          // no answer, until the client has gone
)

// New is an empty bucket, which a server on this machine serves until t ends.
func New(t testing.TB) *Store {
	t.Helper()
	s, stop := Start()
	t.Cleanup(stop)
	return s
}

// Start is New until stop is called.
func Start() (s *Store, stop func()) {
	s = &Store{objects: map[string]*Object{}, uploads: map[string]*Upload{}, now: time.Now, fault: func(int, string) Fault { return None }}
	server := httptest.NewServer(s)
	s.URL = server.URL
	return s, server.Close
}

// Client reaches the bucket, whose name does not matter.
func (s *Store) Client(opts ...func(*s3.Options)) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: aws.String(s.URL), Region: "us-east-1", UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}, opts...)
}

// Objects are the names of all objects.
func (s *Store) Objects() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.objects))
}

// Object is one of them, nil if it is not there.
func (s *Store) Object(name string) *Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.objects[name]
}

// Uploads is how many uploads in parts have not ended.
func (s *Store) Uploads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.uploads)
}

// Age makes everything as much older.
func (s *Store) Age(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.objects {
		o.Modified = o.Modified.Add(-d)
	}
	for _, u := range s.uploads {
		u.Begun = u.Begun.Add(-d)
	}
}

// Calls are those since the last time, by their names in the API.
func (s *Store) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}

// Faults has f decide about each call, the n-th since now.
func (s *Store) Faults(f func(n int, call string) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls, s.fault = nil, f
}

// Discard keeps no more than the length of objects, for tests of many bytes: their
// bytes are zeroes.
func (s *Store) Discard() { s.discard = true }

func callOf(r *http.Request, name string) string {
	q := r.URL.Query()
	switch {
	case q.Has("uploads") && r.Method == http.MethodPost:
		return "CreateMultipartUpload"
	case q.Has("uploads"):
		return "ListMultipartUploads"
	case q.Has("uploadId") && r.Method == http.MethodPut:
		return "UploadPart"
	case q.Has("uploadId") && r.Method == http.MethodPost:
		return "CompleteMultipartUpload"
	case q.Has("uploadId"):
		return "AbortMultipartUpload"
	case name == "":
		return "ListObjectsV2"
	}
	return map[string]string{
		http.MethodPut: "PutObject", http.MethodGet: "GetObject", http.MethodHead: "HeadObject", http.MethodDelete: "DeleteObject",
	}[r.Method]
}

// ServeHTTP answers a call.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	_, name, _ := strings.Cut(path, "/")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		if body, err = unchunk(body); err != nil {
			refuse(w, http.StatusBadRequest, "IncompleteBody")
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	call := callOf(r, name)
	fault := s.fault(len(s.calls), call)
	s.calls = append(s.calls, call)
	switch fault {
	case Refuse:
		refuse(w, http.StatusForbidden, "AccessDenied")
		return
	case Fail:
		refuse(w, http.StatusInternalServerError, "InternalError")
		return
	case Slow:
		refuse(w, http.StatusServiceUnavailable, "SlowDown")
		return
	case Cut:
		panic(http.ErrAbortHandler)
	case CutLate:
		s.serve(httptest.NewRecorder(), r, call, name, body)
		panic(http.ErrAbortHandler)
	case Hang:
		s.mu.Unlock()
		<-r.Context().Done()
		s.mu.Lock()
		panic(http.ErrAbortHandler)
	case None:
	}
	s.serve(w, r, call, name, body)
}

// unchunk is the body of a request in chunks with signatures, or a trailer.
func unchunk(b []byte) ([]byte, error) {
	var out []byte
	for {
		line, rest, ok := bytes.Cut(b, []byte("\r\n"))
		if !ok {
			return nil, errors.New("no chunk")
		}
		size, _, _ := strings.Cut(string(line), ";")
		n, err := strconv.ParseInt(size, 16, 64)
		if err != nil || int64(len(rest)) < n {
			return nil, errors.New("bad chunk")
		}
		if n == 0 {
			return out, nil
		}
		out = append(out, rest[:n]...)
		b = bytes.TrimPrefix(rest[n:], []byte("\r\n"))
	}
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>no</Message></Error>", code)
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/xml")
	_ = xml.NewEncoder(w).Encode(v)
}

func etag(b []byte) string {
	sum := md5.Sum(b) //nolint:gosec // as above
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

func objectOf(r *http.Request) Object {
	o := Object{Type: r.Header.Get("Content-Type"), Meta: map[string]string{}}
	for name, values := range r.Header {
		if key, ok := strings.CutPrefix(strings.ToLower(name), "x-amz-meta-"); ok {
			o.Meta[key] = values[0]
		}
	}
	return o
}

func (s *Store) kept(b []byte) []byte {
	if s.discard {
		return make([]byte, 0)
	}
	return b
}

func (s *Store) serve(w http.ResponseWriter, r *http.Request, call, name string, body []byte) {
	q := r.URL.Query()
	u := s.uploads[q.Get("uploadId")]
	switch call {
	case "PutObject":
		if r.Header.Get("If-None-Match") == "*" && s.objects[name] != nil {
			refuse(w, http.StatusPreconditionFailed, "PreconditionFailed")
			return
		}
		o := objectOf(r)
		o.Body, o.Modified = body, s.now()
		s.objects[name] = &o
		w.Header().Set("ETag", etag(body))
	case "GetObject", "HeadObject":
		o := s.objects[name]
		if o == nil {
			refuse(w, http.StatusNotFound, "NoSuchKey")
			return
		}
		w.Header().Set("Content-Type", o.Type)
		for k, v := range o.Meta {
			w.Header().Set("X-Amz-Meta-"+k, v)
		}
		http.ServeContent(w, r, "", o.Modified, bytes.NewReader(o.Body))
	case "DeleteObject":
		delete(s.objects, name)
		w.WriteHeader(http.StatusNoContent)
	case "CreateMultipartUpload":
		s.next++
		id := strconv.Itoa(s.next)
		s.uploads[id] = &Upload{Name: name, Begun: s.now(), parts: map[int][]byte{}, like: objectOf(r)}
		answer(w, struct {
			XMLName  xml.Name `xml:"InitiateMultipartUploadResult"`
			Key      string
			UploadId string //nolint:staticcheck // S3's name
		}{Key: name, UploadId: id})
	case "UploadPart":
		if u == nil {
			refuse(w, http.StatusNotFound, "NoSuchUpload")
			return
		}
		n, _ := strconv.Atoi(q.Get("partNumber"))
		u.parts[n] = s.kept(body)
		w.Header().Set("ETag", etag(body))
	case "CompleteMultipartUpload":
		if u == nil {
			refuse(w, http.StatusNotFound, "NoSuchUpload")
			return
		}
		o := u.like
		for _, n := range slices.Sorted(maps.Keys(u.parts)) {
			o.Body = append(o.Body, u.parts[n]...)
		}
		o.Modified = s.now()
		s.objects[u.Name] = &o
		delete(s.uploads, q.Get("uploadId"))
		answer(w, struct {
			XMLName xml.Name `xml:"CompleteMultipartUploadResult"`
			Key     string
			ETag    string
		}{Key: u.Name, ETag: etag(o.Body)})
	case "AbortMultipartUpload":
		delete(s.uploads, q.Get("uploadId"))
		w.WriteHeader(http.StatusNoContent)
	case "ListObjectsV2":
		s.list(w, q)
	case "ListMultipartUploads":
		s.listUploads(w, q)
	}
}

type content struct {
	Key          string
	Size         int
	LastModified string
}

func (s *Store) list(w http.ResponseWriter, q url.Values) {
	most, err := strconv.Atoi(q.Get("max-keys"))
	if err != nil {
		most = 1000
	}
	after := max(q.Get("start-after"), q.Get("continuation-token"))
	var out struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		Contents              []content
		IsTruncated           bool
		NextContinuationToken string `xml:",omitempty"`
	}
	for _, name := range slices.Sorted(maps.Keys(s.objects)) {
		if !strings.HasPrefix(name, q.Get("prefix")) || name <= after {
			continue
		}
		if len(out.Contents) == most {
			out.IsTruncated, out.NextContinuationToken = true, out.Contents[most-1].Key
			break
		}
		o := s.objects[name]
		out.Contents = append(out.Contents, content{name, len(o.Body), o.Modified.UTC().Format(time.RFC3339)})
	}
	answer(w, out)
}

func (s *Store) listUploads(w http.ResponseWriter, q url.Values) {
	type upload struct {
		Key       string
		UploadId  string //nolint:staticcheck // S3's name
		Initiated string
	}
	var out struct {
		XMLName     xml.Name `xml:"ListMultipartUploadsResult"`
		Upload      []upload
		IsTruncated bool
	}
	for id, u := range s.uploads {
		if strings.HasPrefix(u.Name, q.Get("prefix")) {
			out.Upload = append(out.Upload, upload{u.Name, id, u.Begun.UTC().Format(time.RFC3339)})
		}
	}
	answer(w, out)
}
