package memtable

import (
	"regexp"
	"strconv"
	"strings"
)

// constraints collects violations of what the service's model says about members: presence, length,
// range, pattern, enumeration. It answers all of them in one ValidationException, at most ten.
type constraints struct{ found []string }

func (c *constraints) violated(value, path, rule string) {
	if len(c.found) < 10 {
		c.found = append(c.found, "Value "+value+" at '"+path+"' failed to satisfy constraint: "+rule)
	}
}

func quote(s string) string { return "'" + s + "'" }

func (c *constraints) err() error {
	switch n := len(c.found); n {
	case 0:
		return nil
	case 1:
		return invalid("1 validation error detected: " + c.found[0])
	default:
		return invalid(strconv.Itoa(n) + " validation errors detected: " + strings.Join(c.found, "; "))
	}
}

func (c *constraints) notNull(path string, present bool) bool {
	if !present {
		c.violated("null", path, "Member must not be null")
	}
	return present
}

// enum checks a value against the values as the service lists them, separated by ", ".
func (c *constraints) enum(path string, value opt[string], values string) {
	if value.ok && !listed(values, value.v) {
		c.violated(quote(value.v), path, "Member must satisfy enum value set: ["+values+"]")
	}
}

func listed(values, value string) bool {
	for v := range strings.SplitSeq(values, ", ") {
		if v == value {
			return true
		}
	}
	return false
}

func (c *constraints) atLeast(path string, value opt[int64], least int64) {
	if value.ok && value.v < least {
		c.violated(quote(strconv.FormatInt(value.v, 10)), path,
			"Member must have value greater than or equal to "+strconv.FormatInt(least, 10))
	}
}

func (c *constraints) atMost(path string, value opt[int64], most int64) {
	if value.ok && value.v > most {
		c.violated(quote(strconv.FormatInt(value.v, 10)), path,
			"Member must have value less than or equal to "+strconv.FormatInt(most, 10))
	}
}

// count checks the length of a list or map that prints as text.
func (c *constraints) count(path string, n, least, most int, text func() string) {
	if n < least {
		c.violated(quote(text()), path, "Member must have length greater than or equal to "+strconv.Itoa(least))
	}
	if most > 0 && n > most {
		c.violated(quote(text()), path, "Member must have length less than or equal to "+strconv.Itoa(most))
	}
}

// length checks a string's length in characters.
func (c *constraints) length(path, value string, least, most int) {
	c.count(path, len([]rune(value)), least, most, func() string { return value })
}

// textPattern is a regular expression that has to match all of a text, and how the service prints it.
type textPattern struct {
	shown string
	whole *regexp.Regexp
}

func newPattern(shown string) textPattern {
	return textPattern{shown, regexp.MustCompile("^(?:" + shown + ")$")}
}

// matches checks a text against a pattern.
func (c *constraints) matches(path, text string, p textPattern) {
	if !p.whole.MatchString(text) {
		c.violated(quote(text), path, "Member must satisfy regular expression pattern: "+p.shown)
	}
}

const namePattern = "[a-zA-Z0-9_.-]+"

func (c *constraints) namePattern(path, value string) {
	if !matchesName(value) {
		c.violated(quote(value), path, "Member must satisfy regular expression pattern: "+namePattern)
	}
}

// matchesName reports whether value matches namePattern.
func matchesName(value string) bool {
	for i := range len(value) {
		switch c := value[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '.', c == '-':
		default:
			return false
		}
	}
	return value != ""
}

// indexName checks the name of an index: optional, 3 to 255 characters of the name pattern.
func (c *constraints) indexName(path string, name opt[string]) {
	if name.ok {
		if !matchesName(name.v) {
			c.namePattern(path, name.v)
		}
		c.length(path, name.v, 3, 255)
	}
}

// tableName checks the name or ARN in a request about items. Where it is there and wrong, nothing else is
// reported, so done says to stop.
func (c *constraints) tableName(path string, name opt[string]) (done bool) {
	if !c.notNull(path, name.ok) {
		return false
	}
	before := len(c.found)
	if isARN(name.v) {
		c.length(path, name.v, 1, 1024)
		return len(c.found) > before
	}
	if name.v != "" && !matchesName(name.v) {
		c.namePattern(path, name.v)
	}
	c.length(path, name.v, 1, 255)
	return len(c.found) > before
}

// tableKey checks a name or ARN that is a key of requestItems. Value is how messages show what it has.
func (c *constraints) tableKey(name, value string) {
	most := 255
	if isARN(name) {
		most = 1024
	}
	if len(name) > most || !isARN(name) && !matchesName(name) {
		c.violated(quote("{"+name+"="+value+"}"), "requestItems", "Map keys must satisfy constraint: "+
			"[Member must have length less than or equal to "+strconv.Itoa(most)+", Member must have length greater than or equal to 1, "+
			"Member must satisfy regular expression pattern: "+namePattern+"]")
	}
}

func isARN(name string) bool { return strings.HasPrefix(name, "arn:") }

// tableOf returns the name of the table that a request names, by its name or by its ARN.
func tableOf(nameOrARN string) string {
	if isARN(nameOrARN) {
		if _, rest, ok := strings.Cut(nameOrARN, ":table/"); ok {
			name, _, _ := strings.Cut(rest, "/")
			return name
		}
	}
	return nameOrARN
}
