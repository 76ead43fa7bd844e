package tables

import (
	"bytes"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// object is a JSON object without members that are nil.
type object map[string]any

func (o object) set(name string, value any, given bool) {
	if given {
		o[name] = value
	}
}

// CloudFormation is the resource of a CloudFormation template that makes the table.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
func (d *Definition) CloudFormation() ([]byte, error) {
	in := d.CreateTable()
	p := object{"TableName": d.plainName(), "BillingMode": in.BillingMode, "KeySchema": keyObjects(in.KeySchema)}
	var defs []object
	for _, def := range in.AttributeDefinitions {
		defs = append(defs, object{"AttributeName": def.AttributeName, "AttributeType": def.AttributeType})
	}
	p["AttributeDefinitions"] = defs
	throughput(p, in.ProvisionedThroughput, in.OnDemandThroughput, in.WarmThroughput)
	var globals, locals, vectors []object
	for _, g := range in.GlobalSecondaryIndexes {
		ix := object{"IndexName": g.IndexName, "KeySchema": keyObjects(g.KeySchema), "Projection": projectionObject(g.Projection)}
		throughput(ix, g.ProvisionedThroughput, g.OnDemandThroughput, g.WarmThroughput)
		globals = append(globals, ix)
	}
	for _, l := range in.LocalSecondaryIndexes {
		locals = append(locals, object{"IndexName": l.IndexName, "KeySchema": keyObjects(l.KeySchema), "Projection": projectionObject(l.Projection)})
	}
	for _, v := range in.VectorIndexes {
		ix := object{
			"IndexName": v.IndexName, "Dimensions": v.Dimensions, "DistanceFunction": v.DistanceFunction,
			"VectorAttribute": object{"AttributeName": v.VectorAttribute.AttributeName}, "Projection": projectionObject(v.Projection),
		}
		var search []object
		for _, e := range v.SearchSchema {
			search = append(search, object{"AttributeName": e.AttributeName, "SearchSchemaElementType": e.SearchSchemaElementType})
		}
		ix.set("SearchSchema", search, search != nil)
		vectors = append(vectors, ix)
	}
	p.set("GlobalSecondaryIndexes", globals, globals != nil)
	p.set("LocalSecondaryIndexes", locals, locals != nil)
	p.set("VectorIndexes", vectors, vectors != nil)
	if in.StreamSpecification != nil {
		p["StreamSpecification"] = object{"StreamViewType": in.StreamSpecification.StreamViewType}
	}
	if in.SSESpecification != nil {
		sse := object{"SSEEnabled": true, "SSEType": types.SSETypeKms}
		sse.set("KMSMasterKeyId", in.SSESpecification.KMSMasterKeyId, in.SSESpecification.KMSMasterKeyId != nil)
		p["SSESpecification"] = sse
	}
	p.set("TimeToLiveSpecification", object{"AttributeName": d.TTL, "Enabled": true}, d.TTL != "")
	p.set("TableClass", in.TableClass, in.TableClass != "")
	p.set("DeletionProtectionEnabled", in.DeletionProtectionEnabled, in.DeletionProtectionEnabled != nil)
	var tags []object
	for _, t := range in.Tags {
		tags = append(tags, object{"Key": t.Key, "Value": t.Value})
	}
	p.set("Tags", tags, tags != nil)
	return indented(object{"Type": "AWS::DynamoDB::Table", "Properties": p})
}

func throughput(o object, p *types.ProvisionedThroughput, d *types.OnDemandThroughput, w *types.WarmThroughput) {
	two := func(name, read string, r *int64, write string, n *int64) {
		units := object{}
		units.set(read, r, r != nil)
		units.set(write, n, n != nil)
		o[name] = units
	}
	if p != nil {
		two("ProvisionedThroughput", "ReadCapacityUnits", p.ReadCapacityUnits, "WriteCapacityUnits", p.WriteCapacityUnits)
	}
	if d != nil {
		two("OnDemandThroughput", "MaxReadRequestUnits", d.MaxReadRequestUnits, "MaxWriteRequestUnits", d.MaxWriteRequestUnits)
	}
	if w != nil {
		two("WarmThroughput", "ReadUnitsPerSecond", w.ReadUnitsPerSecond, "WriteUnitsPerSecond", w.WriteUnitsPerSecond)
	}
}

func keyObjects(keys []types.KeySchemaElement) []object {
	var all []object
	for _, k := range keys {
		all = append(all, object{"AttributeName": aws.ToString(k.AttributeName), "KeyType": k.KeyType})
	}
	return all
}

func projectionObject(p *types.Projection) object {
	o := object{"ProjectionType": p.ProjectionType}
	o.set("NonKeyAttributes", p.NonKeyAttributes, len(p.NonKeyAttributes) > 0)
	return o
}

// indented is v as JSON for people to read.
func indented(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}
