package expression

import "fmt"

// Error is a fault that the service reports as a ValidationException.
type Error struct {
	// Message is the service's whole message, its prefix included.
	Message string
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

func errorf(format string, args ...any) *Error {
	return &Error{Message: fmt.Sprintf(format, args...)}
}

// Kind tells which parameter of a request an expression is.
type Kind uint8

// The expression parameters.
const (
	ConditionKind Kind = iota
	FilterKind
	KeyConditionKind
	UpdateKind
	ProjectionKind
	// StatementKind is a part of a PartiQL statement, which is no parameter of its own.
	StatementKind
	SearchConditionKind
)

var kindNames = [...]string{"ConditionExpression", "FilterExpression", "KeyConditionExpression", "UpdateExpression", "ProjectionExpression", "", "SearchConditionExpression"}

// String returns the parameter's name, such as FilterExpression.
func (k Kind) String() string { return kindNames[k] }

// errorf returns a fault of an expression of kind k.
func (k Kind) errorf(format string, args ...any) *Error {
	if k == StatementKind {
		return errorf(format, args...)
	}
	return errorf("Invalid "+k.String()+": "+format, args...)
}

// maxSize is the size of the longest expression, in bytes:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters
const maxSize = 4096

func checkSize(kind Kind, text string) error {
	if text == "" {
		return kind.errorf("The expression can not be empty;")
	}
	if len(text) <= maxSize {
		return nil
	}
	if kind == ConditionKind || kind == FilterKind || kind == KeyConditionKind {
		return kind.errorf("Expression size has exceeded the maximum allowed size; expression size: %d", len(text))
	}
	return kind.errorf("Expression size has exceeded the maximum allowed size;")
}
