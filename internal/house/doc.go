// Package house holds the rules of this codebase that a linter cannot see, as tests. Rules about a single import or
// line are in .golangci.yml.
package house
