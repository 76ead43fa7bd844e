package dynox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

type row = defined[string]

var (
	protoRow = new(row)
	rowA     = expr.At(protoRow, &protoRow.A)
	rowB     = expr.At(protoRow, &protoRow.B)
	rowN     = expr.At(protoRow, &protoRow.N)
	rowV     = expr.At(protoRow, &protoRow.V)
	rowKey   = dynox.Key[row]{Partition: dynox.By(rowA)}
)

// TestDefinitionLimits: what the service would refuse is told before it is asked.
func TestDefinitionLimits(t *testing.T) {
	is := is.New(t)
	many := func(n int) (opts []dynox.Option[row]) {
		for i := range n {
			opts = append(opts, dynox.GSI(fmt.Sprintf("ix%02d", i), dynox.Key[row]{Partition: dynox.By(rowB)}))
		}
		return opts
	}
	gsi := dynox.GSI("by-b", dynox.Key[row]{Partition: dynox.By(rowB)})
	near := dynox.Vectors("near", rowV, 3, types.VectorDistanceFunctionCosine)
	tags := map[string]string{}
	for i := range 51 {
		tags[fmt.Sprint("t", i)] = ""
	}
	for _, c := range []struct {
		table []dynox.TableOption
		repo  []dynox.Option[row]
		want  string
	}{
		{nil, many(21), "at most 20"},
		{nil, []dynox.Option[row]{dynox.GSI("by/b", dynox.Key[row]{Partition: dynox.By(rowB)})}, "other characters"},
		{[]dynox.TableOption{dynox.Tags(tags)}, nil, "at most 50"},
		{[]dynox.TableOption{dynox.Tags(map[string]string{"aws:x": ""})}, nil, "aws:"},
		{[]dynox.TableOption{dynox.Tags(map[string]string{"": ""})}, nil, "a key of 1"},
		{[]dynox.TableOption{dynox.Provisioned(0, 1)}, nil, "at least 1 unit"},
		{[]dynox.TableOption{dynox.Provisioned(1, 1)}, []dynox.Option[row]{near}, "on demand"},
		{[]dynox.TableOption{dynox.Provisioned(1, 1), dynox.MaxOnDemand(1, 1)}, nil, "on demand"},
		{[]dynox.TableOption{dynox.MaxOnDemand(-2, 1)}, nil, "at least 1 unit"},
		{[]dynox.TableOption{dynox.WarmThroughput(-1, 0)}, nil, "at least 1 unit"},
		{nil, []dynox.Option[row]{gsi.Provisioned(1, 1)}, "another kind"},
		{[]dynox.TableOption{dynox.Provisioned(1, 1)}, []dynox.Option[row]{gsi.Provisioned(1, 0)}, "at least 1 unit"},
		{[]dynox.TableOption{dynox.Stream("ALL")}, nil, "stream"},
		{[]dynox.TableOption{dynox.Class("COLD")}, nil, "class"},
	} {
		table := dynox.NewTable(memtable.New(t).Client(), "limits", c.table...)
		repo, err := dynox.NewRepo(table, rowKey, c.repo...)
		is.NoErr(err)
		_, err = table.Definition(repo)
		refused(t, err, "define limits", c.want)
		refused(t, table.Ensure(t.Context(), repo), c.want)
		there, err := table.Exists(t.Context())
		is.NoErr(err)
		is.True(!there)
	}
}

// TestVectorIndexErrors: a vector index is checked where it is described.
func TestVectorIndexErrors(t *testing.T) {
	type deep struct {
		X string `dynamodbav:"x"`
	}
	type item struct {
		ID  string    `dynamodbav:"id"`
		V   []float32 `dynamodbav:"v"`
		Str string    `dynamodbav:"str"`
		Yes bool      `dynamodbav:"yes"`
		D   deep      `dynamodbav:"d"`
		J   []float32 `dynamodbav:"j"`
	}
	p := new(item)
	v, j := expr.At(p, &p.V), expr.At(p, &p.J)
	str, yes, x := expr.At(p, &p.Str), expr.At(p, &p.Yes), expr.At(p, &p.D.X)
	cosine := types.VectorDistanceFunctionCosine
	for _, c := range []struct {
		ix   dynox.VectorIndex[item]
		want string
	}{
		{dynox.Vectors("ix", v, 3, cosine), "3 to 255"},
		{dynox.Vectors("near", v, 0, cosine), "1 to 4096"},
		{dynox.Vectors("near", v, 4097, cosine), "1 to 4096"},
		{dynox.Vectors("near", v, 3, "MANHATTAN"), "distance"},
		{dynox.Vectors("near", v, 3, cosine).Partition(yes), "not stored as a string"},
		{dynox.Vectors("near", v, 3, cosine).Partition(x), "no attribute of"},
		{dynox.Vectors("near", v, 3, cosine).Partition(str).Filters(str), "given twice"},
		{dynox.Vectors("near", j, 3, cosine), "not stored as a list"},
		{dynox.Vectors("near", expr.Attr[item, []float32]{}, 3, cosine), "zero Attr"},
		{dynox.Vectors("near", v, 3, cosine).Partition(nil), ""},
	} {
		table := dynox.NewTable(memtable.New(t).Client(), "vectors")
		_, err := dynox.NewRepo(table, dynox.Key[item]{Partition: dynox.By(expr.At(p, &p.ID))}, dynox.JSON(j), c.ix)
		if c.want == "" {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		refused(t, err, "vector index", c.want)
	}
	table := dynox.NewTable(memtable.New(t).Client(), "vectors")
	near := dynox.Vectors("near", v, 3, cosine)
	_, err := dynox.NewRepo(table, dynox.Key[item]{Partition: dynox.By(expr.At(p, &p.ID))}, near, near)
	refused(t, err, "described twice")
}

// TestPlanRefuses: a plan does nothing that it was not told to, nor what was not in it.
func TestPlanRefuses(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	client := memtable.New(t).Client()
	gsi := dynox.GSI("by-b", dynox.Key[row]{Partition: dynox.By(rowB)})
	plan := func(client dynox.Client, key dynox.Key[row], opts ...dynox.Option[row]) *dynox.Plan {
		table := dynox.NewTable(client, "plans")
		repo, err := dynox.NewRepo(table, key, opts...)
		is.NoErr(err)
		p, err := table.Plan(ctx, repo)
		is.NoErr(err)
		return p
	}
	is.NoErr(plan(client, rowKey, gsi).Apply(ctx))

	// An index that is not defined, one that differs, and another key.
	for _, p := range []*dynox.Plan{
		plan(client, rowKey),
		plan(client, rowKey, dynox.GSI("by-b", dynox.Key[row]{Partition: dynox.By(rowN)})),
		plan(client, dynox.Key[row]{Partition: dynox.By(rowA), Sort: dynox.By(rowN)}, gsi),
	} {
		is.True(len(p.Steps()) > 0)
		err := p.Apply(ctx)
		is.True(errors.Is(err, dynox.ErrDestructive))
	}
	p := plan(client, dynox.Key[row]{Partition: dynox.By(rowA), Sort: dynox.By(rowN)}, gsi)
	is.True(p.Steps()[0].LosesItems && strings.Contains(p.String(), "all items are lost"))
	is.True(errors.Is(p.Apply(ctx, dynox.DropIndexes()), dynox.ErrDestructive))
	is.NoErr(plan(client, rowKey).Apply(ctx, dynox.KeepIndexes()))
	is.Equal(len(plan(client, rowKey, gsi).Steps()), 0)

	// Others are at work.
	p = plan(client, rowKey, gsi, dynox.GSI("by-n", dynox.Key[row]{Partition: dynox.By(rowN)}))
	is.NoErr(plan(client, rowKey).Apply(ctx, dynox.DropIndexes()))
	is.True(errors.Is(p.Apply(ctx), dynox.ErrDrifted))

	// A step is data.
	text, err := json.Marshal(plan(client, rowKey, gsi).Steps())
	is.NoErr(err)
	is.Equal(string(text), `[{"Verb":"create","What":"index by-b","Detail":"key b","Replaces":false,"LosesItems":false}]`)

	// Nothing is planned of a table that can only be read.
	table := dynox.NewTable(client, "plans", dynox.ReadOnly())
	repo, err := dynox.NewRepo(table, rowKey, gsi)
	is.NoErr(err)
	p, err = table.Plan(ctx, repo)
	is.NoErr(err)
	is.True(errors.Is(p.Apply(ctx), dynox.ErrReadOnly))
	is.True(errors.Is(table.Delete(ctx), dynox.ErrReadOnly))
	is.True(errors.Is(table.Ensure(ctx, repo), dynox.ErrReadOnly))
}

// TestApplyTogether: several that carry out the same plan at once do it once, and
// one that is given up leaves the rest.
func TestApplyTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		client := memtable.New(t, memtable.WithTableDelay(3*time.Second)).Client()
		d := draw(rand.New(rand.NewPCG(5, 5)), false)
		errs := make(chan error)
		for range 3 {
			go func() { errs <- apply(t.Context(), client, d) }()
		}
		for range 3 {
			is.NoErr(<-errs)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		to := draw(rand.New(rand.NewPCG(6, 6)), false)
		is.True(errors.Is(apply(ctx, client, to), context.DeadlineExceeded))
		is.NoErr(apply(t.Context(), client, to))
	})
}

// TestEnsureSettings: what is there stays, what is missing comes.
func TestEnsureSettings(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	client := memtable.New(t).Client()
	ensure := func(opts ...dynox.TableOption) *types.TableDescription {
		table := dynox.NewTable(client, "settings", opts...)
		repo, err := dynox.NewRepo(table, rowKey)
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, repo))
		have, err := table.Describe(ctx)
		is.NoErr(err)
		return have
	}
	have := ensure(dynox.Provisioned(5, 5), dynox.EncryptedBy("1234"), dynox.Class(types.TableClassStandardInfrequentAccess), dynox.Tags(map[string]string{"a": "b"}))
	is.Equal(*have.ProvisionedThroughput.ReadCapacityUnits, int64(5))
	is.True(strings.HasSuffix(*have.SSEDescription.KMSMasterKeyArn, "/1234"))
	is.Equal(have.TableClassSummary.TableClass, types.TableClassStandardInfrequentAccess)
	have = ensure(dynox.OnDemand(), dynox.EncryptedByService(), dynox.Stream(types.StreamViewTypeKeysOnly), dynox.DeletionProtection(true))
	is.Equal(*have.ProvisionedThroughput.ReadCapacityUnits, int64(5)) // as it was
	is.Equal(have.StreamSpecification.StreamViewType, types.StreamViewTypeKeysOnly)
	is.True(*have.DeletionProtectionEnabled)
	// An index that comes gets the capacity of the table as it is.
	for _, first := range []dynox.TableOption{dynox.OnDemand(), dynox.Provisioned(2, 2)} {
		client := memtable.New(t).Client()
		for _, opt := range []dynox.TableOption{first, dynox.OnDemand(), dynox.Provisioned(3, 3)} {
			table := dynox.NewTable(client, "modes", opt)
			repo, err := dynox.NewRepo(table, rowKey)
			is.NoErr(err)
			indexed, err := dynox.NewRepo(table, rowKey, dynox.GSI("by-b", dynox.Key[row]{Partition: dynox.By(rowB)}))
			is.NoErr(err)
			is.NoErr(table.Ensure(ctx, repo))
			is.NoErr(table.Ensure(ctx, indexed))
			plan, err := dynox.NewTable(client, "modes").Plan(ctx, repo)
			is.NoErr(err)
			is.NoErr(plan.Apply(ctx, dynox.DropIndexes()))
		}
	}
	tags, err := client.ListTagsOfResource(ctx, &dynamodb.ListTagsOfResourceInput{ResourceArn: have.TableArn})
	is.NoErr(err)
	is.Equal(len(tags.Tags), 1)
}

// TestTemplates: whatever the table, its template is JSON, and has what the request
// that makes it has; and strings of Terraform's language stay strings.
func TestTemplates(t *testing.T) {
	is := is.New(t)
	for n := range uint64(100) {
		d := draw(rand.New(rand.NewPCG(n, 1)), false)
		table := dynox.NewTable(memtable.New(t).Client(), "templates", d.opts...)
		def, err := table.Definition(d.repo(table))
		is.NoErr(err)
		text, err := def.CloudFormation()
		is.NoErr(err)
		var resource struct{ Properties map[string]any }
		is.NoErr(json.Unmarshal(text, &resource))
		in := def.CreateTable()
		count := func(name string) int { list, _ := resource.Properties[name].([]any); return len(list) }
		is.Equal(count("GlobalSecondaryIndexes"), len(in.GlobalSecondaryIndexes))
		is.Equal(count("VectorIndexes"), len(in.VectorIndexes))
		is.Equal(count("LocalSecondaryIndexes"), len(in.LocalSecondaryIndexes))
		is.Equal(count("AttributeDefinitions"), len(in.AttributeDefinitions))
		is.Equal(count("Tags"), len(in.Tags))
		hcl, err := def.Terraform("templates")
		is.Equal(err != nil, len(in.VectorIndexes) > 0)
		is.Equal(strings.Count(string(hcl), "{"), strings.Count(string(hcl), "}"))
	}
	table := dynox.NewTable(memtable.New(t).Client(), "templates", dynox.Tags(map[string]string{`a"b`: "${x} %{y} \\ \n"}))
	repo, err := dynox.NewRepo(table, rowKey)
	is.NoErr(err)
	d, err := table.Definition(repo)
	is.NoErr(err)
	hcl, err := d.Terraform("templates")
	is.NoErr(err)
	is.True(strings.Contains(string(hcl), `"a\"b" = "$${x} %%{y} \\ \u000a"`))
	_, err = d.Policy("", 0)
	refused(t, err, "allows nothing")
	all, err := d.Policy("", dynox.AccessManage|dynox.AccessStream|dynox.AccessDelete|dynox.AccessWrite|dynox.AccessScan)
	is.NoErr(err)
	is.True(json.Valid(all) && strings.Contains(string(all), "arn:aws:dynamodb:*:*:table/templates/stream/*"))
}

// TestApplyFaults: what the SDK tries again, and what it cannot know of, is no matter.
func TestApplyFaults(t *testing.T) {
	for n := range uint64(6) {
		for name, fault := range map[string]memtable.Fault{
			"before": memtable.ResetBefore(), "after": memtable.ResetAfter(), "broken": memtable.InternalError(), "throttled": memtable.Throttle(),
		} {
			for _, op := range []string{"CreateTable", "UpdateTable", "DeleteTable", "UpdateTimeToLive", "TagResource", "DescribeTable"} {
				synctest.Test(t, func(t *testing.T) {
					engine := memtable.New(t, memtable.WithTableDelay(3*time.Second))
					client := engine.Client()
					r := rand.New(rand.NewPCG(n, 9))
					if err := apply(t.Context(), client, draw(r, false)); err != nil {
						t.Fatal(err)
					}
					for i := range 20 {
						engine.Fail(op, fault, memtable.After(2*i), memtable.Times(1))
					}
					to := draw(r, false)
					if err := apply(t.Context(), client, to); err != nil && !blocked(err) {
						t.Fatalf("%s of %s: %v", name, op, err)
					}
				})
			}
		}
	}
}

// TestTableNames: a table by its ARN has its name in templates; a name that is none is
// refused before anything is sent.
func TestTableNames(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	client := memtable.New(t).Client()
	table := dynox.NewTable(client, "arn:aws:dynamodb:eu-west-1:123456789012:table/tickets")
	repo, err := dynox.NewRepo(table, ticketKey)
	is.NoErr(err)
	d, err := table.Definition(repo)
	is.NoErr(err)
	b, err := d.CloudFormation()
	is.NoErr(err)
	var resource struct{ Properties struct{ TableName string } }
	is.NoErr(json.Unmarshal(b, &resource))
	is.Equal(resource.Properties.TableName, "tickets")
	b, err = d.Terraform("tickets")
	is.NoErr(err)
	is.True(strings.Contains(string(b), `name = "tickets"`))
	b, err = d.Policy("", dynox.AccessRead)
	is.NoErr(err)
	is.True(strings.Contains(string(b), `"arn:aws:dynamodb:eu-west-1:123456789012:table/tickets"`))
	for _, name := range []string{"my tickets", "a/b", strings.Repeat("x", 256)} {
		table := dynox.NewTable(client, name)
		repo, err := dynox.NewRepo(table, ticketKey)
		if err == nil {
			_, err = table.Definition(repo)
		}
		refused(t, err, "the name of a table has")
		refused(t, table.Ensure(ctx, repo), "name of a table")
	}
}
