//go:build !race

package crypt_test

const isRace = false
