// Package peers measures dynox beside other libraries. It is a module of its
// own, so that they stay out of dynox's dependencies:
//
//	cd bench/peers && go test -bench .
package peers
