package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
)

// item is one of no Go type.
type item = dynox.Document

// condition is a condition in the service's own language, with the values and the attributes' names in the text:
//
//	status = 'open' AND (total > 5 OR attribute_not_exists(ship.city)) AND expires < now()
//
// The service checks all of it but its words.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
func condition(text string, now time.Time) (expr.Cond[item], error) {
	p := parser{text: text, now: now}
	var b strings.Builder
	var args []any
	for p.space(); p.at < len(p.text); p.space() {
		word, arg, err := p.word()
		if err != nil {
			return expr.Cond[item]{}, fmt.Errorf("at character %d: %w", p.at+1, err)
		}
		if word == "" {
			word = "?"
			args = append(args, arg)
		}
		b.WriteString(word + " ")
	}
	if b.Len() == 0 {
		return expr.Cond[item]{}, errors.New("it is empty")
	}
	return expr.Raw[item](b.String(), args...), nil
}

// parser reads a text from at on. What it fails at is at, too.
type parser struct {
	text string
	at   int
	now  time.Time
}

var (
	operators = []string{"<>", "<=", ">=", "=", "<", ">", "(", ")", ","}
	keywords  = []string{"AND", "OR", "NOT", "BETWEEN", "IN"}
	functions = []string{"attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains", "size"}
)

// word is the next word of a condition: as it is written, or "" and the argument that it stands for.
func (p *parser) word() (string, any, error) {
	if !strings.HasPrefix(p.rest(), "<<") {
		for _, o := range operators {
			if p.take(o) {
				return o, nil, nil
			}
		}
	}
	if v, ok, err := p.value(); ok || err != nil {
		return "", v, err
	}
	name := p.name()
	switch after := strings.TrimLeft(p.rest(), " \t\r\n"); {
	case name != "" && slices.Contains(keywords, strings.ToUpper(name)):
		return strings.ToUpper(name), nil, nil
	case name != "" && strings.HasPrefix(after, "("):
		if !slices.Contains(functions, name) {
			return "", nil, fmt.Errorf("there is no function %s", name)
		}
		return name, nil, nil
	}
	p.at -= len(name)
	path, err := p.path()
	return "", expr.Path[item, any](path), err
}

func (p *parser) rest() string { return p.text[p.at:] }

func (p *parser) space() { p.at = len(p.text) - len(strings.TrimLeft(p.rest(), " \t\r\n")) }

// take takes s, if it comes next.
func (p *parser) take(s string) bool {
	if !strings.HasPrefix(p.rest(), s) {
		return false
	}
	p.at += len(s)
	return true
}

// name takes a name that has no quotes. It may be empty.
func (p *parser) name() string {
	text := p.rest()
	end := strings.IndexFunc(text, func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r < 0x80
	})
	if end < 0 {
		end = len(text)
	}
	p.at += end
	return text[:end]
}

// path takes the path of an attribute, ship.lines[0]."a.b", in the form of expr.Path.
func (p *parser) path() (string, error) {
	var b strings.Builder
	for {
		name := p.name()
		if name == "" {
			var err error
			if name, err = p.quoted('"'); err != nil {
				return "", err
			}
		}
		if name == "" {
			return "", errors.New("there is no attribute, value or operator")
		}
		b.WriteString(strconv.Quote(name))
		for p.take("[") {
			i := strings.IndexByte(p.rest(), ']')
			if i < 0 {
				return "", errors.New("[ without ]")
			}
			n, err := strconv.ParseUint(p.text[p.at:p.at+i], 10, 31)
			if err != nil {
				return "", errors.New("no place of a list is in brackets")
			}
			p.at += i + 1
			fmt.Fprintf(&b, "[%d]", n)
		}
		if !p.take(".") {
			return b.String(), nil
		}
		b.WriteByte('.')
	}
}

// quoted takes a text in quotes, where two of them are one; "" if there is none.
func (p *parser) quoted(quote byte) (string, error) {
	if p.rest() == "" || p.rest()[0] != quote {
		return "", nil
	}
	var b strings.Builder
	for i := p.at + 1; i < len(p.text); i++ {
		switch {
		case p.text[i] != quote:
			b.WriteByte(p.text[i])
		case i+1 < len(p.text) && p.text[i+1] == quote:
			b.WriteByte(quote)
			i++
		default:
			p.at = i + 1
			return b.String(), nil
		}
	}
	return "", fmt.Errorf("a %c is not closed", quote)
}

// value takes a value: 'text', 12.5, true, null, b'aGk=', now(), now(-24h), [1, 'a'], {'a': 1} or <<'a', 'b'>>.
func (p *parser) value() (v types.AttributeValue, ok bool, err error) {
	rest := p.rest()
	switch {
	case strings.HasPrefix(rest, "'"):
		text, err := p.quoted('\'')
		return &types.AttributeValueMemberS{Value: text}, true, err
	case strings.HasPrefix(rest, "b'"):
		p.at++
		text, err := p.quoted('\'')
		if err != nil {
			return nil, true, err
		}
		bytes, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			err = errors.New("these bytes are no base64")
		}
		return &types.AttributeValueMemberB{Value: bytes}, true, err
	case strings.HasPrefix(rest, "now("):
		return p.time()
	case strings.HasPrefix(rest, "<<"):
		v, err := p.set()
		return v, true, err
	case strings.HasPrefix(rest, "["):
		v, err := p.list()
		return v, true, err
	case strings.HasPrefix(rest, "{"):
		v, err := p.mapping()
		return v, true, err
	}
	start := p.at
	if rest != "" && strings.IndexByte("+-.0123456789", rest[0]) >= 0 {
		p.at += len(rest) - len(strings.TrimLeft(rest, "+-.0123456789eE"))
		text := p.text[start:p.at]
		if _, err := strconv.ParseFloat(text, 64); err != nil && !errors.Is(err, strconv.ErrRange) {
			p.at = start
			return nil, true, errors.New("this is no number; a name that begins like one is written in double quotes")
		}
		return &types.AttributeValueMemberN{Value: text}, true, nil
	}
	switch strings.ToLower(p.name()) {
	case "true":
		return &types.AttributeValueMemberBOOL{Value: true}, true, nil
	case "false":
		return &types.AttributeValueMemberBOOL{Value: false}, true, nil
	case "null":
		return &types.AttributeValueMemberNULL{Value: true}, true, nil
	}
	p.at = start
	return nil, false, nil
}

// time takes now() or now(-24h), in seconds since 1970, as TTL attributes have it.
func (p *parser) time() (types.AttributeValue, bool, error) {
	inside, _, closed := strings.Cut(strings.TrimPrefix(p.rest(), "now("), ")")
	if !closed {
		return nil, true, errors.New("( without )")
	}
	at := p.now
	if text := strings.TrimSpace(inside); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil {
			return nil, true, errors.New("now takes a duration, such as -24h")
		}
		at = at.Add(d)
	}
	p.at += len("now(") + len(inside) + 1
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(at.Unix(), 10)}, true, nil
}
