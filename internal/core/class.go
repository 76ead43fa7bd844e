package core

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

// The classes of errors: few, and the same whatever the operation.
const (
	ClassThrottled   = "throttled"
	ClassConflict    = "conflict"
	ClassCondition   = "condition_failed"
	ClassUnknown     = "unknown_outcome"
	ClassNotFound    = "not_found"
	ClassBudget      = "budget"
	ClassDeadline    = "deadline"
	ClassCanceled    = "canceled"
	ClassRefused     = "refused"
	ClassUnavailable = "unavailable"
	ClassOther       = "other"
)

// ClassOf is the class of an error, "" for nil.
func ClassOf(err error) string {
	var api smithy.APIError
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ErrUnknownOutcome):
		return ClassUnknown
	case errors.Is(err, ErrBudget):
		return ClassBudget
	case Throttled(err):
		return ClassThrottled
	case ConditionFailed(err):
		return ClassCondition
	case Conflict(err):
		return ClassConflict
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrTableNotFound):
		return ClassNotFound
	case errors.Is(err, context.DeadlineExceeded):
		return ClassDeadline
	case errors.Is(err, context.Canceled):
		return ClassCanceled
	case errors.As(err, &api) && api.ErrorCode() == "ResourceNotFoundException":
		return ClassNotFound
	case transient(err):
		return ClassUnavailable
	case errors.As(err, &api):
		return ClassRefused
	}
	return ClassOther
}

// Throttled reports whether the service had no capacity for what failed with err.
func Throttled(err error) bool { return starved(err) }

// Conflict reports whether another write or transaction on the same item was the
// only reason of err.
func Conflict(err error) bool {
	if errors.Is(err, ErrUnknownOutcome) {
		return false
	}
	var single *types.TransactionConflictException
	var progress *types.TransactionInProgressException
	return errors.As(err, &single) || errors.As(err, &progress) || conflict(err)
}

// ConditionFailed reports whether err is that of a condition that does not hold, and
// nothing was changed: not by an attempt whose answer was lost either.
func ConditionFailed(err error) bool {
	return !errors.Is(err, ErrUnknownOutcome) && conditionAnswered(err)
}

// conditionAnswered reports whether the last answer was that a condition does not hold.
func conditionAnswered(err error) bool {
	switch {
	case errors.Is(err, ErrConditionFailed):
		return true
	case errors.Is(err, ErrNotFound): // which the service tells in the same way
		return false
	}
	var single *types.ConditionalCheckFailedException
	return errors.As(err, &single) || canceledFor(err, "ConditionalCheckFailed")
}

// Retryable reports whether what failed with err may be tried again as it is, and
// may succeed then.
func Retryable(err error) bool {
	switch {
	case err == nil || errors.Is(err, ErrUnknownOutcome) || errors.Is(err, ErrAfterWrite) || errors.Is(err, ErrBudget) || ConditionFailed(err):
		return false
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return false
	}
	return errors.Is(err, ErrUnprocessed) || Throttled(err) || Conflict(err) || transient(err)
}

// starved reports whether the service refused a call for want of capacity: its
// own, the table's or a partition's.
func starved(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	code := api.ErrorCode()
	return throttles[code] && code != "TransactionInProgressException" ||
		canceledFor(err, "ProvisionedThroughputExceeded") || canceledFor(err, "ThrottlingError")
}

// canceledFor reports whether err is that of a transaction, canceled for a reason
// with that code among others.
func canceledFor(err error, code string) bool {
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) {
		return false
	}
	for _, reason := range canceled.CancellationReasons {
		if aws.ToString(reason.Code) == code {
			return true
		}
	}
	return false
}

// requestOf is the service's name for the request that err answers.
func requestOf(err error) string {
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		return response.ServiceRequestID()
	}
	return ""
}
