package core

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/sethvargo/go-retry"
)

// tableClient is what a client must also have to make tables.
type tableClient interface {
	CreateTable(context.Context, *dynamodb.CreateTableInput, ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error)
	DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
	UpdateTable(context.Context, *dynamodb.UpdateTableInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateTableOutput, error)
}

// definition is the table that some schemas need.
type definition struct {
	types   map[string]types.ScalarAttributeType
	keys    []types.KeySchemaElement
	globals []types.GlobalSecondaryIndex
	locals  []types.LocalSecondaryIndex
	ttl     string // "": none
}

// Ensure makes the table that schemas need, or what of it is missing, and
// waits until it can be used.
func (t *Table) Ensure(ctx context.Context, schemas []*Schema) error {
	client, ok := t.Client.(tableClient)
	if !ok {
		return fmt.Errorf("this client (%T) cannot make tables", t.Client)
	}
	if t.ReadOnly {
		return ErrReadOnly
	}
	d, err := define(schemas)
	if err != nil {
		return err
	}
	have, err := t.describe(ctx, client)
	if errors.Is(err, ErrTableNotFound) {
		if err := t.create(ctx, client, d.create(t.Name)); err != nil {
			return err
		}
		have, err = t.wait(ctx, client)
	}
	if err != nil {
		return err
	}
	if err := d.check(have); err != nil {
		return err
	}
	if err := t.addIndexes(ctx, client, d); err != nil {
		return err
	}
	return t.setTTL(ctx, d.ttl)
}

// ttlClient is what a client must also have to switch TTL on.
type ttlClient interface {
	DescribeTimeToLive(context.Context, *dynamodb.DescribeTimeToLiveInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTimeToLiveOutput, error)
	UpdateTimeToLive(context.Context, *dynamodb.UpdateTimeToLiveInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateTimeToLiveOutput, error)
}

// setTTL switches TTL on, for the attribute called name, unless it is.
func (t *Table) setTTL(ctx context.Context, name string) error {
	if name == "" {
		return nil
	}
	client, ok := t.Client.(ttlClient)
	if !ok {
		return fmt.Errorf("this client (%T) cannot switch TTL on", t.Client)
	}
	out, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: aws.String(t.Name)}, options(ctx)...)
	if err != nil {
		return serviceError(err)
	}
	if d := out.TimeToLiveDescription; d != nil && (d.TimeToLiveStatus == types.TimeToLiveStatusEnabled || d.TimeToLiveStatus == types.TimeToLiveStatusEnabling) {
		if aws.ToString(d.AttributeName) != name {
			return fmt.Errorf("the table's TTL is another attribute than %s", name)
		}
		return nil
	}
	_, err = client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName:               aws.String(t.Name),
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: &name, Enabled: aws.Bool(true)},
	}, options(ctx)...)
	if err != nil {
		return serviceError(err)
	}
	return nil
}

// create makes the table, unless another process does. Where the service has
// too much to do it is asked again.
func (t *Table) create(ctx context.Context, client tableClient, in *dynamodb.CreateTableInput) error {
	return retry.Do(ctx, polling(), func(ctx context.Context) error {
		_, err := client.CreateTable(ctx, in, options(ctx)...)
		var inUse *types.ResourceInUseException
		switch {
		case err == nil || errors.As(err, &inUse):
			return nil
		case busy(err):
			return retry.RetryableError(serviceError(err))
		}
		return serviceError(err)
	})
}

func polling() retry.Backoff {
	return retry.WithCappedDuration(pollLast, retry.NewExponential(pollFirst))
}

// addIndexes creates the global indexes that are missing, one at a time as
// the service wants it.
func (t *Table) addIndexes(ctx context.Context, client tableClient, d *definition) error {
	backoff := polling()
	for {
		have, err := t.wait(ctx, client)
		if err != nil {
			return err
		}
		missing := slices.IndexFunc(d.globals, func(g types.GlobalSecondaryIndex) bool {
			return findGlobal(have, aws.ToString(g.IndexName)) == nil
		})
		if missing < 0 {
			return d.check(have)
		}
		g := d.globals[missing]
		_, err = client.UpdateTable(ctx, &dynamodb.UpdateTableInput{
			TableName:            aws.String(t.Name),
			AttributeDefinitions: d.attributes(g.KeySchema),
			GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Create: &types.CreateGlobalSecondaryIndexAction{
				IndexName: g.IndexName, KeySchema: g.KeySchema, Projection: g.Projection,
			}}},
		}, options(ctx)...)
		if err == nil {
			continue
		}
		if !t.retriable(ctx, client, err, g) {
			return serviceError(err)
		}
		if err := pause(ctx, backoff); err != nil {
			return err
		}
	}
}

// pause waits for the next delay of backoff, or until ctx ends.
func pause(ctx context.Context, backoff retry.Backoff) error {
	delay, _ := backoff.Next()
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// retriable reports whether the creation of the index g, refused with err,
// is to be tried again or no longer needed: another is being made, here or by
// another process.
func (t *Table) retriable(ctx context.Context, client tableClient, err error, g types.GlobalSecondaryIndex) bool {
	if busy(err) {
		return true
	}
	have, describeErr := t.describe(ctx, client)
	return describeErr == nil && findGlobal(have, aws.ToString(g.IndexName)) != nil
}

// busy reports whether the service refuses because of what goes on already.
func busy(err error) bool {
	var inUse *types.ResourceInUseException
	var limit *types.LimitExceededException
	return errors.As(err, &inUse) || errors.As(err, &limit)
}

func (t *Table) describe(ctx context.Context, client tableClient) (*types.TableDescription, error) {
	out, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(t.Name)}, options(ctx)...)
	if err != nil {
		return nil, serviceError(err)
	}
	return out.Table, nil
}

// The state of a table is asked for at first after pollFirst, then ever less
// often, up to pollLast.
const (
	pollFirst = 20 * time.Millisecond
	pollLast  = 5 * time.Second
)

var errNotReady = errors.New("the table is not ready")

// wait asks until the table and its indexes are active.
func (t *Table) wait(ctx context.Context, client tableClient) (*types.TableDescription, error) {
	var have *types.TableDescription
	err := retry.Do(ctx, polling(), func(ctx context.Context) error {
		var err error
		have, err = t.describe(ctx, client)
		switch {
		case errors.Is(err, ErrTableNotFound):
			return retry.RetryableError(err) // not yet known everywhere
		case err != nil:
			return err
		case have.TableStatus == types.TableStatusDeleting:
			return errors.New("the table is being deleted")
		case have.TableStatus != types.TableStatusActive || slices.ContainsFunc(have.GlobalSecondaryIndexes, func(g types.GlobalSecondaryIndexDescription) bool {
			return g.IndexStatus != types.IndexStatusActive && g.IndexStatus != "" // some servers don't tell
		}):
			return retry.RetryableError(errNotReady)
		}
		return nil
	})
	return have, err
}

// define merges what schemas need of one table.
func define(schemas []*Schema) (*definition, error) {
	if len(schemas) == 0 {
		return nil, errors.New("no repositories: nothing says what the table looks like")
	}
	d := &definition{types: map[string]types.ScalarAttributeType{}}
	var errs []error
	for _, s := range schemas {
		if s == nil {
			return nil, errors.New("nil repository")
		}
		for _, ix := range s.all() {
			for _, a := range ix.attrs() {
				if have, ok := d.types[a.name]; ok && have != a.kind {
					errs = append(errs, fmt.Errorf("%s: key attribute %s is %s here and %s elsewhere", s.Name(), a.name, a.kind, have))
				}
				d.types[a.name] = a.kind
			}
		}
		keys := s.table.keySchema()
		if d.keys == nil {
			d.keys = keys
		} else if !sameKeys(d.keys, keys) {
			errs = append(errs, fmt.Errorf("%s: its key attributes are not those of the other repositories", s.Name()))
		}
		for _, ix := range s.indexes {
			errs = append(errs, d.addIndex(s, ix))
		}
		if a := s.stages.ttl; a != nil {
			name := a.Path[0].Name
			if d.ttl != "" && d.ttl != name {
				errs = append(errs, fmt.Errorf("%s: its TTL is %s, and %s elsewhere", s.Name(), name, d.ttl))
			}
			d.ttl = name
		}
	}
	return d, errors.Join(errs...)
}

func (d *definition) addIndex(s *Schema, ix *index) error {
	keys, projection := ix.keySchema(), s.projection(ix)
	conflict := fmt.Errorf("%s: index %s is described otherwise elsewhere", s.Name(), ix.Name)
	for i, l := range d.locals {
		if aws.ToString(l.IndexName) == ix.Name {
			if !ix.Local || !sameKeys(l.KeySchema, keys) || !merge(d.locals[i].Projection, projection) {
				return conflict
			}
			return nil
		}
	}
	for i, g := range d.globals {
		if aws.ToString(g.IndexName) == ix.Name {
			if ix.Local || !sameKeys(g.KeySchema, keys) || !merge(d.globals[i].Projection, projection) {
				return conflict
			}
			return nil
		}
	}
	if ix.Local {
		d.locals = append(d.locals, types.LocalSecondaryIndex{IndexName: &ix.Name, KeySchema: keys, Projection: projection})
		return nil
	}
	d.globals = append(d.globals, types.GlobalSecondaryIndex{IndexName: &ix.Name, KeySchema: keys, Projection: projection})
	return nil
}

// merge adds what b includes to a; both must be of one type.
func merge(a, b *types.Projection) bool {
	for _, name := range b.NonKeyAttributes {
		if !slices.Contains(a.NonKeyAttributes, name) {
			a.NonKeyAttributes = append(a.NonKeyAttributes, name)
		}
	}
	return a.ProjectionType == b.ProjectionType
}

func (ix *index) keySchema() []types.KeySchemaElement {
	var keys []types.KeySchemaElement
	for i, p := range ix.parts() {
		for _, a := range p.attrs {
			keys = append(keys, types.KeySchemaElement{
				AttributeName: aws.String(a.name),
				KeyType:       pick(i == 0, types.KeyTypeHash, types.KeyTypeRange),
			})
		}
	}
	return keys
}

// projection is what ix holds; an index with some attributes holds the kind
// too.
func (s *Schema) projection(ix *index) *types.Projection {
	if ix.Projection.KeysOnly {
		return &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly}
	}
	if len(ix.Projection.Include) == 0 {
		return &types.Projection{ProjectionType: types.ProjectionTypeAll}
	}
	keys := s.keyAttrs(ix)
	var names []string
	add := func(name string) {
		if !slices.Contains(names, name) && !slices.ContainsFunc(keys, func(a keyAttr) bool { return a.name == name }) {
			names = append(names, name)
		}
	}
	for _, a := range ix.Projection.Include {
		add(a.Path[0].Name)
	}
	if s.Kind.Attr != "" {
		add(s.Kind.Attr)
	}
	return &types.Projection{ProjectionType: types.ProjectionTypeInclude, NonKeyAttributes: names}
}

func sameKeys(a, b []types.KeySchemaElement) bool {
	return slices.EqualFunc(a, b, func(x, y types.KeySchemaElement) bool {
		return aws.ToString(x.AttributeName) == aws.ToString(y.AttributeName) && x.KeyType == y.KeyType
	})
}

// attributes defines the types of the attributes in keys.
func (d *definition) attributes(keys ...[]types.KeySchemaElement) []types.AttributeDefinition {
	var defs []types.AttributeDefinition
	for _, k := range slices.Concat(keys...) {
		name := aws.ToString(k.AttributeName)
		if !slices.ContainsFunc(defs, func(def types.AttributeDefinition) bool { return aws.ToString(def.AttributeName) == name }) {
			defs = append(defs, types.AttributeDefinition{AttributeName: k.AttributeName, AttributeType: d.types[name]})
		}
	}
	slices.SortFunc(defs, func(a, b types.AttributeDefinition) int {
		return cmp.Compare(aws.ToString(a.AttributeName), aws.ToString(b.AttributeName))
	})
	return defs
}

func (d *definition) create(name string) *dynamodb.CreateTableInput {
	keys := [][]types.KeySchemaElement{d.keys}
	for _, l := range d.locals {
		keys = append(keys, l.KeySchema)
	}
	for _, g := range d.globals {
		keys = append(keys, g.KeySchema)
	}
	return &dynamodb.CreateTableInput{
		TableName: aws.String(name), BillingMode: types.BillingModePayPerRequest,
		KeySchema: d.keys, AttributeDefinitions: d.attributes(keys...),
		GlobalSecondaryIndexes: d.globals, LocalSecondaryIndexes: d.locals,
	}
}

func findGlobal(have *types.TableDescription, name string) *types.GlobalSecondaryIndexDescription {
	for i, g := range have.GlobalSecondaryIndexes {
		if aws.ToString(g.IndexName) == name {
			return &have.GlobalSecondaryIndexes[i]
		}
	}
	return nil
}

// covers reports whether an index with the projection have holds what one
// with want must.
func covers(have, want *types.Projection) bool {
	if have == nil || have.ProjectionType == types.ProjectionTypeAll || want.ProjectionType == types.ProjectionTypeKeysOnly {
		return true
	}
	lacks := func(name string) bool { return !slices.Contains(have.NonKeyAttributes, name) }
	return want.ProjectionType == types.ProjectionTypeInclude && !slices.ContainsFunc(want.NonKeyAttributes, lacks)
}

// check compares a table that exists with what is needed of it; global
// indexes may still be missing.
func (d *definition) check(have *types.TableDescription) error {
	var errs []error
	wrong := func(what string) {
		errs = append(errs, fmt.Errorf("%s of the existing table differ", what))
	}
	if !sameKeys(have.KeySchema, d.keys) {
		wrong("the key attributes")
	}
	for _, def := range have.AttributeDefinitions {
		if want, ok := d.types[aws.ToString(def.AttributeName)]; ok && want != def.AttributeType {
			wrong("the types of key attribute " + aws.ToString(def.AttributeName))
		}
	}
	for _, g := range d.globals {
		h := findGlobal(have, aws.ToString(g.IndexName))
		switch {
		case h == nil:
		case !sameKeys(h.KeySchema, g.KeySchema):
			wrong("the key attributes of index " + aws.ToString(g.IndexName))
		case !covers(h.Projection, g.Projection):
			wrong("the attributes held by index " + aws.ToString(g.IndexName))
		}
	}
	var lacking []string
	for _, l := range d.locals {
		i := slices.IndexFunc(have.LocalSecondaryIndexes, func(h types.LocalSecondaryIndexDescription) bool {
			return aws.ToString(h.IndexName) == aws.ToString(l.IndexName)
		})
		switch {
		case i < 0:
			lacking = append(lacking, aws.ToString(l.IndexName))
		case !sameKeys(have.LocalSecondaryIndexes[i].KeySchema, l.KeySchema):
			wrong("the key attributes of index " + aws.ToString(l.IndexName))
		case !covers(have.LocalSecondaryIndexes[i].Projection, l.Projection):
			wrong("the attributes held by index " + aws.ToString(l.IndexName))
		}
	}
	if lacking != nil {
		errs = append(errs, fmt.Errorf("the existing table lacks the local index %s, which only a new table can be given", strings.Join(lacking, ", ")))
	}
	return errors.Join(errs...)
}
