package core

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/codec"
	"github.com/dynox-go/dynox/internal/number"
)

// A value of a unique attribute is claimed by an item of its own in the same
// table, a sentinel, whose key is made of the value: that nobody else can put.
// It names its owner. Writes that change the attribute put and delete
// sentinels in the same transaction, which also requires that the attribute is
// what was read before.

// Unique is an attribute whose values no two items of the repository share.
type Unique struct {
	Attr *ast.Attr
	// Taken makes the error of a write that wants a value of another item; attr
	// is the attribute's path.
	Taken func(attr string) error
}

const (
	// sentinelPrefix begins the partition keys of sentinels.
	sentinelPrefix = "dynox:unique#"
	sentinelKind   = "dynox:unique"
	// sentinelOwner is the attribute with the key of the item that claims.
	sentinelOwner = "dynox:owner"
)

func (s *Schema) compileUniques(given []Unique) error {
	if len(given) == 0 {
		return nil
	}
	var errs []error
	for i, u := range given {
		a := u.Attr
		switch err := a.Check(); {
		case err != nil:
			errs = append(errs, err)
			continue
		case a.Item != s.Type || a.Index == nil:
			errs = append(errs, fmt.Errorf("unique: %v is no field of %v", a, s.Type))
			continue
		case slices.ContainsFunc(given[:i], func(other Unique) bool { return other.Attr.Same(a) }):
			errs = append(errs, fmt.Errorf("unique: %v is given twice", a))
		case s.table.partition.isOnly(a) && (s.table.sort == nil || s.table.sort.Kind == PartConst):
			errs = append(errs, fmt.Errorf("unique: %v is the table's key: Create refuses a second item", a))
		case s.isTableKey(a.Path[0].Name):
			errs = append(errs, fmt.Errorf("unique: %v is a key attribute of the table: have the key composed of it", a))
		case s.stages.blindIn(a.Path) != nil:
			errs = append(errs, fmt.Errorf("unique: %v is encrypted or compressed: what is unique is stored as it is; a beacon of it can be", a))
		}
		switch t := s.plan.TypeOf(a.Path); t {
		case "S", "N", "B":
		default:
			errs = append(errs, fmt.Errorf("unique: %v is stored as %s, not as a string, a number or bytes", a, cmp.Or(t, "any type")))
		}
	}
	for _, k := range s.table.attrs() {
		if k.kind != "S" {
			errs = append(errs, fmt.Errorf("unique: the table's key attribute %s is no string, so claims have no place in the table", k.name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, u := range given {
		text := u.Attr.Path.String()
		taken := &Failure{Kinds: []error{u.Taken(text), ErrNotUnique, ErrConditionFailed}}
		s.stages.uniques = append(s.stages.uniques, unique{u.Attr, text, taken})
	}
	return nil
}

// isOnly reports whether p is made of a, and of nothing else.
func (p *part) isOnly(a *ast.Attr) bool { return len(p.Fields) == 1 && p.has(a) }

// unique is a Unique, compiled.
type unique struct {
	attr  *ast.Attr
	text  string   // of its path
	taken *Failure // of a write that wants a value of another item
}

// taken is the failure of w, which wants a value of another item.
func (w *Write) taken(cause error) error {
	f := *w.of.taken
	f.Cause = cause
	return &f
}

// in is what an item has of the attribute, nil for nothing.
func (u unique) in(attrs map[string]types.AttributeValue) types.AttributeValue {
	av := attrs[u.attr.Path[0].Name]
	for _, step := range u.attr.Path[1:] {
		m, ok := av.(*types.AttributeValueMemberM)
		if !ok {
			return nil
		}
		av = m.Value[step.Name]
	}
	return av
}

// claimed is av if it is a value that can be claimed, nil otherwise: an empty
// one claims nothing.
func claimed(av types.AttributeValue) types.AttributeValue {
	if emptyKey(av) {
		return nil
	}
	switch av.(type) {
	case *types.AttributeValueMemberS, *types.AttributeValueMemberN, *types.AttributeValueMemberB:
		return av
	}
	return nil
}

// sentinel is the key of the item that claims value. Different values,
// attributes and repositories have different ones.
func (s *Schema) sentinel(u unique, value types.AttributeValue) attributes {
	var text string
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		text = "S#" + v.Value
	case *types.AttributeValueMemberN:
		text = "N#" + v.Value
		if n, err := number.Parse(v.Value); err == nil {
			text = "N#" + n.String()
		}
	case *types.AttributeValueMemberB:
		text = "B#" + base64.StdEncoding.EncodeToString(v.Value)
	}
	prefix := sentinelPrefix + escapeHash(s.Name()) + "#" + escapeHash(u.text) + "#"
	if s.scope != "" { // each tenant has values of its own
		prefix = sentinelPrefix + "#" + escapeHash(s.scope) + strings.TrimPrefix(prefix, "dynox:unique")
	}
	if len(prefix)+len(text) > maxPartitionKey {
		sum := sha256.Sum256([]byte(text))
		text = "H#" + hex.EncodeToString(sum[:])
	}
	key := make(attributes, 0, 2)
	for i, a := range s.table.attrs() {
		key = append(key, attribute{a.name, sentinelPart(i, prefix+text)})
	}
	return key
}

// sentinelPart is the partition key of a sentinel, or its sort key: many different
// ones, because it may be the partition key of an index.
func sentinelPart(i int, partition string) types.AttributeValue {
	if i == 0 {
		return text(partition)
	}
	sum := sha256.Sum256([]byte(partition))
	return text(sentinelPrefix + hex.EncodeToString(sum[:8]))
}

func escapeHash(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "%", "%25"), "#", "%23")
}

// isSentinel reports whether a stored item claims a value.
func (s *Schema) isSentinel(r *record) bool {
	text, ok := r.string(s.table.partition.attrs[0].name)
	return ok && bytes.HasPrefix(text, []byte(sentinelPrefix))
}

// checkReserved refuses to write what has the key of a sentinel.
func (s *Schema) checkReserved(key attributes) error {
	if !s.bare {
		return nil
	}
	if t, ok := key[0].value.(*types.AttributeValueMemberS); ok && strings.HasPrefix(t.Value, sentinelPrefix) {
		return fmt.Errorf("%w: %s begins with %s, as those of unique values' claims do", ErrKey, key[0].name, sentinelPrefix)
	}
	return nil
}

// IsSentinel reports whether an item of a table whose partition key is called
// partition claims a unique value for another: exports mark those.
func IsSentinel(item map[string]types.AttributeValue, partition string) bool {
	s, ok := item[partition].(*types.AttributeValueMemberS)
	return ok && strings.HasPrefix(s.Value, sentinelPrefix)
}

// owner is the key of the item that a sentinel names, as JSON of a map.
func ownerOf(key attributes) []byte {
	b := append([]byte(`{"M":`), key.json()...)
	return append(b, '}')
}

// claim is a write that puts the sentinel of a value for the item of key. It
// fails unless nobody has the value, or that item itself, or one of others: owners
// that are known to have it no more.
func (r *Repo) claim(sentinel, key attributes, others ...types.AttributeValue) (*Write, error) {
	b := sentinel.json()
	b = b[:len(b)-1]
	if r.Kind.Attr != "" && !r.inIndex(r.Kind.Attr) {
		b = append(appendMember(b, r.Kind.Attr), `{"S":"`+sentinelKind+`"}`...)
	}
	b = append(append(appendMember(b, sentinelOwner), ownerOf(key)...), '}')
	w := &Write{repo: r, op: claims, key: sentinel, stored: stored{raw: b}}
	w.others = others
	return w, w.express(r.unclaimed(key, others))
}

// unclaimed holds for no sentinel, or one of the item of key, or of others.
func (r *Repo) unclaimed(key attributes, others []types.AttributeValue) *ast.Cond {
	owner := ast.AttrOperand(r.attr(sentinelOwner))
	conds := []*ast.Cond{r.exists(ast.Missing), ast.Binary(ast.Eq, owner, ast.Operand{Kind: ast.OpJSON, Value: ownerOf(key)})}
	for _, other := range others {
		conds = append(conds, ast.Binary(ast.Eq, owner, ast.Operand{Kind: ast.OpPlain, Value: other}))
	}
	return ast.Any(conds...)
}

// inIndex reports whether an index has the attribute name in its key: all
// sentinels would be in it, in one place.
func (s *Schema) inIndex(name string) bool {
	return slices.ContainsFunc(s.indexes, func(ix *index) bool {
		return slices.ContainsFunc(ix.attrs(), func(a keyAttr) bool { return a.name == name })
	})
}

// unclaim is a write that deletes the sentinel of a value of the item of key.
func (r *Repo) unclaim(sentinel, key attributes) (*Write, error) {
	w := &Write{repo: r, op: unclaims, key: sentinel}
	return w, w.express(r.unclaimed(key, nil))
}

// express writes cond as the condition of w.
func (w *Write) express(cond *ast.Cond) error {
	b := ast.NewWriter(w.repo.plan)
	w.condition = b.Condition(cond)
	w.names, w.values = b.Names(), b.Values()
	return b.Err()
}

// is holds for items that have value of the attribute; nil: none.
func (u unique) is(value types.AttributeValue) *ast.Cond {
	a := ast.AttrOperand(u.attr)
	if value == nil {
		return ast.Compare(ast.Missing, a)
	}
	return ast.Binary(ast.Eq, a, ast.Operand{Kind: ast.OpPlain, Value: value})
}

// isNot holds for items that do not have value of the attribute, and if there is
// no item.
func (u unique) isNot(value types.AttributeValue) *ast.Cond {
	a := ast.AttrOperand(u.attr)
	return ast.Any(ast.Compare(ast.Missing, a), ast.Binary(ast.Ne, a, ast.Operand{Kind: ast.OpPlain, Value: value}))
}

// uniqueAfter is the value that w gives the attribute of an item that has stored,
// and whether it claims another one then.
func (w *Write) uniqueAfter(u unique, stored types.AttributeValue) (after types.AttributeValue, changed bool, err error) {
	before := claimed(stored)
	switch w.op {
	case Create, Put:
		after = claimed(u.in(w.stored.values()))
	case Update, Upsert:
		a := touching(u.attr, w.actions)
		if a == nil || stored != nil && setsOnce(u, a) {
			return before, false, nil
		}
		if after, err = w.assignedTo(u, a); err != nil {
			return nil, false, err
		}
	case Delete:
	default:
		return before, false, nil
	}
	same := before == nil && after == nil || before != nil && after != nil && equalValues(before, after)
	return after, !same, nil
}

// setsOnce reports whether action a sets the attribute where it is missing.
func setsOnce(u unique, a *ast.Action) bool {
	return a.Clause == ast.Set && a.Value.Kind == ast.OpIfMissing && a.Attr.Same(u.attr) && a.Value.Args[0].Attr.Same(u.attr)
}

// checkUnique refuses actions whose values are not known before the update.
func (w *Write) checkUnique() error {
	for _, u := range w.repo.stages.uniques {
		if a := touching(u.attr, w.actions); a != nil {
			if _, err := w.assignedTo(u, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// assignedTo is the value that action a sets the attribute to.
func (w *Write) assignedTo(u unique, a *ast.Action) (types.AttributeValue, error) {
	if a.Clause == ast.Remove {
		return nil, nil
	}
	if setsOnce(u, a) {
		b := *a
		b.Value = a.Value.Args[1]
		a = &b
	}
	known := a.Value.Kind == ast.OpValue || a.Value.Kind == ast.OpPlain || a.Value.Kind == ast.OpJSON
	if a.Clause != ast.Set || len(a.Attr.Path) > len(u.attr.Path) || !known {
		return nil, fmt.Errorf("%v is unique: an update sets it to a value, or removes it", u.attr)
	}
	raw, _ := a.Value.Value.([]byte) // of JSON
	if a.Value.Kind != ast.OpJSON {
		var omitted bool
		var err error
		if raw, omitted, err = ast.NewWriter(w.repo.plan).Value(a.Attr, a.Value); err != nil || omitted {
			return nil, err
		}
	}
	av, err := codec.AttributeValue(raw)
	if err != nil {
		return nil, err
	}
	for _, step := range u.attr.Path[len(a.Attr.Path):] {
		m, ok := av.(*types.AttributeValueMemberM)
		if !ok {
			return nil, nil
		}
		av = m.Value[step.Name]
	}
	return claimed(av), nil
}

// mayChange reports whether w may change a unique attribute.
func (w *Write) mayChange() bool {
	uniques := w.repo.stages.uniques
	switch w.op {
	case Create, Put, Delete:
		return len(uniques) > 0
	case Update, Upsert:
		return slices.ContainsFunc(uniques, func(u unique) bool { return touching(u.attr, w.actions) != nil })
	}
	return false
}
