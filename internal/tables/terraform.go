package tables

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// block is a block of Terraform's language that is being written.
type block struct {
	out   *bytes.Buffer
	depth int
}

func (b block) line(format string, args ...any) {
	b.out.WriteString(strings.Repeat("  ", b.depth))
	fmt.Fprintf(b.out, format+"\n", args...)
}

// in writes a block inside of b.
func (b block) in(head string, write func(block)) {
	b.line("%s {", head)
	write(block{b.out, b.depth + 1})
	b.line("}")
}

func (b block) text(name string, value *string) {
	if value != nil {
		b.line("%s = %s", name, quoted(*value))
	}
}

func (b block) number(name string, value *int64) {
	if value != nil {
		b.line("%s = %d", name, *value)
	}
}

// quoted is a string of Terraform's language: ${ and %{ begin templates.
func quoted(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case unicode.IsControl(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return `"` + strings.NewReplacer("${", "$${", "%{", "%%{").Replace(b.String()) + `"`
}

// Terraform is the resource, called resource, that makes the table with
// HashiCorp's provider for AWS.
func (d *Definition) Terraform(resource string) ([]byte, error) {
	if len(d.Vectors) > 0 {
		return nil, errors.New("the provider has no vector indexes")
	}
	in := d.CreateTable()
	b := block{out: &bytes.Buffer{}}
	b.in(`resource "aws_dynamodb_table" `+quoted(resource), func(b block) {
		b.text("name", aws.String(d.plainName()))
		b.line("billing_mode = %q", in.BillingMode)
		b.key(in.KeySchema)
		if p := in.ProvisionedThroughput; p != nil {
			b.number("read_capacity", p.ReadCapacityUnits)
			b.number("write_capacity", p.WriteCapacityUnits)
		}
		if in.TableClass != "" {
			b.line("table_class = %q", in.TableClass)
		}
		if p := in.DeletionProtectionEnabled; p != nil {
			b.line("deletion_protection_enabled = %t", *p)
		}
		if s := in.StreamSpecification; s != nil {
			b.line("stream_enabled = true")
			b.line("stream_view_type = %q", s.StreamViewType)
		}
		for _, def := range in.AttributeDefinitions {
			b.in("attribute", func(b block) {
				b.text("name", def.AttributeName)
				b.line("type = %q", def.AttributeType)
			})
		}
		for _, l := range in.LocalSecondaryIndexes {
			b.in("local_secondary_index", func(b block) {
				b.text("name", l.IndexName)
				b.text("range_key", l.KeySchema[len(l.KeySchema)-1].AttributeName)
				b.projection(l.Projection)
			})
		}
		for _, g := range in.GlobalSecondaryIndexes {
			b.in("global_secondary_index", func(b block) { b.global(g) })
		}
		b.onDemand(in.OnDemandThroughput)
		b.warm(in.WarmThroughput)
		if d.TTL != "" {
			b.in("ttl", func(b block) {
				b.text("attribute_name", &d.TTL)
				b.line("enabled = true")
			})
		}
		if in.SSESpecification != nil {
			b.in("server_side_encryption", func(b block) {
				b.line("enabled = true")
				b.text("kms_key_arn", in.SSESpecification.KMSMasterKeyId)
			})
		}
		if len(d.Tags) > 0 {
			b.line("tags = {")
			for _, key := range slices.Sorted(maps.Keys(d.Tags)) {
				block{b.out, b.depth + 1}.line("%s = %s", quoted(key), quoted(d.Tags[key]))
			}
			b.line("}")
		}
	})
	return b.out.Bytes(), nil
}

func (b block) global(g types.GlobalSecondaryIndex) {
	b.text("name", g.IndexName)
	b.key(g.KeySchema)
	b.projection(g.Projection)
	if p := g.ProvisionedThroughput; p != nil {
		b.number("read_capacity", p.ReadCapacityUnits)
		b.number("write_capacity", p.WriteCapacityUnits)
	}
	b.onDemand(g.OnDemandThroughput)
	b.warm(g.WarmThroughput)
}

// key writes a key: one of several attributes in a part takes a provider that
// knows those.
func (b block) key(keys []types.KeySchemaElement) {
	if len(keys) > 2 || len(keys) == 2 && keys[0].KeyType == keys[1].KeyType {
		for _, k := range keys {
			b.in("key_schema", func(b block) {
				b.text("attribute_name", k.AttributeName)
				b.line("key_type = %q", k.KeyType)
			})
		}
		return
	}
	b.text("hash_key", keys[0].AttributeName)
	if len(keys) == 2 {
		b.text("range_key", keys[1].AttributeName)
	}
}

func (b block) projection(p *types.Projection) {
	b.line("projection_type = %q", p.ProjectionType)
	if len(p.NonKeyAttributes) > 0 {
		names := make([]string, len(p.NonKeyAttributes))
		for i, name := range p.NonKeyAttributes {
			names[i] = quoted(name)
		}
		b.line("non_key_attributes = [%s]", strings.Join(names, ", "))
	}
}

func (b block) onDemand(o *types.OnDemandThroughput) {
	if o != nil {
		b.in("on_demand_throughput", func(b block) {
			b.number("max_read_request_units", o.MaxReadRequestUnits)
			b.number("max_write_request_units", o.MaxWriteRequestUnits)
		})
	}
}

func (b block) warm(w *types.WarmThroughput) {
	if w != nil {
		b.in("warm_throughput", func(b block) {
			b.number("read_units_per_second", aws.Int64(aws.ToInt64(w.ReadUnitsPerSecond)))
			b.number("write_units_per_second", aws.Int64(aws.ToInt64(w.WriteUnitsPerSecond)))
		})
	}
}
