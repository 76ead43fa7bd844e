package core

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/codec"
)

// TTL is the attribute with the time after which the service may delete an item.
type TTL struct {
	Attr *ast.Attr
}

func (s *Schema) compileTTL(given []TTL, hide bool) error {
	if len(given) > 1 {
		return errors.New("TTL: given twice")
	}
	if len(given) == 0 {
		if hide {
			return errors.New("items past their time cannot be hidden without a TTL attribute")
		}
		return nil
	}
	a := given[0].Attr
	switch err := a.Check(); {
	case err != nil:
		return fmt.Errorf("TTL: %w", err)
	case a.Item != s.Type || a.Index == nil || len(a.Path) > 1:
		return fmt.Errorf("TTL: %v is no attribute of %v itself", a, s.Type)
	case s.plan.TypeOf(a.Path) != "N" || s.formats[a.Path.String()] == codec.UnixMilli:
		return fmt.Errorf("TTL: %v is not stored as seconds: its tag needs unixtime", a)
	}
	s.stages.ttl, s.stages.hideExpired = a, hide
	return nil
}

// TTL is the TTL attribute, nil if there is none.
func (s *Schema) TTL() *ast.Attr { return s.stages.ttl }

// Expired reports whether the time of item, a *T, has passed.
func (s *Schema) Expired(item any) bool {
	if s.stages.ttl == nil {
		return false
	}
	v, ok := at(reflect.ValueOf(item).Elem(), s.stages.ttl.Index)
	if ok {
		v, ok = indirect(v)
	}
	if !ok {
		return false
	}
	t, ok := v.Convert(timeType).Interface().(time.Time)
	first, last := expired()
	return ok && t.Unix() >= first && t.Unix() <= last
}

// expired are the first and the last second whose items have expired: the
// service leaves those alone that are five years old, such as zero times.
func expired() (first, last int64) {
	now := time.Now()
	return now.AddDate(-5, 0, 0).Unix(), now.Unix()
}

// hidden reports whether a stored item counts as not there: because its time has
// passed, or it was deleted softly, unless such are asked for.
func (s *Schema) hidden(r *record, deleted bool) bool {
	return !deleted && s.deleted(r) || s.past(r)
}

// past reports whether a stored item counts as not there because its time has
// passed.
func (s *Schema) past(r *record) bool {
	if !s.stages.hideExpired {
		return false
	}
	name := s.stages.ttl.Path[0].Name
	var text string
	if r.raw == nil {
		text = numberText(r.attrs[name])
	} else if value := r.value(name); value != nil {
		if kind, b, err := codec.Scalar(nil, value); err == nil && kind == "N" {
			text = string(b)
		}
	}
	seconds, err := strconv.ParseFloat(text, 64)
	first, last := expired()
	return err == nil && seconds >= float64(first) && seconds <= float64(last)
}

// unexpired holds for items whose time has not passed.
func (s *Schema) unexpired() *ast.Cond {
	if !s.stages.hideExpired {
		return nil
	}
	first, last := expired()
	return ast.Negate(ast.Compare(ast.Between, ast.AttrOperand(s.stages.ttl),
		ast.Operand{Kind: ast.OpPlain, Value: first}, ast.Operand{Kind: ast.OpPlain, Value: last}))
}
