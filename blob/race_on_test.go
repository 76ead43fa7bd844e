//go:build race

package blob_test

// isRace says that pools drop some of what they are given.
const isRace = true
