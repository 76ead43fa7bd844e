package tables

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/core"
)

// diff are the steps from what there is to d, in their order.
func (t *Table) diff(have state, d *Definition) []Step {
	x := &differ{t: t, d: d, have: have}
	if have.table == nil {
		return x.anew()
	}
	if why := x.replaced(); why != "" {
		x.protection(false)
		x.add(Step{Verb: Remove, What: theTable, Detail: why, Replaces: true, run: t.Delete})
		x.steps = append(x.steps, (&differ{t: t, d: d}).anew()...)
		return x.steps
	}
	x.protection(false)
	before, creations, after := x.indexes()
	x.steps = append(x.steps, before...)
	x.capacity()
	x.settings()
	x.steps = append(x.steps, creations...)
	x.steps = append(x.steps, after...)
	x.ttl()
	x.tags()
	x.protection(true)
	return x.steps
}

// differ collects steps.
type differ struct {
	t     *Table
	d     *Definition
	have  state
	steps []Step
}

func (x *differ) add(s Step) { x.steps = append(x.steps, s) }

// update is a step of one UpdateTable.
func (x *differ) update(verb Verb, what, detail string, in *dynamodb.UpdateTableInput) Step {
	in.TableName = aws.String(x.t.Name)
	return Step{Verb: verb, What: what, Detail: detail, run: func(ctx context.Context) error {
		_, err := call(ctx, x.t, "UpdateTable", updater.UpdateTable, in)
		return err
	}}
}

// anew are the steps where there is no table.
func (x *differ) anew() []Step {
	in := x.d.CreateTable()
	var indexes []string
	for name := range x.d.projections() {
		indexes = append(indexes, name)
	}
	slices.Sort(indexes)
	detail := "key " + keyText(x.d.Keys)
	if indexes != nil {
		detail += ", indexes " + strings.Join(indexes, " ")
	}
	x.add(Step{Verb: Create, What: theTable, Detail: detail, run: func(ctx context.Context) error {
		_, err := call(ctx, x.t, "CreateTable", creator.CreateTable, in)
		return err
	}})
	x.ttl()
	return x.steps
}

// replaced says why the table can only be made anew, if so.
func (x *differ) replaced() string {
	have, d := x.have.table, x.d
	var why []string
	if !core.SameKeys(have.KeySchema, d.Keys) {
		why = append(why, fmt.Sprintf("its key is %s, not %s", keyText(have.KeySchema), keyText(d.Keys)))
	}
	fixed := have.KeySchema
	for _, l := range have.LocalSecondaryIndexes {
		fixed = slices.Concat(fixed, l.KeySchema)
	}
	for _, def := range have.AttributeDefinitions {
		name := aws.ToString(def.AttributeName)
		isKey := slices.ContainsFunc(fixed, func(k types.KeySchemaElement) bool { return aws.ToString(k.AttributeName) == name })
		if want, ok := d.Types[name]; ok && isKey && want != def.AttributeType {
			why = append(why, fmt.Sprintf("the key attribute %s is %s, not %s", name, def.AttributeType, want))
		}
	}
	for _, l := range d.Locals {
		name := aws.ToString(l.IndexName)
		i := slices.IndexFunc(have.LocalSecondaryIndexes, func(h types.LocalSecondaryIndexDescription) bool { return aws.ToString(h.IndexName) == name })
		switch {
		case i < 0:
			why = append(why, "it lacks the local index "+name+", which only a new table can be given")
		case !core.SameKeys(have.LocalSecondaryIndexes[i].KeySchema, l.KeySchema):
			why = append(why, "the key of its local index "+name+" differs")
		case !covers(have.LocalSecondaryIndexes[i].Projection, l.Projection):
			why = append(why, "the local index "+name+" holds other attributes")
		}
	}
	return strings.Join(why, "; ")
}

// protection is the step that takes the protection against deletion away, or
// gives it.
func (x *differ) protection(on bool) {
	if p := x.d.Protected; p == nil || *p != on || aws.ToBool(x.have.table.DeletionProtectionEnabled) == on {
		return
	}
	verb := Change
	if on {
		verb = Create
	}
	x.add(x.update(verb, "deletion protection", onOff(on), &dynamodb.UpdateTableInput{DeletionProtectionEnabled: aws.Bool(on)}))
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// settings are the steps for what a table has beside indexes and capacity.
func (x *differ) settings() {
	have, d := x.have.table, x.d
	if s := d.Stream; s != nil {
		x.stream(have.StreamSpecification, s)
	}
	if d.Class != "" {
		now := types.TableClassStandard
		if have.TableClassSummary != nil {
			now = have.TableClassSummary.TableClass
		}
		if now != d.Class {
			x.add(x.update(Change, "class", fmt.Sprintf("%s, not %s", d.Class, now), &dynamodb.UpdateTableInput{TableClass: d.Class}))
		}
	}
	if e := d.Encryption; e != nil {
		if detail := encryptionDiffers(have.SSEDescription, e); detail != "" {
			x.add(x.update(Change, "encryption", detail, &dynamodb.UpdateTableInput{SSESpecification: e}))
		}
	}
}

func (x *differ) stream(have, want *types.StreamSpecification) {
	on := have != nil && aws.ToBool(have.StreamEnabled)
	off := &dynamodb.UpdateTableInput{StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(false)}}
	switch {
	case !aws.ToBool(want.StreamEnabled):
		if on {
			x.add(x.update(Remove, "stream", "", off))
		}
		return
	case on && have.StreamViewType == want.StreamViewType:
		return
	case on:
		s := x.update(Remove, "stream", "its view is "+string(have.StreamViewType), off)
		s.Replaces = true
		x.add(s)
	}
	x.add(x.update(Create, "stream", "view "+string(want.StreamViewType), &dynamodb.UpdateTableInput{StreamSpecification: want}))
}

// encryptionDiffers says how what is differs from what is wanted. A key that is
// wanted by an alias is not compared: the description names the key behind it.
func encryptionDiffers(have *types.SSEDescription, want *types.SSESpecification) string {
	on := have != nil && (have.Status == types.SSEStatusEnabled || have.Status == types.SSEStatusUpdating || have.Status == types.SSEStatusEnabling)
	key := aws.ToString(want.KMSMasterKeyId)
	switch {
	case aws.ToBool(want.Enabled) != on:
		if on {
			return "under a key of the service, not of the account"
		}
		return "under a key of the account"
	case on && key != "" && !strings.Contains(key, "alias/") && !strings.HasSuffix(aws.ToString(have.KMSMasterKeyArn), key):
		return "under another key"
	}
	return ""
}

// ttl is the step that makes the attribute the time to live. Its name is
// Remove's where another is replaced: between the two there is none.
func (x *differ) ttl() {
	name := x.d.TTL
	set := func(name string, on bool) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := call(ctx, x.t, "UpdateTimeToLive", expirer.UpdateTimeToLive, &dynamodb.UpdateTimeToLiveInput{
				TableName: aws.String(x.t.Name), TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: &name, Enabled: aws.Bool(on)},
			})
			return err
		}
	}
	if name == "" || x.have.ttl == name {
		return
	}
	if old := x.have.ttl; old != "" {
		x.add(Step{Verb: Remove, What: "time to live", Detail: "it is " + old, Replaces: true, run: set(old, false)})
	}
	x.add(Step{Verb: Create, What: "time to live", Detail: "attribute " + name, run: set(name, true)})
}

// tags is the step that gives the table the tags it lacks, or with other values.
func (x *differ) tags() {
	lacking := map[string]string{}
	for key, value := range x.d.Tags {
		if have, ok := x.have.tags[key]; !ok || have != value {
			lacking[key] = value
		}
	}
	if len(lacking) == 0 {
		return
	}
	in := &dynamodb.TagResourceInput{ResourceArn: x.have.table.TableArn, Tags: x.d.tagList(lacking)}
	x.add(Step{Verb: Create, What: "tags", Detail: strings.Join(slices.Sorted(maps.Keys(lacking)), " "), run: func(ctx context.Context) error {
		_, err := call(ctx, x.t, "TagResource", tagger.TagResource, in)
		return err
	}})
}

// keyText is a key in words.
func keyText(keys []types.KeySchemaElement) string {
	var parts [2][]string
	for _, k := range keys {
		i := 0
		if k.KeyType == types.KeyTypeRange {
			i = 1
		}
		parts[i] = append(parts[i], aws.ToString(k.AttributeName))
	}
	text := strings.Join(parts[0], "+")
	if parts[1] != nil {
		text += "/" + strings.Join(parts[1], "+")
	}
	return text
}
