//go:build race

package crypt_test

// isRace says that pools drop some of what they are given.
const isRace = true
