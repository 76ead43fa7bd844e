package core

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/dynox-go/dynox/internal/wire"
)

// exchange is a protocol that wraps the SDK's own. It writes members of the
// request that the SDK's input leaves empty, and reads the items of the
// response; everything else is the SDK's. It serves one call at a time, whose
// attempts follow each other.
type exchange struct {
	smithyhttp.ClientProtocol
	members []member
	each    [][]member            // of the operations of a transaction
	page    *page                 // where the items go
	taker   taker                 // of members that are not one page's, nil: none
	out     smithy.Deserializable // of a kept stack, whose own output is not one call's
	seen    *sighting             // nil: nobody looks
	rest    [128]byte
}

// begin makes x that of c, whose answer goes to out, nil: to what the SDK has
// for it.
func (x *exchange) begin(c *call, out smithy.Deserializable) {
	x.members, x.each, x.page, x.taker, x.out, x.seen = c.members, c.each, c.page, c.taker, out, c.seen
}

// end forgets the call.
func (x *exchange) end() {
	x.members, x.each, x.page, x.taker, x.out, x.seen = nil, nil, nil, nil, nil, nil
}

// taker reads members of a batch's answer.
type taker interface {
	// reset drops what an attempt before has read.
	reset()
	// take reads the value that s is at, if it is for the taker.
	take(name []byte, s *wire.Scanner) (taken bool, err error)
	// processed is how many items it has taken or written, and how many are left.
	processed() (items, left int)
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
	if err := x.ClientProtocol.SerializeRequest(ctx, schema, in, req); err != nil || len(x.members)+len(x.each) == 0 {
		x.sent(req.ContentLength)
		return err
	}
	stream := req.GetStream()
	reader, ok := stream.(*bytes.Reader)
	if !ok {
		written, err := io.ReadAll(stream)
		if err != nil {
			return &smithy.SerializationError{Err: err}
		}
		reader = bytes.NewReader(written)
	}
	written := x.page.body.size(reader.Len())
	if _, err := io.ReadFull(reader, written); err != nil {
		return &smithy.SerializationError{Err: err}
	}
	body, err := x.write(written)
	if err != nil {
		return &smithy.SerializationError{Err: err}
	}
	x.sent(int64(len(body)))
	if ok { // the stream stays, with another text: a new one would copy the request
		reader.Reset(body)
		req.ContentLength = int64(len(body))
		return nil
	}
	changed, err := req.SetStream(bytes.NewReader(body))
	if err != nil {
		return &smithy.SerializationError{Err: err}
	}
	*req = *changed
	return nil
}

// sent notes how long the request's body is.
func (x *exchange) sent(n int64) {
	if x.seen != nil {
		x.seen.Sent = n
	}
}

// write is the body that the SDK wrote with the exchange's members in it.
func (x *exchange) write(written []byte) ([]byte, error) {
	size := len(written) + room(x.members)
	for _, members := range x.each {
		size += room(members)
	}
	return splice(make([]byte, 0, size), written, x.members, x.each)
}

// splice appends object to b, with members in place of those of their names,
// and each of the lists of members in an operation of a transaction.
func splice(b, object []byte, members []member, each [][]member) ([]byte, error) {
	b = append(b, '{')
	for _, m := range members {
		b = append(appendMember(b, m.name), m.json...)
	}
	err := eachMember(object, func(name []byte, s *wire.Scanner) error {
		value, err := s.Raw()
		switch {
		case err != nil:
			return err
		case slices.ContainsFunc(members, func(m member) bool { return string(name) == m.name }):
			return nil
		}
		b = appendMember(b, name)
		if each != nil && string(name) == "TransactItems" {
			b, err = spliceEach(b, value, each)
			return err
		}
		b = append(b, value...)
		return nil
	})
	return append(b, '}'), err
}

// spliceEach appends the operations of a transaction to b, with members in
// each: {"Put": {…}}.
func spliceEach(b, array []byte, each [][]member) ([]byte, error) {
	b = append(b, '[')
	n := 0
	err := eachElement(array, func(s *wire.Scanner) error {
		operation, err := s.Raw()
		if err != nil {
			return err
		}
		if n > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		err = eachMember(operation, func(name []byte, s *wire.Scanner) error {
			object, err := s.Raw()
			if err == nil {
				b, err = splice(appendMember(b, name), object, each[n], nil)
			}
			return err
		})
		b = append(b, '}')
		n++
		return err
	})
	return append(b, ']'), err
}

// room is how many bytes members take.
func room(members []member) int {
	n := 0
	for _, m := range members {
		n += len(m.name) + len(m.json) + len(`"":,`)
	}
	return n
}

// appendMember appends the name of a member, and what stands before and behind
// it, to the object that b ends in.
func appendMember[T string | []byte](b []byte, name T) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	return append(wire.AppendString(b, name), ':')
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

// eachElement calls f for each element of the array that data is: f reads it.
func eachElement(data []byte, f func(s *wire.Scanner) error) error {
	s := wire.NewScanner(data)
	if err := s.Array(); err != nil {
		return err
	}
	for {
		ok, err := s.Element()
		if err != nil {
			return err
		}
		if !ok {
			return s.End()
		}
		if err := f(&s); err != nil {
			return err
		}
	}
}

// DeserializeResponse reads the items of a response, and lets the SDK read the
// rest. What an attempt before has read is dropped.
func (x *exchange) DeserializeResponse(ctx context.Context, schema *smithy.OperationSchema, registry *smithy.TypeRegistry, resp *smithyhttp.Response, out smithy.Deserializable) error {
	if x.out != nil {
		out = x.out
	}
	x.page.reset()
	if x.taker != nil {
		x.taker.reset()
	}
	failed := resp.StatusCode < http.StatusOK || resp.StatusCode >= http.StatusMultipleChoices
	x.page.answered = !failed
	if err := x.page.body.fill(resp.Body, resp.ContentLength); err != nil {
		return &damagedError{&smithy.DeserializationError{Err: err}}
	}
	// The SDK compares the checksum when the body is closed, even where the
	// service gave none, and would only log.
	err := resp.Body.Close()
	resp.Body = http.NoBody
	if err != nil && resp.Header.Get("X-Amz-Crc32") != "" {
		return &damagedError{&smithy.DeserializationError{Err: err}}
	}
	rest := x.page.body.b
	if x.seen != nil {
		x.seen.Received += int64(len(rest))
	}
	if len(rest) > 0 {
		take := x.take
		if failed {
			take = x.takeRefused
		}
		switch rest, err = take(rest); {
		case err != nil && failed: // it need not come from the service
			x.page.perOp, rest = nil, x.page.body.b
		case err != nil:
			return &damagedError{&smithy.DeserializationError{Err: err}}
		case len(rest) == len("{}") && !failed:
			return nil // the SDK's output is empty as it is
		}
	}
	resp.Body = io.NopCloser(bytes.NewReader(rest))
	return x.ClientProtocol.DeserializeResponse(ctx, schema, registry, resp, out)
}

// take reads the items of a response's body, and returns the rest of it.
func (x *exchange) take(body []byte) ([]byte, error) {
	rest := append(x.rest[:0:len(x.rest)], '{')
	err := eachMember(body, func(name []byte, s *wire.Scanner) error {
		switch items := string(name); {
		case s.Kind() == wire.Null: // as good as not there
		case items == "Item", items == "Attributes":
			return x.page.read(s)
		case items == "Items":
			return x.page.readAll(s)
		case items == "Responses" && s.Kind() == wire.Array:
			return x.takeResponses(s)
		case x.taker != nil:
			if taken, err := x.taker.take(name, s); taken || err != nil {
				return err
			}
		}
		value, err := s.Raw()
		rest = append(appendMember(rest, name), value...)
		return err
	})
	return append(rest, '}'), err
}

// takeResponses takes the items that a transaction has read, in their order.
func (x *exchange) takeResponses(s *wire.Scanner) error {
	array, err := s.Raw()
	if err != nil {
		return err
	}
	return eachElement(array, func(s *wire.Scanner) error {
		response, err := s.Raw()
		if err != nil {
			return err
		}
		_, item, err := takeItem(nil, response, nil)
		x.page.perOp = append(x.page.perOp, item)
		return err
	})
}

// takeRefused takes the items out of the body of an error: the one that did
// not meet a condition, or those of the reasons why a transaction was
// canceled. It returns the rest.
func (x *exchange) takeRefused(body []byte) ([]byte, error) {
	rest, item, err := takeItem(x.rest[:0:len(x.rest)], body, func(b []byte, name []byte, value []byte) ([]byte, bool, error) {
		if string(name) != "CancellationReasons" {
			return b, false, nil
		}
		x.page.perOp = x.page.perOp[:0]
		if value[0] != '[' {
			return b, false, nil
		}
		b = append(appendMember(b, name), '[')
		err := eachElement(value, func(s *wire.Scanner) error {
			reason, err := s.Raw()
			if err != nil {
				return err
			}
			if b[len(b)-1] != '[' {
				b = append(b, ',')
			}
			var item stored
			b, item, err = takeItem(b, reason, nil)
			x.page.perOp = append(x.page.perOp, item)
			return err
		})
		return append(b, ']'), true, err
	})
	if item.raw != nil {
		x.page.perOp = append(x.page.perOp, item)
	}
	return rest, err
}

// takeItem appends object to b without its member Item, which it returns.
// Other members may be appended by other.
func takeItem(b, object []byte, other func(b, name, value []byte) ([]byte, bool, error)) (rest []byte, item stored, err error) {
	b = append(b, '{')
	err = eachMember(object, func(name []byte, s *wire.Scanner) error {
		value, err := s.Raw()
		if err != nil {
			return err
		}
		if string(name) == "Item" {
			item.raw = nil
			if value[0] == '{' {
				if len(bytes.TrimSpace(value[1:])) > len("}") { // an item without attributes is none
					item.raw = value
				}
				return nil
			}
		}
		if other != nil {
			var done bool
			if b, done, err = other(b, name, value); done || err != nil {
				return err
			}
		}
		b = append(appendMember(b, name), value...)
		return nil
	})
	return append(b, '}'), item, err
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

// size is the buffer with n bytes.
func (b *buffer) size(n int) []byte {
	if cap(b.b) < n {
		b.b = make([]byte, n)
	}
	return b.b[:n]
}

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
