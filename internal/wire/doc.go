// Package wire reads and writes JSON as DynamoDB speaks it, on bytes and without reflection.
//
// A [Scanner] walks one document in place: the caller asks for what it expects, and gets positions,
// text and errors. The Append functions write values behind a byte slice, as the strconv functions do.
// Both keep to RFC 8259; where that leaves room (invalid UTF-8, lone surrogates) they do what
// encoding/json does, and are fuzzed against it.
package wire
