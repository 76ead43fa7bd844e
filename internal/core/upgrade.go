package core

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/ast"
)

// Upgrade changes stored items of an older schema, as they are read.
type Upgrade struct {
	Attr   *ast.Attr // the schema's number, an integer; absent: 0
	To     int64
	Change func(map[string]types.AttributeValue) error
}

// upgrades are all of a schema, from the lowest on.
type upgrades struct {
	attr  *ast.Attr
	steps []Upgrade
}

func (u *upgrades) latest() int64 { return u.steps[len(u.steps)-1].To }

func (s *Schema) compileUpgrades(given []Upgrade) error {
	if len(given) == 0 {
		return nil
	}
	u := &upgrades{attr: given[0].Attr, steps: slices.Clone(given)}
	slices.SortStableFunc(u.steps, func(a, b Upgrade) int { return int(a.To - b.To) })
	for i, step := range u.steps {
		switch err := step.Attr.Check(); {
		case err != nil:
			return fmt.Errorf("upgrade: %w", err)
		case !step.Attr.Same(u.attr):
			return fmt.Errorf("upgrade: %v and %v both number the schema", step.Attr, u.attr)
		case step.To < 1:
			return fmt.Errorf("upgrade to %d: the first is to 1", step.To)
		case i > 0 && step.To == u.steps[i-1].To:
			return fmt.Errorf("upgrade to %d: given twice", step.To)
		case step.Change == nil:
			return fmt.Errorf("upgrade to %d: nil function", step.To)
		}
	}
	if a := u.attr; a.Index == nil || a.Type.Kind() < reflect.Int || a.Type.Kind() > reflect.Uint64 || s.plan.TypeOf(a.Path) != "N" {
		return fmt.Errorf("upgrade: %v is no field with an integer that is stored as a number", u.attr)
	}
	if err := s.checkOwned("upgrade", u.attr); err != nil {
		return err
	}
	s.stages.upgrades = u
	s.stages.fills = append(s.stages.fills[:len(s.stages.fills):len(s.stages.fills)], Fill{
		Attr: u.attr, Over: true, Make: func() reflect.Value { return reflect.ValueOf(u.latest()).Convert(u.attr.Type) },
	})
	return nil
}

// upgraded holds for items of the latest schema.
func (s *Schema) upgraded() *ast.Cond {
	u := s.stages.upgrades
	if u == nil {
		return nil
	}
	return ast.Binary(ast.Eq, ast.AttrOperand(u.attr), ast.Operand{Kind: ast.OpPlain, Value: u.latest()})
}

// isOld reports whether a stored item is of an older schema than the latest.
func (s *Schema) isOld(item map[string]types.AttributeValue) bool {
	u := s.stages.upgrades
	if u == nil || item == nil {
		return false
	}
	have := int64(0)
	if n, ok := item[u.attr.Path[0].Name].(*types.AttributeValueMemberN); ok {
		have, _ = strconv.ParseInt(n.Value, 10, 64)
	}
	return have < u.latest()
}

var errOldSchema = errors.New("the stored item is of an older schema, and cannot be read in part")

// upgrade decodes the item of p.record into dst if it is of an older schema
// than the repository's; fault is what decoding it as it is has met.
func (p *page) upgrade(dst reflect.Value, fault error) error {
	u := p.view.schema.stages.upgrades
	if u == nil || !p.view.schema.holds(p.view.ix, u.attr.Path[0].Name) {
		return fault
	}
	name := u.attr.Path[0].Name
	have := int64(0)
	if n, ok := p.record.attribute(name).(*types.AttributeValueMemberN); ok {
		have, _ = strconv.ParseInt(n.Value, 10, 64)
	}
	switch {
	case have >= u.latest():
		return fault
	case !p.view.whole || p.view.ix.Projection.KeysOnly || len(p.view.ix.Projection.Include) > 0:
		return errOldSchema
	}
	attrs := maps.Clone(p.record.stored.values())
	for _, step := range u.steps {
		if step.To > have {
			if err := step.Change(attrs); err != nil {
				return fmt.Errorf("upgrade to %d: %w", step.To, err)
			}
		}
	}
	attrs[name] = &types.AttributeValueMemberN{Value: fmt.Sprint(u.latest())}
	p.record.rest = p.view.schema.unknown(attrs)
	dst.SetZero()
	return p.view.plan.Decode(attrs, dst.Addr().Interface())
}

// unknown are the attributes that neither a field holds nor dynox derives.
func (s *Schema) unknown(attrs map[string]types.AttributeValue) map[string]types.AttributeValue {
	if s.dynamic {
		return nil
	}
	rest := maps.Clone(attrs)
	for _, f := range s.plan.Fields() {
		delete(rest, f.Name)
	}
	for _, name := range s.overlaid {
		delete(rest, name)
	}
	for _, a := range s.table.attrs() {
		delete(rest, a.name)
	}
	for _, d := range s.stages.following {
		delete(rest, d.To.Path[0].Name)
	}
	return rest
}
