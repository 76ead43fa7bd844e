package memtable

import (
	"context"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/dynox-go/dynox/internal/wire"
)

// maxBody is the largest request that the service reads.
const maxBody = 16 << 20

// The prefixes of X-Amz-Target, before the operation's name.
const (
	target       = "DynamoDB_20120810."
	streamTarget = "DynamoDBStreams_20120810."
)

// answer is a response before it is put into one of the two forms that net/http has.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// RoundTrip answers a request of the DynamoDB API, whatever its host. It implements [http.RoundTripper]:
// it reads and closes the request's body, and gives up when the request's context ends. Its own errors are
// those of a connection: a cancelled context, an engine that is closed, a fault that a test asked for.
func (e *Engine) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	a, err := e.serve(req)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status:        strconv.Itoa(a.status) + " " + http.StatusText(a.status),
		StatusCode:    a.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        a.header,
		Body:          newBody(a.body),
		ContentLength: int64(len(a.body)),
		Request:       req,
	}, nil
}

// ServeHTTP answers a request of the DynamoDB API. It implements [http.Handler]. GET / is a health check.
// Where RoundTrip would fail, it breaks the connection.
func (e *Engine) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	a, err := e.serve(req)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	header := w.Header()
	if req.Header.Get("Origin") != "" {
		header.Set("Access-Control-Allow-Origin", "*")
		header.Set("Access-Control-Expose-Headers", "x-amzn-RequestId,x-amzn-ErrorType,x-amz-crc32,Date")
	}
	for name, values := range a.header {
		header[name] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that went away is no fault of ours
}

// serve answers a request, or says how its connection broke.
func (e *Engine) serve(req *http.Request) (*answer, error) {
	ctx := req.Context()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if e.closed.Load() {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	if req.Header.Get("Origin") != "" && req.Method == http.MethodOptions {
		return e.preflight(req), nil
	}
	if req.Method == http.MethodGet {
		return e.plain(http.StatusOK, "healthy: dynamodb."+e.region+".amazonaws.com "), nil
	}
	body, err := readBody(req)
	switch {
	case errors.Is(err, errTooLarge):
		return e.plain(http.StatusRequestEntityTooLarge, ""), nil
	case err != nil:
		return nil, err
	case req.Method != http.MethodPost || (len(body) > 0 && !speaksJSON(req)):
		return e.plain(http.StatusNotFound, "<UnknownOperationException/>\n"), nil
	}
	contentType := mediaType(req)
	if contentType != "application/x-amz-json-1.0" {
		contentType = "application/json"
	}
	plain, err := decompress(req.Header, body)
	switch {
	case errors.Is(err, errTooLarge):
		return e.plain(http.StatusRequestEntityTooLarge, ""), nil
	case err != nil:
		return e.json(contentType, err, nil), nil
	}
	a, err := e.call(ctx, req, contentType, body, plain)
	if err == nil {
		e.compress(req, a)
	}
	return a, err
}

// preflight answers what a browser asks before it sends a request to another site: anything goes.
func (e *Engine) preflight(req *http.Request) *answer {
	a := e.plain(http.StatusOK, "")
	for _, h := range [][2]string{{"Access-Control-Request-Headers", "Access-Control-Allow-Headers"}, {"Access-Control-Request-Method", "Access-Control-Allow-Methods"}} {
		if asked := req.Header.Get(h[0]); asked != "" {
			a.header.Set(h[1], asked)
		}
	}
	a.header.Set("Access-Control-Max-Age", "172800")
	return a
}

// compress compresses the body of a long answer, if the client accepts that. The checksum is of what is sent.
func (e *Engine) compress(req *http.Request, a *answer) {
	encoding, body := compress(req.Header, a.body)
	if encoding == "" {
		return
	}
	a.body = body
	a.header.Set("Content-Encoding", encoding)
	a.header.Set("Content-Length", strconv.Itoa(len(body)))
	a.header.Set("X-Amz-Crc32", checksum(body))
}

// call runs the operation that the request names, with the faults that the test asked for. What was sent
// is what is signed; body is the same, decompressed.
func (e *Engine) call(ctx context.Context, req *http.Request, contentType string, sent, body []byte) (*answer, error) {
	name, run := operationOf(req.Header.Get("X-Amz-Target"))
	if run == nil {
		return e.json(contentType, unknownOperation(body), nil), nil
	}
	if err := e.authenticate(req, sent); err != nil {
		return e.json(contentType, err, nil), nil
	}
	table := ""
	if e.log.limit > 0 || e.onScan != nil || e.faults.any() {
		table = namedTable(body)
		e.log.add(Request{Operation: name, Table: table, Body: body})
	}
	if e.onScan != nil && name == "Scan" {
		e.onScan(table)
	}
	fault := e.faults.take(name, table)
	if err := fault.before(ctx); err != nil {
		if api := (*apiError)(nil); errors.As(err, &api) {
			return e.json(contentType, err, nil), nil
		}
		return nil, err
	}
	w := writers.Get().(*writer)
	defer func() {
		if cap(w.b) <= 4<<20 {
			w.b = w.b[:0]
			writers.Put(w)
		}
	}()
	err := run(e, body, fault, w)
	if broken := fault.after(ctx); broken != nil {
		return nil, broken
	}
	return e.json(contentType, err, w), nil
}

// operationOf returns the operation that a target names; nil if there is none.
func operationOf(text string) (name string, run operation) {
	if name, ok := strings.CutPrefix(text, target); ok {
		return name, operations[name]
	}
	if name, ok := strings.CutPrefix(text, streamTarget); ok {
		return name, streamOperations[name]
	}
	return "", nil
}

// unknownOperation is the error of a request that names no operation; the service looks at its JSON first.
func unknownOperation(body []byte) error {
	s := wire.NewScanner(body)
	if len(body) > 0 && (s.Skip() != nil || s.End() != nil) {
		return unserializable("")
	}
	return badRequest(inService+"UnknownOperationException", "")
}

// json makes an answer of what w holds, or of err where there is one.
func (e *Engine) json(contentType string, err error, w *writer) *answer {
	status := http.StatusOK
	if err != nil {
		api := (*apiError)(nil)
		if !errors.As(err, &api) {
			api = &apiError{status: http.StatusInternalServerError, code: inDynamoDB + "InternalServerError", message: err.Error()}
		}
		status = api.status
		w = &writer{}
		api.body(w)
	}
	body := append([]byte(nil), w.b...)
	return &answer{status: status, header: e.header(contentType, body), body: body}
}

func (e *Engine) plain(status int, text string) *answer {
	return &answer{status: status, header: e.header("", []byte(text)), body: []byte(text)}
}

// header gives what the service sends with every answer.
func (e *Engine) header(contentType string, body []byte) http.Header {
	h := http.Header{
		"Content-Length":   {strconv.Itoa(len(body))},
		"X-Amz-Crc32":      {checksum(body)},
		"X-Amzn-Requestid": {e.requestID()},
		"Server":           {"Server"},
	}
	if contentType != "" {
		h["Content-Type"] = []string{contentType}
	}
	return h
}

func checksum(body []byte) string { return strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10) }

// requestID is a name of 52 characters that no other request of the engine has.
func (e *Engine) requestID() string {
	var id [32]byte
	n := e.requests.Add(1)
	for i := 0; i < len(id); i += 8 {
		n = n*0x9E3779B97F4A7C15 + uint64(i) // mixed, so that the names don't look like a count
		binary.BigEndian.PutUint64(id[i:], n)
	}
	return base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(id[:])
}

// readBody reads a request's body; its own error is errTooLarge.
func readBody(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	if n := req.ContentLength; n > 0 && n <= maxBody {
		body := make([]byte, n)
		_, err := io.ReadFull(req.Body, body)
		return body, err
	}
	body, err := io.ReadAll(io.LimitReader(req.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = errTooLarge
	}
	return body, err
}

func mediaType(req *http.Request) string {
	typ, _, _ := strings.Cut(req.Header.Get("Content-Type"), ";")
	return strings.TrimSpace(typ)
}

func speaksJSON(req *http.Request) bool {
	typ := mediaType(req)
	return typ == "application/x-amz-json-1.0" || typ == "application/json"
}

// responseBody is a response's body in memory.
type responseBody struct{ data []byte }

func newBody(data []byte) io.ReadCloser { return &responseBody{data} }

func (b *responseBody) Read(p []byte) (int, error) {
	if len(b.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, b.data)
	b.data = b.data[n:]
	return n, nil
}

func (b *responseBody) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(b.data)
	b.data = b.data[n:]
	return int64(n), err
}

func (b *responseBody) Close() error { return nil }
