package blob

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/smithy-go"
)

// What can be wrong with a blob or a compressed value, for errors.Is.
var (
	// ErrNone: the reference refers to no blob.
	ErrNone = errors.New("dynox: blob: no blob")
	// ErrNoField: a write has bytes to be stored, in an attribute that the
	// repository has no [Field] for. Nothing was sent.
	ErrNoField = errors.New("dynox: blob: bytes to be stored in an attribute without blob.Field")
	// ErrGone: the object is not in the bucket: it was removed with the item that
	// it was read from, or by others.
	ErrGone = errors.New("dynox: blob: the object is gone")
	// ErrForeign: a write would store a reference to an object that belongs to
	// another item of the table, or to another attribute, which removes it in its
	// own time. To have the bytes twice, read them and store them anew.
	ErrForeign = errors.New("dynox: blob: the object belongs to another item or attribute")
	// ErrChanged: the bytes in the bucket are not those that were stored.
	ErrChanged = errors.New("dynox: blob: the object is not what was stored")
	// ErrTooLarge: a value that is compressed has more bytes than [MaxSize].
	ErrTooLarge = errors.New("more bytes than blob.MaxSize")
)

// Error is a call of S3 that failed. Its text names the call and S3's code; the
// SDK's own error, which may quote names, is in the chain.
type Error struct {
	Call string // PutObject, GetObject, …; Upload for all those of one
	Err  error
}

func (e *Error) Error() string {
	var api smithy.APIError
	switch {
	case errors.Is(e.Err, ErrChanged):
		return ErrChanged.Error()
	case errors.Is(e.Err, ErrGone):
		return ErrGone.Error()
	case errors.As(e.Err, &api):
		return fmt.Sprintf("dynox: blob: S3 %s: the service answered %s", e.Call, api.ErrorCode())
	case errors.Is(e.Err, context.Canceled):
		return fmt.Sprintf("dynox: blob: S3 %s: %v", e.Call, context.Canceled)
	case errors.Is(e.Err, context.DeadlineExceeded):
		return fmt.Sprintf("dynox: blob: S3 %s: %v", e.Call, context.DeadlineExceeded)
	}
	return fmt.Sprintf("dynox: blob: S3 %s: no answer from the service", e.Call)
}

// Unwrap is why the call failed.
func (e *Error) Unwrap() error { return e.Err }

// outside reports whether S3 has no byte of a range.
func outside(err error) bool {
	var answer interface{ HTTPStatusCode() int }
	return errors.As(err, &answer) && answer.HTTPStatusCode() == http.StatusRequestedRangeNotSatisfiable
}

// missing reports whether S3 does not have the object.
func missing(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	switch api.ErrorCode() {
	case "NoSuchKey", "NotFound":
		return true
	}
	return false
}
