// Package bench measures dynox beside the SDK and its attributevalue package,
// on the same work, with the same client, over the same canned bytes:
//
//	go test -bench . ./bench
//
// Names say the work, the shape of the items, and whose code does it, as
// benchstat takes them apart: Query/shape=order/impl=dynox. Times are for
// reading as ratios of one run. Allocations and bytes are exact, and a test
// here compares them with checked-in numbers.
package bench
