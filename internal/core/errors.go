package core

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/dynox-go/dynox/internal/ast"
)

// The kinds of failure that callers tell apart with errors.Is. The root
// package exports and documents them.
var (
	ErrNotFound        = errors.New("not found")
	ErrConditionFailed = errors.New("condition failed")
	ErrExists          = errors.New("already exists")
	ErrUnknownOutcome  = errors.New("outcome unknown: the write may have taken effect")
	ErrReadOnly        = errors.New("read-only")
	ErrTooLarge        = errors.New("too large")
	ErrKey             = errors.New("invalid key")
	ErrCursor          = errors.New("invalid cursor")
	ErrTableNotFound   = errors.New("table not found")
	ErrRequired        = errors.New("required and not set")
	ErrInvalid         = errors.New("invalid item")
	ErrAfterWrite      = errors.New("the write took effect, but what follows it failed")
	ErrPath            = errors.New("missing path")
	ErrScan            = errors.New("the table is not to be scanned")
	ErrNotUnique       = errors.New("not unique: another item has this value")
)

// Failure is a call that failed in a known way.
type Failure struct {
	Kinds []error // what errors.Is finds, the most telling first
	Why   string  // what else there is to say, without values
	Cause error   // the SDK's error, or nil
	Old   any     // the *T that is stored, or nil
}

func (f *Failure) Error() string {
	s := f.Kinds[0].Error()
	if f.Why != "" {
		s += ": " + f.Why
	}
	return s
}

// Unwrap gives errors.Is and errors.As the kinds and the cause.
func (f *Failure) Unwrap() []error {
	if f.Cause == nil {
		return f.Kinds
	}
	return append(f.Kinds[:len(f.Kinds):len(f.Kinds)], f.Cause)
}

// pathError is a fault of one attribute of an item.
type pathError struct {
	path string
	err  error
}

func (e *pathError) Error() string { return e.path + ": " + e.err.Error() }
func (e *pathError) Unwrap() error { return e.err }

// quietError says why without the text of the error it wraps, which may
// quote values.
type quietError struct {
	why string
	err error
}

func (e *quietError) Error() string { return e.why }
func (e *quietError) Unwrap() error { return e.err }

// ServiceError is an error of the SDK, told without the service's text,
// which may quote values.
type ServiceError struct {
	Cause error
}

func (e *ServiceError) Error() string {
	var api smithy.APIError
	var send *smithyhttp.RequestSendError
	var netErr *net.OpError
	var damaged *smithy.DeserializationError
	switch {
	case errors.As(e.Cause, &damaged):
		return "the service's answer is damaged"
	case errors.As(e.Cause, &api):
		return "the service answered " + api.ErrorCode()
	case errors.Is(e.Cause, context.DeadlineExceeded):
		return context.DeadlineExceeded.Error()
	case errors.Is(e.Cause, context.Canceled):
		return context.Canceled.Error()
	case errors.As(e.Cause, &netErr):
		return "no answer from the service: " + netErr.Op + ": " + netErr.Err.Error()
	case errors.As(e.Cause, &send):
		return fmt.Sprintf("no answer from the service: %T", errors.Unwrap(send))
	}
	var op *smithy.OperationError
	if errors.As(e.Cause, &op) {
		for _, step := range setup {
			if text := op.Err.Error(); strings.HasPrefix(text, step) {
				return "the SDK is not set up: " + text
			}
		}
		return fmt.Sprintf("the SDK failed: %T", innermost(op))
	}
	return fmt.Sprintf("the client failed: %T", innermost(e.Cause))
}

// setup is how the SDK begins an error of its configuration. It speaks of
// regions, endpoints and credentials' sources, not of items.
var setup = []string{"failed to resolve service endpoint", "get identity", "resolve auth scheme", "failed to sign request"}

// Unwrap is the SDK's error.
func (e *ServiceError) Unwrap() error { return e.Cause }

func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// serviceError is err of a call that reads, or of a write without a known
// outcome of its own.
func serviceError(err error) error {
	var unsent *unsentError
	if errors.As(err, &unsent) {
		return unsent
	}
	var missing *types.ResourceNotFoundException
	if errors.As(err, &missing) {
		return &Failure{Kinds: []error{ErrTableNotFound}, Cause: err}
	}
	return &ServiceError{err}
}

// updateError is err of one or more writes with actions.
func updateError(err error, actions []*ast.Action) error {
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() == "ValidationException" {
		if f := invalid(api.ErrorMessage(), actions); f != nil {
			f.Cause = err
			return f
		}
	}
	return serviceError(err)
}

// invalid is what the message of the service's validation means, nil if nothing known. It
// says that a path is missing, but not which: these are the ones it can be.
func invalid(message string, actions []*ast.Action) *Failure {
	var paths []string
	switch {
	case strings.HasPrefix(message, "Item size") && strings.Contains(message, "exceeded"): // Item size to update has …
		return &Failure{Kinds: []error{ErrTooLarge}, Why: fmt.Sprintf("the item would have more than the %d bytes that one can have", maxItem)}
	case strings.Contains(message, "document path"): // … provided in the update expression is invalid for update
		for _, a := range actions {
			if len(a.Attr.Path) > 1 {
				paths = append(paths, a.Attr.String())
			}
		}
	case strings.Contains(message, "incorrect data type"):
		for _, a := range actions {
			if a.Clause != ast.Remove && a.Value.Kind != ast.OpValue || a.Clause == ast.Add || a.Clause == ast.Delete {
				paths = append(paths, a.Attr.String())
			}
		}
		if paths != nil {
			why := "the item holds another type than an update builds on, NULL perhaps, in one of: " + strings.Join(paths, ", ")
			return &Failure{Kinds: []error{ErrPath}, Why: why}
		}
	case strings.Contains(message, "refers to an attribute that does not exist"):
		for _, a := range actions {
			if a.Clause == ast.Set && a.Value.Kind != ast.OpValue {
				paths = append(paths, a.Attr.String())
			}
		}
	}
	if paths == nil {
		return nil
	}
	return &Failure{Kinds: []error{ErrPath}, Why: "the item lacks what an update builds on, one of: " + strings.Join(paths, ", ")}
}

// ambiguous reports whether a write may have taken effect although an
// attempt of it ended in err: the request had left, and no answer, or a
// server's fault, came back.
func ambiguous(err error) bool {
	if err == nil {
		return false
	}
	if throttled(err) || isUnsent(err) {
		return false
	}
	var api smithy.APIError
	_ = errors.As(err, &api)
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && response.HTTPStatusCode() != 0 {
		// A 200 whose body could not be read is as good as a lost answer.
		status := response.HTTPStatusCode()
		return status < 300 || status >= 500
	}
	if api != nil {
		return api.ErrorFault() == smithy.FaultServer
	}
	var dial *net.OpError
	var dns *net.DNSError
	if errors.As(err, &dial) && dial.Op == "dial" || errors.As(err, &dns) {
		return false
	}
	var send *smithyhttp.RequestSendError
	var canceled *aws.RequestCanceledError
	var timeout net.Error
	return errors.As(err, &send) || errors.As(err, &canceled) || errors.As(err, &timeout) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// throttled reports whether the service had no capacity for a call.
func throttled(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && throttles[api.ErrorCode()]
}

var throttles = map[string]bool{
	"ProvisionedThroughputExceededException": true,
	"RequestLimitExceeded":                   true,
	"ThrottlingException":                    true,
	"Throttling":                             true,
	"TransactionInProgressException":         true,
}

// CallError is err of a call of the service's that is not one of a repository.
func CallError(err error) error { return serviceError(err) }
