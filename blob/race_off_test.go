//go:build !race

package blob_test

const isRace = false
