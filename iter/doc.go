// Package iter helps with sequences of items and errors, the Seq2[T, error] that queries and scans return.
//
// It has the standard library's Seq, Seq2, Pull and Pull2 under the same names and with the same meaning, so that
// one import serves.
//
// # The contract
//
// A Seq2[T, error] yields items with a nil error, and then at most one error, last, with a zero item. Every function
// here keeps that contract and relies on it as little as it can: the first error ends whatever it returns, even if
// the sequence below would go on.
//
// Functions that return a sequence are lazy. Nothing is read before the first range over the result, each range
// reads anew, and an item is read only when it is asked for. Breaking out of the loop, or panicking in its body,
// stops every sequence below before the loop is left. No function starts a goroutine of its own, and none is safe
// to range over from two goroutines at once unless the sequence below is.
//
// Functions that take no sequence apart (Collect, First, One, Count, GroupBy, ToMap) range once and return the
// error of the sequence unchanged.
package iter
