// Package gen makes identifiers, for dynox.Generate.
package gen

import (
	"crypto/rand"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/oklog/ulid/v2"
	"github.com/segmentio/ksuid"
)

// ULID is a new ULID: 26 characters that sort by the millisecond in which they
// were made, and, of one process, by the order in which they were. It is safe for
// concurrent use.
//
// https://github.com/ulid/spec
func ULID() string { return monotonic.next() }

// UUID is a new random UUID, version 4: 36 characters without an order.
func UUID() string { return uuid.NewString() }

// UUIDv7 is a new UUID of version 7: 36 characters that sort by the time at which
// they were made.
//
// https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7
func UUIDv7() string { return uuid.Must(uuid.NewV7()).String() }

// KSUID is a new KSUID: 27 characters that sort by the second in which they were
// made.
func KSUID() string { return ksuid.New().String() }

// monotonic is what makes the ULIDs of one millisecond increase.
var monotonic = ulids{entropy: ulid.Monotonic(rand.Reader, 0)}

type ulids struct {
	mu      sync.Mutex
	entropy *ulid.MonotonicEntropy
	last    uint64
}

func (u *ulids) next() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.last = max(u.last, ulid.Timestamp(time.Now())) // a clock that goes back does not turn the order
	id, err := ulid.New(u.last, u.entropy)
	if err != nil { // more in one millisecond than there are
		u.last++
		id = ulid.MustNew(u.last, u.entropy)
	}
	return id.String()
}
