package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/expr"
)

// elements takes what is between two brackets, with commas, each by f.
func (p *parser) elements(open, end string, f func() error) error {
	p.take(open)
	for n := 0; ; n++ {
		p.space()
		if p.take(end) {
			return nil
		}
		if n > 0 && !p.take(",") {
			return fmt.Errorf("%s without %s", open, end)
		}
		p.space()
		if err := f(); err != nil {
			return err
		}
	}
}

// element takes a value inside of another one.
func (p *parser) element() (types.AttributeValue, error) {
	v, ok, err := p.value()
	if err == nil && !ok {
		err = errors.New("there is no value")
	}
	return v, err
}

func (p *parser) list() (types.AttributeValue, error) {
	list := &types.AttributeValueMemberL{Value: []types.AttributeValue{}}
	err := p.elements("[", "]", func() error {
		v, err := p.element()
		list.Value = append(list.Value, v)
		return err
	})
	return list, err
}

func (p *parser) mapping() (types.AttributeValue, error) {
	m := &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{}}
	err := p.elements("{", "}", func() error {
		name, err := p.quoted('\'')
		if err == nil && name == "" {
			name, err = p.quoted('"')
		}
		if p.space(); err == nil && (name == "" || !p.take(":")) {
			err = errors.New("a member of a map is not of the form 'name': value")
		}
		if err != nil {
			return err
		}
		p.space()
		m.Value[name], err = p.element()
		return err
	})
	return m, err
}

// set takes a set of texts, numbers or bytes.
func (p *parser) set() (types.AttributeValue, error) {
	var texts, numbers []string
	var bytes [][]byte
	n := 0
	err := p.elements("<<", ">>", func() error {
		v, err := p.element()
		n++
		switch v := v.(type) {
		case *types.AttributeValueMemberS:
			texts = append(texts, v.Value)
		case *types.AttributeValueMemberN:
			numbers = append(numbers, v.Value)
		case *types.AttributeValueMemberB:
			bytes = append(bytes, v.Value)
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case n > 0 && len(texts) == n:
		return &types.AttributeValueMemberSS{Value: texts}, nil
	case n > 0 && len(numbers) == n:
		return &types.AttributeValueMemberNS{Value: numbers}, nil
	case n > 0 && len(bytes) == n:
		return &types.AttributeValueMemberBS{Value: bytes}, nil
	}
	return nil, errors.New("a set has texts, numbers or bytes: one at least, and of one kind")
}

// attribute is the whole text as the path of an attribute.
func attribute(text string) (expr.Attr[item, any], error) {
	p := parser{text: text}
	p.space()
	path, err := p.path()
	if p.space(); err == nil && p.rest() != "" {
		err = errors.New("it is no attribute; a name with other signs in it is written in double quotes")
	}
	return expr.Path[item, any](path), err
}

// assignment is the whole text as an attribute, = and a value.
func assignment(text string, now time.Time) (expr.Attr[item, any], types.AttributeValue, error) {
	p := parser{text: text, now: now}
	p.space()
	path, err := p.path()
	if p.space(); err == nil && !p.take("=") {
		err = errors.New("it is not of the form attribute=value")
	}
	var v types.AttributeValue
	if p.space(); err == nil {
		v, err = p.element()
	}
	if p.space(); err == nil && p.rest() != "" {
		err = errors.New("there is more than a value; texts are written as 'text'")
	}
	return expr.Path[item, any](path), v, err
}
