package tables

import (
	"context"
	"strings"
)

// Verb is what a step does.
type Verb string

// The verbs.
const (
	Create Verb = "create"
	Change Verb = "change"
	Remove Verb = "remove"
)

// Step is one change of a table.
type Step struct {
	Verb   Verb
	What   string // what is changed
	Detail string // how, or why
	// Replaces says of a removal that what is removed is made anew.
	Replaces bool

	run func(ctx context.Context) error
}

// same reports whether two steps are the same change.
func (s Step) same(other Step) bool {
	return s.Verb == other.Verb && s.What == other.What && s.Detail == other.Detail
}

// Loses reports whether what the step removes holds items that nothing else does.
func (s Step) Loses() bool { return s.Verb == Remove && s.What == theTable }

func (s Step) String() string {
	text := string(s.Verb) + " " + s.What
	if s.Detail != "" {
		text += ": " + s.Detail
	}
	return text
}

const theTable = "table"

// words joins what is not empty.
func words(parts ...string) string {
	var all []string
	for _, p := range parts {
		if p != "" {
			all = append(all, p)
		}
	}
	return strings.Join(all, ", ")
}
