//go:build !race && !dynox_safe

package bench

// exact: the build allocates as one for production does.
const exact = true
