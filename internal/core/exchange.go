package core

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/dynox-go/dynox/internal/wire"
)

// exchange is one call on the direct path: a protocol that wraps the SDK's
// own. It writes members of the request that the SDK's input leaves empty, and
// reads the items of the response; everything else is the SDK's. It is for one
// call, whose attempts follow each other.
type exchange struct {
	smithyhttp.ClientProtocol
	members []member
	page    *page // where the items go
}

// member is a member of a request's body.
type member struct {
	name string
	json []byte
}

// awsJSON is the protocol that an exchange can wrap.
var awsJSON = smithy.ShapeID{Namespace: "aws.protocols", Name: "awsJson1_0"}

// wrap is an option of a call: it puts x in front of the client's protocol.
func (x *exchange) wrap(o *dynamodb.Options) {
	x.ClientProtocol = o.Protocol
	o.Protocol = x
}

// SerializeRequest lets the SDK write its input, and adds the members.
func (x *exchange) SerializeRequest(ctx context.Context, schema *smithy.OperationSchema, in smithy.Serializable, req *smithyhttp.Request) error {
	if err := x.ClientProtocol.SerializeRequest(ctx, schema, in, req); err != nil || len(x.members) == 0 {
		return err
	}
	written, err := io.ReadAll(req.GetStream())
	if err != nil {
		return &smithy.SerializationError{Err: err}
	}
	body, err := x.splice(written)
	if err != nil {
		return &smithy.SerializationError{Err: err}
	}
	changed, err := req.SetStream(bytes.NewReader(body))
	if err != nil {
		return &smithy.SerializationError{Err: err}
	}
	*req = *changed
	return nil
}

// splice is the body that the SDK wrote with x's members in place of those of
// their names.
func (x *exchange) splice(written []byte) ([]byte, error) {
	size := len(written)
	for _, m := range x.members {
		size += len(m.name) + len(m.json) + len(`"":,`)
	}
	body := append(make([]byte, 0, size), '{')
	add := func(name, json []byte) {
		if len(body) > 1 {
			body = append(body, ',')
		}
		body = append(append(append(body, '"'), name...), `":`...)
		body = append(body, json...)
	}
	for _, m := range x.members {
		add([]byte(m.name), m.json)
	}
	err := eachMember(written, func(name []byte, s *wire.Scanner) error {
		start := *s
		if err := s.Skip(); err != nil {
			return err
		}
		for _, m := range x.members {
			if string(name) == m.name {
				return nil
			}
		}
		add(name, start.Until(s))
		return nil
	})
	return append(body, '}'), err
}

// eachMember calls f for each member of the object that data is: f reads its
// value.
func eachMember(data []byte, f func(name []byte, s *wire.Scanner) error) error {
	s := wire.NewScanner(data)
	if err := s.Object(); err != nil {
		return err
	}
	for {
		name, ok, err := s.Member()
		if err != nil {
			return err
		}
		if !ok {
			return s.End()
		}
		if err := f(name, &s); err != nil {
			return err
		}
	}
}

// DeserializeResponse reads the items of a response that is no error, and
// lets the SDK read the rest. What an attempt before has read is dropped.
func (x *exchange) DeserializeResponse(ctx context.Context, schema *smithy.OperationSchema, registry *smithy.TypeRegistry, resp *smithyhttp.Response, out smithy.Deserializable) error {
	x.page.reset()
	if resp.StatusCode < http.StatusOK || resp.StatusCode >= http.StatusMultipleChoices {
		return x.ClientProtocol.DeserializeResponse(ctx, schema, registry, resp, out)
	}
	if err := x.page.body.fill(resp.Body, resp.ContentLength); err != nil {
		return &damagedError{&smithy.DeserializationError{Err: err}}
	}
	// The SDK checks the checksum when the body is closed, and would only log.
	err := resp.Body.Close()
	resp.Body = http.NoBody
	if err != nil {
		return &damagedError{&smithy.DeserializationError{Err: err}}
	}
	if len(x.page.body.b) == 0 {
		return x.ClientProtocol.DeserializeResponse(ctx, schema, registry, resp, out)
	}
	rest, err := x.take(x.page.body.b)
	if err != nil {
		return &damagedError{&smithy.DeserializationError{Err: err}}
	}
	resp.Body = io.NopCloser(bytes.NewReader(rest))
	return x.ClientProtocol.DeserializeResponse(ctx, schema, registry, resp, out)
}

// take reads the items of a response's body, and returns the rest of it.
func (x *exchange) take(body []byte) ([]byte, error) {
	rest := []byte{'{'}
	err := eachMember(body, func(name []byte, s *wire.Scanner) error {
		switch string(name) {
		case "Item", "Attributes":
			return x.page.read(s)
		case "Items":
			return x.page.readAll(s)
		}
		start := *s
		if err := s.Skip(); err != nil {
			return err
		}
		if len(rest) > 1 {
			rest = append(rest, ',')
		}
		rest = append(wire.AppendString(rest, name), ':')
		rest = append(rest, start.Until(s)...)
		return nil
	})
	return append(rest, '}'), err
}

// damagedError is an answer that cannot be read, or has another checksum than
// it says. It is as good as lost, and the call may be repeated.
type damagedError struct {
	*smithy.DeserializationError
}

// RetryableError tells the SDK's retryer to try again.
func (*damagedError) RetryableError() bool { return true }

// Unwrap gives errors.As the SDK's error.
func (e *damagedError) Unwrap() error { return e.DeserializationError }

// buffer holds the body of a response.
type buffer struct {
	b []byte
}

// maxKept is the largest buffer that is kept for another call.
const maxKept = 4 << 20

// fill reads all of r, which is said to have size bytes, -1 if that is not
// known.
func (b *buffer) fill(r io.Reader, size int64) error {
	b.b = b.b[:0]
	if want := int(min(max(size, 0), maxKept)) + 1; cap(b.b) < want {
		b.b = make([]byte, 0, want)
	}
	for {
		if len(b.b) == cap(b.b) {
			b.b = append(b.b, 0)[:len(b.b)]
		}
		n, err := r.Read(b.b[len(b.b):cap(b.b)])
		b.b = b.b[:len(b.b)+n]
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// buffers keeps the buffers of responses.
type buffers struct {
	pool sync.Pool
}

func (p *buffers) get() *buffer {
	if b, ok := p.pool.Get().(*buffer); ok {
		return b
	}
	return new(buffer)
}

func (p *buffers) put(b *buffer) {
	if cap(b.b) <= maxKept {
		p.pool.Put(b)
	}
}
