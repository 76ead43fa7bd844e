package bench

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// canned answers each operation with the bytes that an engine once answered.
type canned struct {
	mu      sync.Mutex
	record  http.RoundTripper // nil: replay
	answers map[string]*answer
}

type answer struct {
	header http.Header
	body   []byte
}

// RoundTrip reads the request as a transport does, and answers.
func (c *canned) RoundTrip(req *http.Request) (*http.Response, error) {
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
		c.answers[operation] = &answer{resp.Header, body}
		c.mu.Unlock()
		resp.Body = io.NopCloser(bytes.NewReader(body))
		return resp, nil
	}
	if req.Body != nil {
		_, _ = io.Copy(io.Discard, req.Body)
		req.Body.Close()
	}
	a := c.answers[operation]
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.header, ContentLength: int64(len(a.body)), Body: io.NopCloser(bytes.NewReader(a.body)), Request: req,
	}, nil
}

// recorder passes requests on to an engine and keeps its answers.
func recorder(engine http.RoundTripper) *canned {
	return &canned{record: engine, answers: make(map[string]*answer)}
}

// replay is the recorder's answers without the engine.
func (c *canned) replay() *canned { return &canned{answers: c.answers} }

func (c *canned) client() *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region:           "us-east-1",
		BaseEndpoint:     aws.String("http://canned.invalid"),
		Credentials:      credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""),
		HTTPClient:       &http.Client{Transport: c},
		RetryMaxAttempts: 1,
	})
}

var background = context.Background()
