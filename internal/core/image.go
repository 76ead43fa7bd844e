package core

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Images reads images of items of repositories that share a table: items as they
// were stored at some time, which streams have.
type Images struct {
	Repos []*Repo
	Skip  bool  // items of kinds that none of the repositories has; otherwise they are ErrKind
	Err   error // what every use fails with, if set
}

// Imaged is an image that was read.
type Imaged struct {
	Repo int           // whose item it is, -1: nobody's
	Item reflect.Value // of the repository's type
	Err  error         // why it cannot be read
}

// Table is that of the repositories.
func (m *Images) Table() *Table { return m.Repos[0].Table }

// Name is how messages call the items.
func (m *Images) Name() string {
	if len(m.Repos) == 1 {
		return m.Repos[0].Name()
	}
	return "union"
}

// Check is what is wrong with the repositories.
func (m *Images) Check() error {
	switch {
	case m.Err != nil:
		return m.Err
	case len(m.Repos) == 0 || slices.Contains(m.Repos, nil):
		return errors.New("nil repository")
	}
	return m.Table().Err
}

// Read reads images as reads do items: opened, upgraded and verified, and with the
// hooks after loading. Unlike those it shows items that have expired. The claims of
// unique values are nobody's.
func (m *Images) Read(ctx context.Context, images []map[string]types.AttributeValue) []Imaged {
	read := make([]Imaged, len(images))
	for i, attrs := range images {
		read[i] = m.owner(attrs)
	}
	for n, r := range m.Repos {
		mine := func(i Imaged) bool { return i.Repo == n && i.Err == nil }
		if !slices.ContainsFunc(read, mine) {
			continue
		}
		p := r.table.whole.newPage(r.Table)
		p.any = true
		for i, attrs := range images {
			if mine(read[i]) {
				p.readMap(attrs)
			}
		}
		p.loaded(ctx)
		k := 0
		for i := range read {
			if !mine(read[i]) {
				continue
			}
			if err := p.entries[k].err; err != nil {
				read[i].Err = &BadItem{Path: pathOf(err), Err: err}
			} else {
				read[i].Item = reflect.New(r.Type).Elem()
				read[i].Item.Set(p.item(k))
			}
			k++
		}
		p.release()
	}
	return read
}

// Key reads the attributes of a table's key: an item that has the fields which they
// tell, and no others. If repo, whose it is, is not known and -1, only what keys begin
// with can tell.
func (m *Images) Key(attrs map[string]types.AttributeValue, repo int) Imaged {
	read := Imaged{Repo: repo}
	if repo < 0 {
		read = m.owner(attrs)
	}
	if read.Repo < 0 || read.Err != nil {
		return read
	}
	r := m.Repos[read.Repo]
	read.Item = reflect.New(r.Type).Elem()
	err := r.plan.Decode(attrs, read.Item.Addr().Interface())
	if err == nil {
		err = r.finish(&record{stored: stored{attrs: attrs}}, read.Item)
	}
	if err != nil {
		read.Err = &BadItem{Path: pathOf(err), Err: err}
	}
	return read
}

// owner is whose item attrs are of.
func (m *Images) owner(attrs map[string]types.AttributeValue) Imaged {
	rec := &record{stored: stored{attrs: attrs}}
	read := Imaged{Repo: slices.IndexFunc(m.Repos, func(r *Repo) bool { return !r.foreign(rec) })}
	if read.Repo < 0 && !m.Skip && !m.Repos[0].isSentinel(rec) {
		read.Err = ErrKind
	}
	return read
}

// StreamARN is the name of the table's stream.
func (t *Table) StreamARN(ctx context.Context) (string, error) {
	client, ok := t.Client.(interface {
		DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
	})
	if !ok {
		return "", fmt.Errorf("this client (%T) cannot describe tables", t.Client)
	}
	out, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(t.Name)}, options(ctx)...)
	if err != nil {
		return "", serviceError(err)
	}
	arn := aws.ToString(out.Table.LatestStreamArn)
	if arn == "" {
		return "", errors.New("the table has no stream: the option Stream gives it one")
	}
	return arn, nil
}
