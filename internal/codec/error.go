package codec

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/wire"
)

// Error says what could not be compiled, encoded or decoded, where, and why.
// Its text consists of names and types, never of values: an entry of a Go map,
// whose key is data, appears in Path as "*".
type Error struct {
	Op     string       // "compile", "encode" or "decode"
	Type   reflect.Type // the item's type; for "compile" the struct that declares the field
	Path   string       // the attribute's path, see [Path.String]; for "compile" the Go field; may be empty
	Reason string       // why, in names and types
	Err    error        // the cause, if another error is: not part of the text, since it may quote values

	steps Path // innermost first, while the error travels outwards
}

func (e *Error) Error() string {
	s := e.Op + " " + typeName(e.Type) + ": "
	if e.Path != "" {
		s += e.Path + ": "
	}
	return s + e.Reason
}

func (e *Error) Unwrap() error { return e.Err }

// anyEntry stands for an entry of a Go map in the path of an error.
var anyEntry = Step{Name: "*"}

func fail(format string, args ...any) error {
	return &Error{Reason: fmt.Sprintf(format, args...)}
}

func failWith(err error, format string, args ...any) error {
	return &Error{Reason: fmt.Sprintf(format, args...), Err: err}
}

func failRead(av types.AttributeValue, t reflect.Type) error {
	return fail("cannot read %s into %s", memberName(av), t)
}

func failDepth() error {
	return fail("nested more than %d levels deep, or cyclic", maxDepth)
}

func failNaN() error { return fail("NaN and Inf are no numbers of DynamoDB") }

func failEmptyKey() error { return fail("empty key") }

// under adds the step that leads to where err happened.
func under(err error, s Step) error {
	e := asError(err)
	e.steps = append(e.steps, s)
	return e
}

// asError is err itself, or a fault of the JSON as the Error that it becomes.
func asError(err error) *Error {
	if e, ok := err.(*Error); ok { //nolint:errorlint // made here, not wrapped
		return e
	}
	var fault *wire.SyntaxError
	if errors.As(err, &fault) {
		return &Error{Reason: fault.Error(), Err: err}
	}
	return &Error{Reason: "failed", Err: err}
}

// finish completes err at the outermost level; path leads to where it began.
func finish(err error, op string, t reflect.Type, path Path) error {
	e := asError(err)
	slices.Reverse(e.steps)
	e.Op, e.Type, e.Path = op, t, slices.Concat(path, e.steps).String()
	e.steps = nil
	return e
}

// refuse collects the errors of compiling type t.
func refuse(t reflect.Type, field string, format string, args ...any) error {
	return &Error{Op: "compile", Type: t, Path: field, Reason: fmt.Sprintf(format, args...)}
}

// heldErrors is what compiling a type that an interface held, or that only
// turned up at run time, found.
func heldErrors(errs []error) error {
	texts := make([]string, len(errs))
	for i, err := range errs {
		texts[i] = err.Error()
	}
	return failWith(errors.Join(errs...), "%s", strings.Join(texts, "; "))
}

func typeName(t reflect.Type) string {
	switch {
	case t == nil:
		return "nil"
	case t.Name() != "":
		return t.Name()
	default:
		return t.String()
	}
}
