//go:build race

package codec

// isRace says that pools drop some of what they are given.
const isRace = true
