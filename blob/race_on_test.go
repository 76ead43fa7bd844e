//go:build race

package blob_test

// isRace says that all memory is several times as much.
const isRace = true
