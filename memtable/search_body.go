package memtable

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/dynox-go/dynox/internal/wire"
)

// searchMembers are the members that SearchVectors requires, in the order in which it misses them, and what
// it calls their types.
var searchMembers = []struct{ name, typ string }{
	{"TableName", "a string"}, {"IndexName", "a string"}, {"SearchVector", "a sequence"}, {"TopK", "i32"},
}

// checkBody finds members that are null, of another type, or missing. SearchVectors is served from another
// place than the other operations: its parser tells where it stopped.
func (in *searchInput) checkBody(body []byte) error {
	wellFormed := func(err error) bool { return err == nil } // of what isn't, decode tells
	s := wire.NewScanner(body)
	if s.Kind() != wire.Object || !wellFormed(s.Object()) {
		return nil
	}
	seen := map[string]bool{}
	for {
		name, ok, err := s.Member()
		if !wellFormed(err) {
			return nil
		}
		if !ok {
			break
		}
		text := string(name)
		fault := ""
		for _, m := range searchMembers {
			if m.name == text {
				fault, seen[text] = mistyped(s, m.typ), true
			}
		}
		kind := s.Kind()
		before := s.Pos()
		if !wellFormed(s.Skip()) {
			return nil
		}
		if fault != "" {
			at := s.Pos()
			if kind == wire.Object || kind == wire.Array { // it looks no further than the bracket
				at = before
			}
			return unserializable(fault + stoppedAt(body, at))
		}
	}
	for _, m := range searchMembers {
		if !seen[m.name] {
			return invalid("missing field `%s`%s", m.name, stoppedAt(body, s.Pos()))
		}
	}
	return nil
}

// mistyped says what is wrong with the type of the value that comes next, if anything is.
func mistyped(s wire.Scanner, want string) string {
	var got string
	switch s.Kind() {
	case wire.Null:
		got = "null"
	case wire.Object:
		got = "map"
	case wire.Array:
		if want == "a sequence" {
			return ""
		}
		got = "sequence"
	case wire.Bool:
		b, _ := s.Bool()
		got = "boolean `" + strconv.FormatBool(b) + "`"
	case wire.String:
		if want == "a string" {
			return ""
		}
		text, _ := s.String()
		got = "string " + strconv.Quote(string(text))
	case wire.Number:
		text, _ := s.Number()
		return mistypedNumber(string(text), want)
	default:
		return ""
	}
	return "invalid type: " + got + ", expected " + want
}

func mistypedNumber(text, want string) string {
	kind := "integer"
	if strings.ContainsAny(text, ".eE") {
		kind = "floating point"
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case want != "i32" || kind != "integer":
		return fmt.Sprintf("invalid type: %s `%s`, expected %s", kind, text, want)
	case err != nil || n < math.MinInt32 || n > math.MaxInt32:
		return fmt.Sprintf("invalid value: integer `%s`, expected i32", text)
	}
	return ""
}

// stoppedAt prints where the parser stopped.
func stoppedAt(body []byte, at int) string {
	read := body[:at]
	return fmt.Sprintf(" at line %d column %d", bytes.Count(read, []byte("\n"))+1, at-bytes.LastIndexByte(read, '\n')-1)
}

// searchConstraints are constraints as SearchVectors words them: without the value.
type searchConstraints struct{ constraints }

func (c *searchConstraints) violated(member, rule string) {
	c.found = append(c.found, "Value at '"+member+"' failed to satisfy constraint: "+rule)
}

func (c *searchConstraints) length(member string, n, least, most int) {
	if n < least {
		c.violated(member, "Member must have length greater than or equal to "+strconv.Itoa(least))
	}
	if n > most {
		c.violated(member, "Member must have length less than or equal to "+strconv.Itoa(most))
	}
}

// checkMembers checks each member by itself.
func (in *searchInput) checkMembers() error {
	c := &searchConstraints{}
	if isARN(in.table.v) {
		c.length("TableName", len(in.table.v), 1, 1024)
	} else {
		c.name("TableName", in.table.v, 1)
	}
	c.name("IndexName", in.index.v, 3)
	c.length("SearchVector", len(in.vector), 1, maxDimensions)
	if in.topK.v < 1 {
		c.violated("TopK", "Member must have value greater than or equal to 1")
	}
	if in.capacity.ok && !listed(capacityModes, in.capacity.v) {
		c.violated("ReturnConsumedCapacity", "Member must satisfy enum value set: ["+capacityModes+"]")
	}
	return c.err()
}

// name checks the name of a table or an index.
func (c *searchConstraints) name(member, name string, least int) {
	c.length(member, len([]rune(name)), least, 255)
	if name != "" && !matchesName(name) {
		c.violated(member, "Member must satisfy regular expression pattern: "+namePattern)
	}
}
