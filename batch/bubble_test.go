package batch_test

import (
	"testing"
	"testing/synctest"
	"time"
)

const second = time.Second

// bubble runs f in time of its own, in which nothing is waited for.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}
