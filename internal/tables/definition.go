package tables

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/core"
)

// Settings are what is said about a table beside what its items need. What is
// nil or empty is not said: a new table has the service's default, one that
// exists what it has.
type Settings struct {
	Billing    types.BillingMode // of a new table: on demand
	Capacity   *types.ProvisionedThroughput
	OnDemand   *types.OnDemandThroughput // -1: no limit
	Warm       *types.WarmThroughput
	Stream     *types.StreamSpecification
	Class      types.TableClass
	Encryption *types.SSESpecification
	Protected  *bool
	Tags       map[string]string
}

// Definition is what a table is to be.
type Definition struct {
	*core.Definition
	Settings
	Name string
}

// Define is the table that t's settings and schemas say.
func (t *Table) Define(schemas []*core.Schema) (*Definition, error) {
	d, err := core.Define(schemas)
	if err != nil {
		return nil, err
	}
	def := &Definition{d, t.Settings, t.Name}
	if len(def.Vectors) > 0 && def.Billing == "" {
		def.Billing = types.BillingModePayPerRequest // they take it
	}
	for i := range def.Globals {
		g := &def.Globals[i]
		if def.Billing == types.BillingModeProvisioned && g.ProvisionedThroughput == nil {
			g.ProvisionedThroughput = def.Capacity
		}
	}
	return def, def.check()
}

// Limits of tables.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
const (
	maxGlobals   = 20
	maxLocals    = 5
	maxVectors   = 5
	maxProjected = 100
	maxTags      = 50
	maxTagKey    = 128
	maxTagValue  = 256
)

var indexName = regexp.MustCompile(`^[a-zA-Z0-9_.-]{3,255}$`)

// check finds what the service would refuse.
func (d *Definition) check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if name := d.plainName(); !indexName.MatchString(name) {
		wrong("the name of a table has 3 to 255 letters, digits, and _.-")
	}
	projected := 0
	for name, p := range d.projections() {
		if !indexName.MatchString(name) {
			wrong("the name of index %s has other characters than letters, digits, and _.-", name)
		}
		if p != nil {
			projected += len(p.NonKeyAttributes)
		}
	}
	for _, most := range []struct {
		n, most int
		what    string
	}{
		{len(d.Globals), maxGlobals, "global indexes"}, {len(d.Locals), maxLocals, "local indexes"}, {len(d.Vectors), maxVectors, "vector indexes"},
		{projected, maxProjected, "attributes included in indexes"}, {len(d.Tags), maxTags, "tags"},
	} {
		if most.n > most.most {
			wrong("%d %s: a table has at most %d", most.n, most.what, most.most)
		}
	}
	for key, value := range d.Tags {
		if n := utf8.RuneCountInString(key); n == 0 || n > maxTagKey || utf8.RuneCountInString(value) > maxTagValue || strings.HasPrefix(strings.ToLower(key), "aws:") {
			wrong("a tag has a key of 1 to %d characters that does not begin with aws:, and a value of at most %d", maxTagKey, maxTagValue)
		}
	}
	provisioned := d.Billing == types.BillingModeProvisioned
	if provisioned && len(d.Vectors) > 0 {
		wrong("a table with vector indexes is on demand")
	}
	if provisioned && d.OnDemand != nil {
		wrong("limits on demand are for tables on demand")
	}
	for _, g := range d.Globals {
		if provisioned && g.OnDemandThroughput != nil || !provisioned && g.ProvisionedThroughput != nil {
			wrong("index %s has capacity of another kind than the table", aws.ToString(g.IndexName))
		}
		errs = append(errs, checkCapacity("index "+aws.ToString(g.IndexName), g.ProvisionedThroughput, g.OnDemandThroughput, g.WarmThroughput))
	}
	errs = append(errs, checkCapacity("the table", d.Capacity, d.OnDemand, d.Warm))
	if s := d.Stream; s != nil && aws.ToBool(s.StreamEnabled) && !slices.Contains(s.StreamViewType.Values(), s.StreamViewType) {
		wrong("the stream's view is none that the service knows")
	}
	if d.Class != "" && !slices.Contains(d.Class.Values(), d.Class) {
		wrong("the table's class is none that the service knows")
	}
	return errors.Join(errs...)
}

// plainName is the table's name, also of one that is called by its ARN.
func (d *Definition) plainName() string {
	if _, name, ok := strings.Cut(d.Name, ":table/"); ok && strings.HasPrefix(d.Name, "arn:") {
		return name
	}
	return d.Name
}

// projections are what the indexes hold, by their names.
func (d *Definition) projections() map[string]*types.Projection {
	all := map[string]*types.Projection{}
	for _, g := range d.Globals {
		all[aws.ToString(g.IndexName)] = g.Projection
	}
	for _, l := range d.Locals {
		all[aws.ToString(l.IndexName)] = l.Projection
	}
	for _, v := range d.Vectors {
		all[aws.ToString(v.IndexName)] = v.Projection
	}
	return all
}

// checkCapacity finds figures that are none.
func checkCapacity(what string, p *types.ProvisionedThroughput, o *types.OnDemandThroughput, w *types.WarmThroughput) error {
	var errs []error
	if p != nil && (aws.ToInt64(p.ReadCapacityUnits) < 1 || aws.ToInt64(p.WriteCapacityUnits) < 1) {
		errs = append(errs, fmt.Errorf("%s: provisioned capacity is at least 1 unit", what))
	}
	limit := func(n *int64) bool { return n == nil || *n >= 1 || *n == -1 }
	if o != nil && (!limit(o.MaxReadRequestUnits) || !limit(o.MaxWriteRequestUnits)) {
		errs = append(errs, fmt.Errorf("%s: a limit on demand is at least 1 unit", what))
	}
	warm := func(n *int64) bool { return n == nil || *n >= 1 }
	if w != nil && (!warm(w.ReadUnitsPerSecond) || !warm(w.WriteUnitsPerSecond)) {
		errs = append(errs, fmt.Errorf("%s: warm throughput is at least 1 unit", what))
	}
	return errors.Join(errs...)
}

// CreateTable is the request that makes the table; TTL is another.
func (d *Definition) CreateTable() *dynamodb.CreateTableInput {
	keys := [][]types.KeySchemaElement{d.Keys}
	for _, l := range d.Locals {
		keys = append(keys, l.KeySchema)
	}
	for _, g := range d.Globals {
		keys = append(keys, g.KeySchema)
	}
	for _, v := range d.Vectors {
		keys = append(keys, searched(v))
	}
	in := &dynamodb.CreateTableInput{
		TableName: aws.String(d.Name), BillingMode: types.BillingModePayPerRequest,
		KeySchema: d.Keys, AttributeDefinitions: d.Attributes(keys...),
		GlobalSecondaryIndexes: d.Globals, LocalSecondaryIndexes: d.Locals, VectorIndexes: d.Vectors,
		WarmThroughput: d.Warm, TableClass: d.Class, DeletionProtectionEnabled: d.Protected, Tags: d.tagList(d.Tags),
		OnDemandThroughput: limited(d.OnDemand),
	}
	if d.Billing == types.BillingModeProvisioned {
		in.BillingMode, in.ProvisionedThroughput = d.Billing, d.Capacity
	}
	if d.Stream != nil && aws.ToBool(d.Stream.StreamEnabled) {
		in.StreamSpecification = d.Stream
	}
	if d.Encryption != nil && aws.ToBool(d.Encryption.Enabled) {
		in.SSESpecification = d.Encryption
	}
	in.GlobalSecondaryIndexes = slices.Clone(d.Globals)
	for i := range in.GlobalSecondaryIndexes {
		g := &in.GlobalSecondaryIndexes[i]
		g.OnDemandThroughput = limited(g.OnDemandThroughput)
	}
	return in
}

// limited is o where it sets a limit; a new table has none to take away.
func limited(o *types.OnDemandThroughput) *types.OnDemandThroughput {
	if o == nil || aws.ToInt64(o.MaxReadRequestUnits) < 1 && aws.ToInt64(o.MaxWriteRequestUnits) < 1 {
		return nil
	}
	limit := func(n *int64) *int64 {
		if aws.ToInt64(n) < 1 {
			return nil
		}
		return n
	}
	return &types.OnDemandThroughput{MaxReadRequestUnits: limit(o.MaxReadRequestUnits), MaxWriteRequestUnits: limit(o.MaxWriteRequestUnits)}
}

// searched are the attributes that vectors are searched by, as if they were a key.
func searched(v types.VectorIndex) []types.KeySchemaElement {
	var keys []types.KeySchemaElement
	for _, e := range v.SearchSchema {
		keys = append(keys, types.KeySchemaElement{AttributeName: e.AttributeName})
	}
	return keys
}

func (d *Definition) tagList(tags map[string]string) []types.Tag {
	var list []types.Tag
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return list
}
