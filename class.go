package dynox

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/dynox-go/dynox/internal/core"
)

// The classes that [ErrorClass] tells apart.
const (
	ClassThrottled       = core.ClassThrottled   // the service had no capacity
	ClassConflict        = core.ClassConflict    // another write or transaction was on the item
	ClassConditionFailed = core.ClassCondition   // a condition does not hold
	ClassUnknownOutcome  = core.ClassUnknown     // a write may have taken effect
	ClassNotFound        = core.ClassNotFound    // no such item, table or index
	ClassBudget          = core.ClassBudget      // a budget is spent
	ClassDeadline        = core.ClassDeadline    // the context's deadline passed, or is too near
	ClassCanceled        = core.ClassCanceled    // the context was canceled
	ClassRefused         = core.ClassRefused     // the service refused it for another reason, such as access
	ClassUnavailable     = core.ClassUnavailable // the service failed, or did not answer
	ClassOther           = core.ClassOther       // it failed before it was sent, or in between
)

// ErrorClass is the class of an error of this module or of the SDK, "" for nil: a
// label for metrics and logs, of which there are few.
func ErrorClass(err error) string { return core.ClassOf(err) }

// Throttled reports whether err came because the service had no capacity: the
// table's, a partition's, or the account's. The SDK has tried again by then, and so
// have batches. Nothing was changed, unless it is an [UnknownOutcome] too.
func Throttled(err error) bool { return core.Throttled(err) }

// Conflict reports whether err came only because another transaction, or a write
// during one's own, was about the same item. Nothing was changed.
func Conflict(err error) bool { return core.Conflict(err) }

// ConditionFailed reports whether err is that of a condition that does not hold:
// dynox's own, such as [ErrExists] and a stale version, or the caller's; also in a
// transaction, and in an error of the bare SDK. Nothing was changed.
func ConditionFailed(err error) bool { return core.ConditionFailed(err) }

// UnknownOutcome reports whether a write that failed with err may have taken
// effect, see [ErrUnknownOutcome]. It says nothing of a batch, whose error lists the
// operations that are not known to be done, and may be written again.
func UnknownOutcome(err error) bool { return core.ClassOf(err) == core.ClassUnknown }

// Retryable reports whether what failed with err did not take effect, and may
// succeed if it is tried again later as it is: it was throttled, met a conflict, or
// is a read that was not answered. It is not after a failed condition, which calls for
// a look at the item first, nor after an unknown outcome, a spent budget or the end of
// the context.
func Retryable(err error) bool { return core.Retryable(err) }

// Retryer is the SDK's standard retryer without its retry quota, for clients that
// many goroutines share:
//
//	dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.Retryer = dynox.Retryer(0) })
//
// The quota is shared by all calls of a client. Under load a spell of throttling
// empties it, and calls then fail at once, with "failed to get rate limit token".
// Without it each call has its attempts, up to attempts, 3 if that is 0, with the
// SDK's delays between them; how many calls there are is for a [RateLimit] to
// bound.
func Retryer(attempts int) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.RateLimiter = ratelimit.None
		if attempts > 0 {
			o.MaxAttempts = attempts
		}
	})
}
