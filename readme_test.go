package dynox_test

import (
	"os"
	"strings"
	"testing"

	"github.com/matryer/is"
)

// TestReadmeProgram holds the README's program to the Example of the same
// text, which is compiled and run.
func TestReadmeProgram(t *testing.T) {
	is := is.New(t)
	readme, err := os.ReadFile("README.md")
	is.NoErr(err)
	example, err := os.ReadFile("example_readme_test.go")
	is.NoErr(err)
	_, rest, ok := strings.Cut(string(example), "func Example() {\n")
	is.True(ok)
	program, _, ok := strings.Cut(rest, "\t// Output:")
	is.True(ok)
	program = strings.ReplaceAll("\n"+program, "\n\t", "\n")
	is.True(strings.Contains(string(readme), strings.TrimSpace(program)))
}
