//go:build !race

package codec

const isRace = false
