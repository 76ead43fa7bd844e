// Package ion reads Amazon Ion's text: as much of it as DynamoDB's data is written in.
// https://amazon-ion.github.io/ion-docs/docs/spec.html
package ion

import (
	"fmt"
	"math/big"
	"regexp"
	"strings"
)

// Kind is the kind of a value.
type Kind uint8

// The kinds of values.
const (
	Null Kind = iota
	Bool
	Number // an integer, a decimal or a float
	String // or a symbol
	Blob
	List
	Struct
	Other // a timestamp, a clob, a float that is no number
)

// Value is a value of Ion.
type Value struct {
	Kind        Kind
	Annotations []string
	Text        string   // of a boolean, a number in decimal, a string; the bytes of a blob
	Names       []string // of a struct's fields
	Elems       []Value  // of a list or a struct
}

// Annotated reports whether the value has an annotation.
func (v Value) Annotated(name string) bool {
	for _, a := range v.Annotations {
		if a == name {
			return true
		}
	}
	return false
}

// SyntaxError says what is wrong with a text, and where.
type SyntaxError struct {
	Line   int // counted from 1
	Reason string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("Ion: line %d: %s", e.Line, e.Reason) }

var (
	integer   = regexp.MustCompile(`^-?0([xX][0-9a-fA-F](_?[0-9a-fA-F])*|[bB][01](_?[01])*)$`)
	decimal   = regexp.MustCompile(`^-?(0|[1-9](_?[0-9])*)(\.([0-9](_?[0-9])*)?)?([dDeE][+-]?[0-9](_?[0-9])*)?$`)
	timestamp = regexp.MustCompile(`^[0-9]{4}(T|-[0-9]{2}(T|-[0-9]{2}(T([0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2}))?)?))$`)
)

// scalar returns the value of a text that begins as a number.
func scalar(text string) (v Value, ok bool) {
	switch {
	case decimal.MatchString(text):
		text = strings.NewReplacer("_", "", "d", "e", "D", "e").Replace(text)
		text = strings.Replace(text, ".e", "e", 1)
		return Value{Kind: Number, Text: strings.TrimSuffix(text, ".")}, true
	case integer.MatchString(text):
		n, ok := new(big.Int).SetString(strings.ReplaceAll(text, "_", ""), 0)
		return Value{Kind: Number, Text: n.String()}, ok
	case timestamp.MatchString(text), text == "+inf", text == "-inf":
		return Value{Kind: Other}, true
	}
	return v, false
}
