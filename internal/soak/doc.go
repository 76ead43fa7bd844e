// Package soak runs everything that writes and reads, at once and for long, while the
// service fails at random, and holds what is stored to what the library said. It has tests only:
//
//	go test ./internal/soak -v -soak 30m -timeout 0
package soak
