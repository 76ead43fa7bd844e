package bulk

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"
)

// PutFailure is an item that a bulk put did not put, as the service reports it. What a
// report does not say is empty; Raw is all of it.
type PutFailure struct {
	Object   string          // the key of the object that the item is in
	Line     int64           // of the object, from 1
	Code     string          // why: the service's code, such as ValidationException
	Message  string          // the service's words, which may quote values
	Item     json.RawMessage // the item, as DynamoDB JSON
	Existing json.RawMessage // what is stored, of an item that OnlyNew leaves
	Raw      json.RawMessage // the report's line
}

// Failures yields what the service reports of items that were not put, from the bucket that
// the operation had. The reports stay there. An error is yielded last.
//
// The service's reports are lines of JSON, in objects under the prefix of the operation; a
// line of which nothing is understood has only its Raw. Manifests are passed over.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/BulkPutItems.Output.html
func (s PutState) Failures(ctx context.Context, bucket Bucket) iter.Seq2[PutFailure, error] {
	return func(yield func(PutFailure, error) bool) {
		fail := func(err error) { yield(PutFailure{}, wrap("bulk put report", s.Operation, err)) }
		switch {
		case bucket == nil:
			fail(errors.New("no bucket"))
			return
		case s.report == "":
			return // nothing was started
		}
		for key, err := range bucket.List(ctx, s.report) {
			if err != nil {
				fail(err)
				return
			}
			if strings.HasPrefix(path.Base(key), "manifest") {
				continue
			}
			more, err := readReport(ctx, bucket, key, yield)
			if err != nil {
				fail(err)
			}
			if err != nil || !more {
				return
			}
		}
	}
}

// readReport yields the lines of a report; more: all of them were wanted.
func readReport(ctx context.Context, bucket Bucket, key string, yield func(PutFailure, error) bool) (more bool, err error) {
	body, err := bucket.Open(ctx, key)
	if err != nil {
		return false, err
	}
	defer body.Close()
	from, _, done, err := unpack(bufio.NewReaderSize(body, readSize))
	if err != nil {
		return false, err
	}
	defer done()
	r := bufio.NewReaderSize(from, readSize)
	for {
		line, err := r.ReadBytes('\n')
		if line := bytes.TrimSpace(line); len(line) > 0 {
			f, fault := parseFailure(line)
			if fault != nil {
				return false, fmt.Errorf("a line of a report is no JSON object: %w", fault)
			}
			if !yield(f, nil) {
				return false, nil
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return true, nil
		case err != nil:
			return false, err
		}
	}
}

// errReport hides what the JSON package says, which may quote the line.
var errReport = errors.New("damaged")

// parseFailure reads a line of a report. Names of members are taken in any case.
func parseFailure(line []byte) (PutFailure, error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(line, &members) != nil {
		return PutFailure{}, errReport
	}
	f := PutFailure{Raw: bytes.Clone(line)}
	for name, value := range members {
		var text string
		_ = json.Unmarshal(value, &text) // of what is one
		switch strings.ToLower(name) {
		case "s3key", "s3objectkey", "objectkey", "object":
			f.Object = text
		case "line", "linenumber":
			_ = json.Unmarshal(value, &f.Line) // otherwise it is in Raw
		case "errorcode", "code":
			f.Code = text
		case "errormessage", "message":
			f.Message = text
		case "item":
			f.Item = value
		case "existingitem":
			f.Existing = value
		case "record":
			var record struct{ Item json.RawMessage }
			if text != "" {
				value = []byte(text)
			}
			if json.Unmarshal(value, &record) == nil && f.Item == nil {
				f.Item = record.Item
			}
		}
	}
	return f, nil
}
