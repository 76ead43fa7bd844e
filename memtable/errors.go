package memtable

import (
	"errors"
	"fmt"
	"net/http"
)

// The shapes of the service's errors: the prefix of "__type", by where in the service they arise.
const (
	inService  = "com.amazon.coral.service#"
	inValidate = "com.amazon.coral.validate#"
	inDynamoDB = "com.amazonaws.dynamodb.v20120810#"
)

// apiError is an error as the service answers it.
type apiError struct {
	status  int
	code    string // "__type", with its prefix
	message string
	more    func(*writer) // writes further members, if any
	whole   bool          // fails a transaction as a whole, instead of being the reason of one operation
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

// body appends the error's JSON.
func (e *apiError) body(w *writer) {
	w.beginObject()
	w.text("__type", e.code)
	switch {
	case e.message == "":
	case e.code == inService+"SerializationException":
		w.text("Message", e.message)
	default:
		w.text("message", e.message)
	}
	if e.more != nil {
		e.more(w)
	}
	w.endObject()
}

func badRequest(code, message string) error {
	return &apiError{status: http.StatusBadRequest, code: code, message: message}
}

// invalid is a ValidationException.
func invalid(format string, args ...any) error {
	if len(args) > 0 {
		format = fmt.Sprintf(format, args...)
	}
	return badRequest(inValidate+"ValidationException", format)
}

// invalidValue is a ValidationException about a parameter's value.
func invalidValue(format string, args ...any) error {
	return invalid("One or more parameter values were invalid: "+format, args...)
}

// emptyKeyValue is the ValidationException of a key attribute without a single byte.
func emptyKeyValue(format string, args ...any) error {
	return &apiError{
		status:  http.StatusBadRequest,
		code:    inValidate + "ValidationException",
		message: "One or more parameter values are not valid. " + fmt.Sprintf(format, args...),
		whole:   true,
	}
}

func unserializable(message string) error {
	return badRequest(inService+"SerializationException", message)
}

func notFound(message string) error {
	return badRequest(inDynamoDB+"ResourceNotFoundException", message)
}

func inUse(format string, args ...any) error {
	return badRequest(inDynamoDB+"ResourceInUseException", fmt.Sprintf(format, args...))
}

func limitExceeded(format string, args ...any) error {
	return badRequest(inDynamoDB+"LimitExceededException", fmt.Sprintf(format, args...))
}

// messageOf returns the message of an error that the engine answers.
func messageOf(err error) string {
	if api := (*apiError)(nil); errors.As(err, &api) {
		return api.message
	}
	return err.Error()
}
