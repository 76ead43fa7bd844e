package core

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Scope is the text that the partition keys of one tenant begin with: format with
// tenant in the place of its placeholder. No two tenants' texts begin alike.
func Scope(format, tenant string) (string, error) {
	before, sep, ok := strings.Cut(format, "{}")
	switch {
	case !ok || strings.Contains(sep, "{}"):
		return "", errors.New("tenants: the format has one placeholder {}, for the tenant")
	case sep == "":
		return "", errors.New("tenants: the format needs a text after the tenant, which ends it")
	case tenant == "":
		return "", fmt.Errorf("%w: no tenant", ErrKey)
	case !utf8.ValidString(tenant) || strings.Contains(format+tenant, last):
		return "", fmt.Errorf("%w: the tenant is no text that keys can hold", ErrKey)
	case strings.Index(tenant+sep, sep) != len(tenant):
		return "", fmt.Errorf("%w: the tenant contains %q, which follows it in keys", ErrKey, sep)
	case strings.Contains(before+tenant+sep, "{}"):
		return "", fmt.Errorf("%w: the tenant contains a placeholder", ErrKey)
	}
	return before + tenant + sep, nil
}

// scoped is p in the scope of a tenant, if it is or shares the partition key of the
// table or an index.
func (c *Config) scoped(p Part) (Part, error) {
	if c.Scope == "" || !slices.ContainsFunc(c.keys(), func(k Key) bool { return k.Partition.shares(p) }) {
		return p, nil
	}
	switch p.Kind {
	case PartBy:
		return p, errors.New("a tenant's partition key is a Composite or a Const, not an attribute itself: it begins with the tenant")
	case PartConst:
		p.Text = c.Scope + p.Text
	case PartComposite:
		formats := make([]string, len(p.Formats))
		for i, f := range p.Formats {
			formats[i] = c.Scope + f
		}
		p.Formats = formats
	}
	return p, nil
}

// shares reports whether p and q have an attribute in common.
func (p Part) shares(q Part) bool {
	if p.Kind != PartBy && q.Kind != PartBy {
		return p.Attr == q.Attr
	}
	name := func(p Part, has func(string) bool) bool {
		if p.Kind != PartBy {
			return has(p.Attr)
		}
		for _, a := range p.Fields {
			if a != nil && len(a.Path) == 1 && has(a.Path[0].Name) {
				return true
			}
		}
		return false
	}
	return name(p, func(n string) bool { return name(q, func(m string) bool { return n == m }) })
}
