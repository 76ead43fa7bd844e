package expression

import (
	"maps"
	"slices"
	"strings"

	"github.com/dynox-go/dynox/memtable/internal/value"
)

// maxPlaceholder is the length of the longest placeholder, its # or : included.
const maxPlaceholder = 255

// CheckNames checks the ExpressionAttributeNames of a request, without regard
// to its expressions. A nil map is a parameter that is not there.
func CheckNames(names map[string]string) error {
	const parameter = "ExpressionAttributeNames"
	if names != nil && len(names) == 0 {
		return errorf(parameter + " must not be empty")
	}
	keys := slices.Sorted(maps.Keys(names))
	for _, key := range keys {
		if len(key) > maxPlaceholder {
			return errorf(parameter+" contains invalid key: The expression attribute map contains a key that is too long; size of key: %d", len(key))
		}
		if !isPlaceholder(key, '#') {
			return errorf(parameter+` contains invalid key: Syntax error; key: "%s"`, key)
		}
	}
	for _, key := range keys {
		if names[key] == "" {
			return errorf(parameter+" contains invalid value: Empty attribute name for key %s", key)
		}
	}
	return nil
}

// CheckValueKeys checks the keys of the ExpressionAttributeValues of a request,
// as CheckNames does. The service checks the keys before the values.
func CheckValueKeys[V any](values map[string]V) error {
	const parameter = "ExpressionAttributeValues"
	if values != nil && len(values) == 0 {
		return errorf(parameter + " must not be empty")
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if len(key) > maxPlaceholder {
			return errorf(parameter + " contains invalid key: The expression attribute map contains a key that is too long;")
		}
		if !isPlaceholder(key, ':') {
			return errorf(parameter+` contains invalid key: Syntax error; key: "%s"`, key)
		}
	}
	return nil
}

func isPlaceholder(key string, prefix byte) bool {
	if len(key) < 2 || key[0] != prefix {
		return false
	}
	for i := 1; i < len(key); i++ {
		if !isWord(key[i]) {
			return false
		}
	}
	return true
}

// Binding is the names and values that a request gives for the placeholders of
// its expressions, and which of them the expressions have used. A Binding
// serves one request, in one goroutine.
type Binding struct {
	names      map[string]string
	values     map[string]value.Value
	usedNames  map[string]bool
	usedValues map[string]bool
}

// NewBinding returns the binding of a request. It checks neither map: see
// CheckNames and CheckValueKeys. Both may be nil, and neither may be modified
// afterwards.
func NewBinding(names map[string]string, values map[string]value.Value) *Binding {
	return &Binding{names: names, values: values, usedNames: map[string]bool{}, usedValues: map[string]bool{}}
}

// Unused reports the names, else the values, that no expression bound so far
// has used.
func (b *Binding) Unused() error {
	if err := unused("ExpressionAttributeNames", b.names, b.usedNames); err != nil {
		return err
	}
	return unused("ExpressionAttributeValues", b.values, b.usedValues)
}

func unused[V any](parameter string, given map[string]V, used map[string]bool) error {
	if len(given) == len(used) {
		return nil
	}
	var rest []string
	for key := range given {
		if !used[key] {
			rest = append(rest, key)
		}
	}
	slices.Sort(rest)
	return errorf("Value provided in %s unused in expressions: keys: {%s}", parameter, strings.Join(rest, ", "))
}

// name returns the attribute name of a placeholder. A nil Binding gives none.
func (b *Binding) name(placeholder string) (string, bool) {
	if b == nil {
		return "", false
	}
	name, ok := b.names[placeholder]
	if ok {
		b.usedNames[placeholder] = true
	}
	return name, ok
}

// value returns the value of a placeholder.
func (b *Binding) value(placeholder string) (value.Value, bool) {
	if b == nil {
		return value.Value{}, false
	}
	v, ok := b.values[placeholder]
	if ok {
		b.usedValues[placeholder] = true
	}
	return v, ok
}
