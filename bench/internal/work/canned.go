package work

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// Canned answers each operation with the bytes that an engine once answered.
type Canned struct {
	mu      sync.Mutex
	record  http.RoundTripper // nil: replay
	Answers map[string]*Answer
}

// Answer is the response to an operation.
type Answer struct {
	Header http.Header
	Body   []byte
}

// RoundTrip reads the request as a transport does, and answers.
func (c *Canned) RoundTrip(req *http.Request) (*http.Response, error) {
	operation := req.Header.Get("X-Amz-Target")[strings.LastIndexByte(req.Header.Get("X-Amz-Target"), '.')+1:]
	if c.record != nil {
		resp, err := c.record.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return nil, err
		}
		c.mu.Lock()
		c.Answers[operation] = &Answer{resp.Header, body}
		c.mu.Unlock()
		resp.Body = io.NopCloser(bytes.NewReader(body))
		return resp, nil
	}
	if req.Body != nil {
		_, _ = io.Copy(io.Discard, req.Body)
		req.Body.Close()
	}
	a := c.Answers[operation]
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.Header, ContentLength: int64(len(a.Body)), Body: io.NopCloser(bytes.NewReader(a.Body)), Request: req,
	}, nil
}

// Recorder passes requests on to an engine and keeps its answers.
func Recorder(engine http.RoundTripper) *Canned {
	return &Canned{record: engine, Answers: make(map[string]*Answer)}
}

// Replay is the recorder's answers without the engine.
func (c *Canned) Replay() *Canned { return &Canned{Answers: c.Answers} }

// Client is a client whose requests go to c.
func (c *Canned) Client() *dynamodb.Client { return ClientOver(c) }

// ClientOver is a client whose requests go to transport.
func ClientOver(transport http.RoundTripper) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region:           "us-east-1",
		BaseEndpoint:     aws.String("http://canned.invalid"),
		Credentials:      credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""),
		HTTPClient:       &http.Client{Transport: transport},
		RetryMaxAttempts: 1,
	})
}
