package memtable

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// compressFrom is the size in bytes from which on the service compresses answers, if the client accepts it.
const compressFrom = 4096

var errTooLarge = errors.New("the body is too large")

// decompress returns the body that a request means. Its errors are errTooLarge, and the internal one that
// the service answers to a body that it cannot read.
func decompress(header http.Header, body []byte) ([]byte, error) {
	switch strings.ToLower(strings.TrimSpace(header.Get("Content-Encoding"))) {
	case "", "identity":
		return body, nil
	case "gzip":
	default:
		return nil, internalError()
	}
	in := bytes.NewReader(body)
	r, err := gzip.NewReader(in)
	if err != nil {
		return nil, internalError()
	}
	var plain []byte
	for ; err == nil; err = r.Reset(in) { // one compressed text may follow another
		r.Multistream(false)
		more, err := io.ReadAll(io.LimitReader(r, int64(maxBody+1-len(plain))))
		if err != nil {
			return nil, internalError()
		}
		if plain = append(plain, more...); len(plain) > maxBody {
			return nil, errTooLarge
		}
	}
	return plain, nil // what follows and is none is ignored
}

func internalError() error {
	return &apiError{status: http.StatusInternalServerError, code: inDynamoDB + "InternalServerError", message: "Internal server error"}
}

// compress compresses an answer's body in the encoding that the client likes best of those that the service
// has; the name is empty if that is none.
func compress(header http.Header, body []byte) (encoding string, out []byte) {
	if len(body) < compressFrom {
		return "", body
	}
	encoding = preferred(header.Get("Accept-Encoding"))
	var b bytes.Buffer
	var w io.WriteCloser
	switch encoding {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "deflate":
		w = zlib.NewWriter(&b)
	default:
		return "", body
	}
	_, _ = w.Write(body) // into memory: neither fails
	_ = w.Close()
	return encoding, b.Bytes()
}

// preferred returns which of gzip and deflate an Accept-Encoding asks for, empty if neither. Of equal ones
// the earlier is taken, and those that are named before those that "*" stands for.
func preferred(accept string) string {
	type choice struct {
		encoding string
		quality  float64
	}
	var best choice
	rest, named := -1.0, map[string]bool{}
	for entry := range strings.SplitSeq(accept, ",") {
		parts := strings.Split(entry, ";")
		name, q := strings.ToLower(strings.TrimSpace(parts[0])), quality(parts[1:])
		switch name {
		case "gzip", "deflate":
			named[name] = true
			if q > best.quality {
				best = choice{name, q}
			}
		case "*":
			rest = max(rest, q)
		}
	}
	for _, name := range []string{"gzip", "deflate"} {
		if !named[name] && rest > best.quality {
			best = choice{name, rest}
		}
	}
	return best.encoding
}

// quality reads the first q of an encoding's parameters, within 0 and 1; it is 1 where there is none, or
// none that is a number.
func quality(params []string) float64 {
	for _, p := range params {
		name, text, _ := strings.Cut(p, "=")
		if strings.TrimSpace(name) != "q" {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil {
			return 1
		}
		return max(0, min(q, 1))
	}
	return 1
}
