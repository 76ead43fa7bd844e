package dynox_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/memtable"
)

// defined is an item of random tables; b is of type B.
type defined[B any] struct {
	A     string    `dynamodbav:"a"`
	B     B         `dynamodbav:"b"`
	C     string    `dynamodbav:"c"`
	N     int       `dynamodbav:"n"`
	Text  string    `dynamodbav:"text"`
	V     []float32 `dynamodbav:"v"`
	W     []float32 `dynamodbav:"w"`
	Until time.Time `dynamodbav:"until,unixtime,omitempty"`
	Gone  time.Time `dynamodbav:"gone,unixtime,omitempty"`
}

// drawn is a random table: its options and its repository.
type drawn struct {
	opts []dynox.TableOption
	repo func(*dynox.Table) dynox.Schema
}

// draw makes a random table; old has few features, as DynamoDB Local.
func draw(r *rand.Rand, old bool) drawn {
	if r.IntN(2) == 0 {
		return drawOf[string](r, old)
	}
	return drawOf[int](r, old)
}

func drawOf[B any](r *rand.Rand, old bool) drawn {
	type item = defined[B]
	proto := new(item)
	a, b, c, n := expr.At(proto, &proto.A), expr.At(proto, &proto.B), expr.At(proto, &proto.C), expr.At(proto, &proto.N)
	text, v, w := expr.At(proto, &proto.Text), expr.At(proto, &proto.V), expr.At(proto, &proto.W)
	some := func(fields ...expr.Field[item]) []expr.Field[item] {
		r.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
		return fields[:1+r.IntN(min(len(fields), 2))]
	}
	var d drawn
	var opts []dynox.Option[item]
	key := dynox.Key[item]{Partition: dynox.By(a), Sort: dynox.By(n)}
	if r.IntN(6) == 0 {
		key.Sort = dynox.By(c)
	}
	provisioned := r.IntN(3) == 0
	switch {
	case provisioned:
		d.opts = append(d.opts, dynox.Provisioned(1+r.Int64N(3), 1+r.Int64N(3)))
	case r.IntN(2) == 0:
		d.opts = append(d.opts, dynox.OnDemand())
		if r.IntN(2) == 0 && !old {
			d.opts = append(d.opts, dynox.MaxOnDemand(r.Int64N(4)-1, 1+r.Int64N(3)))
		}
	}
	for i := range 5 {
		if r.IntN(2) == 0 {
			continue
		}
		fields := some(b, c, n, text)
		if old { // and never ends to delete one of two indexes with the same key
			fields = []expr.Field[item]{b, c, n, text, a}[i : i+1]
		}
		ix := dynox.GSI(fmt.Sprintf("ix%d", i), dynox.Key[item]{Partition: dynox.By(fields...)})
		switch r.IntN(4) {
		case 0:
			ix = ix.KeysOnly()
		case 1:
			ix = ix.Include(some(text, v, w)...)
		}
		if provisioned && r.IntN(2) == 0 {
			ix = ix.Provisioned(1+r.Int64N(3), 1)
		}
		if r.IntN(4) == 0 && !old {
			ix = ix.WarmThroughput(1+r.Int64N(5), 0)
		}
		opts = append(opts, ix)
	}
	if r.IntN(6) == 0 {
		opts = append(opts, dynox.LSI("local", dynox.Key[item]{Sort: dynox.By(some(b, text)[0])}))
	}
	if !provisioned && !old {
		for i, attr := range []expr.Attr[item, []float32]{v, w, v} {
			if r.IntN(3) == 0 {
				ix := dynox.Vectors(fmt.Sprintf("vec%d", i), attr, 3, types.VectorDistanceFunctionCosine)
				if r.IntN(2) == 0 {
					ix = ix.Partition(b).Filters(text).KeysOnly()
				}
				opts = append(opts, ix)
			}
		}
	}
	switch n := r.IntN(4); {
	case n == 0:
		opts = append(opts, dynox.TTL(expr.At(proto, &proto.Until)))
	case n == 1 && !old: // else it would take an hour of true time
		opts = append(opts, dynox.TTL(expr.At(proto, &proto.Gone)))
	}
	switch r.IntN(5) {
	case 0, 1:
		views := types.StreamViewType("").Values()
		d.opts = append(d.opts, dynox.Stream(views[r.IntN(len(views))]))
	case 2:
		d.opts = append(d.opts, dynox.NoStream())
	}
	if !old {
		d.opts = append(d.opts, drawSettings(r)...)
	}
	d.repo = func(t *dynox.Table) dynox.Schema {
		repo, err := dynox.NewRepo(t, key, opts...)
		if err != nil {
			panic(err)
		}
		return repo
	}
	return d
}

func drawSettings(r *rand.Rand) []dynox.TableOption {
	var opts []dynox.TableOption
	for _, opt := range []dynox.TableOption{
		dynox.Class([]types.TableClass{types.TableClassStandard, types.TableClassStandardInfrequentAccess}[r.IntN(2)]),
		[]dynox.TableOption{dynox.EncryptedBy(""), dynox.EncryptedBy("1234"), dynox.EncryptedByService()}[r.IntN(3)],
		dynox.DeletionProtection(r.IntN(2) == 0),
		dynox.Tags(map[string]string{"team": fmt.Sprint(r.IntN(2)), fmt.Sprint("t", r.IntN(2)): "x"}),
		dynox.WarmThroughput(1+r.Int64N(5), 0),
	} {
		if r.IntN(3) == 0 {
			opts = append(opts, opt)
		}
	}
	return opts
}

// mortal is a client that dies at one of its calls that change tables: before it
// has an effect, or after.
type mortal struct {
	*dynamodb.Client
	at, calls int
	after     bool
	dead      bool
}

var errDead = errors.New("killed")

func dying[I, O any](m *mortal, ctx context.Context, in I, fns []func(*dynamodb.Options), method func(context.Context, I, ...func(*dynamodb.Options)) (O, error)) (O, error) {
	var none O
	if m.calls++; m.dead || m.calls == m.at && !m.after {
		m.dead = true
		return none, errDead
	}
	out, err := method(ctx, in, fns...)
	if m.calls == m.at {
		m.dead = true
		return none, errDead
	}
	return out, err
}

func (m *mortal) DescribeTable(ctx context.Context, in *dynamodb.DescribeTableInput, fns ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	if m.dead {
		return nil, errDead
	}
	return m.Client.DescribeTable(ctx, in, fns...)
}

func (m *mortal) CreateTable(ctx context.Context, in *dynamodb.CreateTableInput, fns ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error) {
	return dying(m, ctx, in, fns, m.Client.CreateTable)
}

func (m *mortal) UpdateTable(ctx context.Context, in *dynamodb.UpdateTableInput, fns ...func(*dynamodb.Options)) (*dynamodb.UpdateTableOutput, error) {
	return dying(m, ctx, in, fns, m.Client.UpdateTable)
}

func (m *mortal) DeleteTable(ctx context.Context, in *dynamodb.DeleteTableInput, fns ...func(*dynamodb.Options)) (*dynamodb.DeleteTableOutput, error) {
	return dying(m, ctx, in, fns, m.Client.DeleteTable)
}

func (m *mortal) UpdateTimeToLive(ctx context.Context, in *dynamodb.UpdateTimeToLiveInput, fns ...func(*dynamodb.Options)) (*dynamodb.UpdateTimeToLiveOutput, error) {
	return dying(m, ctx, in, fns, m.Client.UpdateTimeToLive)
}

func (m *mortal) TagResource(ctx context.Context, in *dynamodb.TagResourceInput, fns ...func(*dynamodb.Options)) (*dynamodb.TagResourceOutput, error) {
	return dying(m, ctx, in, fns, m.Client.TagResource)
}

// picture is a table as it is, without what is different each time.
func picture(t *testing.T, client *dynamodb.Client, name string) string {
	t.Helper()
	is := is.New(t)
	out, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &name})
	is.NoErr(err)
	d := out.Table
	d.CreationDateTime, d.TableId, d.LatestStreamArn, d.LatestStreamLabel = nil, nil, nil, nil
	if d.BillingModeSummary != nil {
		d.BillingModeSummary.LastUpdateToPayPerRequestDateTime = nil
	}
	d.ProvisionedThroughput.NumberOfDecreasesToday, d.ProvisionedThroughput.LastIncreaseDateTime, d.ProvisionedThroughput.LastDecreaseDateTime = nil, nil, nil
	for _, g := range d.GlobalSecondaryIndexes {
		g.ProvisionedThroughput.NumberOfDecreasesToday, g.ProvisionedThroughput.LastIncreaseDateTime, g.ProvisionedThroughput.LastDecreaseDateTime = nil, nil, nil
	}
	byName := func(a, b *string) int { return strings.Compare(*a, *b) }
	slices.SortFunc(d.GlobalSecondaryIndexes, func(a, b types.GlobalSecondaryIndexDescription) int { return byName(a.IndexName, b.IndexName) })
	slices.SortFunc(d.VectorIndexes, func(a, b types.VectorIndexDescription) int { return byName(a.IndexName, b.IndexName) })
	slices.SortFunc(d.AttributeDefinitions, func(a, b types.AttributeDefinition) int { return byName(a.AttributeName, b.AttributeName) })
	ttl, err := client.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: &name})
	is.NoErr(err)
	tags, err := client.ListTagsOfResource(t.Context(), &dynamodb.ListTagsOfResourceInput{ResourceArn: d.TableArn})
	is.NoErr(err)
	slices.SortFunc(tags.Tags, func(a, b types.Tag) int { return byName(a.Key, b.Key) })
	text, err := json.MarshalIndent([]any{d, ttl.TimeToLiveDescription, tags.Tags}, "", " ")
	is.NoErr(err)
	return string(text)
}

var allowed = []dynox.ApplyOption{dynox.DropIndexes(), dynox.ReplaceTable()}

// apply plans and applies, and checks that nothing is left to do.
func apply(ctx context.Context, client dynox.Client, d drawn) error {
	table := dynox.NewTable(client, "drawn", d.opts...)
	repo := d.repo(table)
	plan, err := table.Plan(ctx, repo)
	if err != nil {
		return err
	}
	if err := plan.Apply(ctx, allowed...); err != nil {
		var api smithy.APIError
		if errors.As(err, &api) {
			err = fmt.Errorf("%w: %s", err, api.ErrorMessage())
		}
		return fmt.Errorf("%w\n%s", err, plan)
	}
	rest, err := table.Plan(ctx, repo)
	if err == nil && len(rest.Steps()) > 0 {
		return fmt.Errorf("applied\n%s\nleft:\n%s", plan, rest)
	}
	return err
}

var pairs = flag.Int("pairs", 20, "how many tables TestApplyKilled makes others of: 200 take minutes")

// TestApplyKilled: whatever table becomes whatever other one, also when what
// changes it is killed at any of its calls, and starts again.
func TestApplyKilled(t *testing.T) {
	kills := 0
	for pair := range *pairs {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(pair), 7))
			from, to := draw(r, false), draw(r, false)
			start := func() *dynamodb.Client {
				client := memtable.New(t, memtable.WithTableDelay(3*time.Second)).Client()
				if err := apply(t.Context(), client, from); err != nil {
					t.Fatalf("pair %d: %v", pair, err)
				}
				return client
			}
			clean := start()
			if err := apply(t.Context(), clean, to); err != nil {
				if blocked(err) {
					return // protected by what it was, and to be replaced
				}
				t.Fatalf("pair %d: %v", pair, err)
			}
			want := picture(t, clean, "drawn")
			for at, done := 1, false; !done; at++ {
				for _, after := range []bool{false, true} {
					client := start()
					m := &mortal{Client: client, at: at, after: after}
					err := apply(t.Context(), m, to)
					if done = !m.dead; done {
						break
					}
					kills++
					if !errors.Is(err, errDead) {
						t.Fatalf("pair %d, killed at %d: %v", pair, at, err)
					}
					if err := apply(t.Context(), client, to); err != nil {
						t.Fatalf("pair %d, after a kill at %d: %v", pair, at, err)
					}
					if diff := cmp.Diff(want, picture(t, client, "drawn")); diff != "" {
						t.Fatalf("pair %d, killed at %d: %s", pair, at, diff)
					}
				}
			}
		})
	}
	t.Logf("%d pairs, %d kills", *pairs, kills)
}

// blocked reports whether a table could not be replaced because it is protected.
func blocked(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && strings.Contains(api.ErrorMessage(), "protected against deletion")
}

// TestApplyPairs: the same, without kills, on every server.
func TestApplyPairs(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		r := rand.New(rand.NewPCG(3, 3))
		for range 12 {
			if err := apply(t.Context(), client, draw(r, true)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := client.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: aws.String("drawn")}); err != nil {
			t.Fatal(err)
		}
	})
}
