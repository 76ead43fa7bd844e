package dynox

import (
	"errors"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/core"
	"github.com/dynox-go/dynox/internal/tables"
)

// setting is an option that says something about what a table is to be: nothing
// before [Table.Ensure] or [Table.Plan] is called.
func setting(set func(*tables.Settings)) TableOption {
	return func(t *Table) { set(&t.settings) }
}

// Provisioned gives the table that many read and write units a second, and each
// global index as many, unless [Index.Provisioned] says otherwise. A new table is
// on demand without it; one that exists keeps what it has.
func Provisioned(read, write int64) TableOption {
	return setting(func(s *tables.Settings) {
		s.Billing, s.Capacity = types.BillingModeProvisioned, capacity(read, write)
	})
}

func capacity(read, write int64) *types.ProvisionedThroughput {
	return &types.ProvisionedThroughput{ReadCapacityUnits: &read, WriteCapacityUnits: &write}
}

// OnDemand has the table be on demand, also one that exists and is not.
func OnDemand() TableOption {
	return setting(func(s *tables.Settings) { s.Billing, s.Capacity = types.BillingModePayPerRequest, nil })
}

// MaxOnDemand limits the read and write units that a table on demand takes in a
// second: 0 leaves a limit as it is, -1 takes it away.
func MaxOnDemand(read, write int64) TableOption {
	return setting(func(s *tables.Settings) { s.OnDemand = maxOnDemand(read, write) })
}

func maxOnDemand(read, write int64) *types.OnDemandThroughput {
	return &types.OnDemandThroughput{MaxReadRequestUnits: given(read), MaxWriteRequestUnits: given(write)}
}

// given is n, nil if it is 0.
func given(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}

// WarmThroughput has the table be ready for that many read and write units a
// second at once; 0 leaves one as it is. The service never takes it back, and
// charges for it once.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html
func WarmThroughput(read, write int64) TableOption {
	return setting(func(s *tables.Settings) { s.Warm = warmThroughput(read, write) })
}

func warmThroughput(read, write int64) *types.WarmThroughput {
	return &types.WarmThroughput{ReadUnitsPerSecond: given(read), WriteUnitsPerSecond: given(write)}
}

// Stream gives the table a stream of its changes, with what view says of each.
func Stream(view types.StreamViewType) TableOption {
	return setting(func(s *tables.Settings) {
		s.Stream = &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: view}
	})
}

// NoStream takes the table's stream away, with the changes that nobody has read.
func NoStream() TableOption {
	return setting(func(s *tables.Settings) {
		s.Stream = &types.StreamSpecification{StreamEnabled: aws.Bool(false)}
	})
}

// Class is the table's class: the standard one, or that for infrequent access.
func Class(class types.TableClass) TableOption {
	return setting(func(s *tables.Settings) { s.Class = class })
}

// EncryptedBy has the service encrypt the table with a key of KMS: its ID, ARN or
// alias, or "" for the one that KMS keeps for DynamoDB. Package crypt encrypts
// attributes before they leave the program, which is something else.
func EncryptedBy(key string) TableOption {
	return setting(func(s *tables.Settings) {
		s.Encryption = &types.SSESpecification{Enabled: aws.Bool(true), SSEType: types.SSETypeKms}
		if key != "" {
			s.Encryption.KMSMasterKeyId = &key
		}
	})
}

// EncryptedByService has the service encrypt the table with a key of its own, as it
// does unless told otherwise.
func EncryptedByService() TableOption {
	return setting(func(s *tables.Settings) { s.Encryption = &types.SSESpecification{Enabled: aws.Bool(false)} })
}

// DeletionProtection has the service refuse to delete the table, or no longer.
func DeletionProtection(on bool) TableOption {
	return setting(func(s *tables.Settings) { s.Protected = &on })
}

// Tags gives the table tags. Others that it has stay. Servers that know no tags, such as
// DynamoDB Local, are not asked for them.
func Tags(tags map[string]string) TableOption {
	tags = maps.Clone(tags)
	return setting(func(s *tables.Settings) { s.Tags = tags })
}

// Provisioned gives a global index its own read and write units a second, on a
// table with [Provisioned].
func (ix Index[T]) Provisioned(read, write int64) Index[T] {
	ix.index.Provisioned = capacity(read, write)
	return ix
}

// MaxOnDemand limits a global index as [MaxOnDemand] limits a table.
func (ix Index[T]) MaxOnDemand(read, write int64) Index[T] {
	ix.index.OnDemand = maxOnDemand(read, write)
	return ix
}

// WarmThroughput has a global index be ready as [WarmThroughput] has a table.
func (ix Index[T]) WarmThroughput(read, write int64) Index[T] {
	ix.index.Warm = warmThroughput(read, write)
	return ix
}

// VectorIndex is an index of vectors, an option of [NewRepo]. It is immutable.
type VectorIndex[T any] struct {
	vector core.Vector
}

// Vectors is the vector index called name of an attribute that is a list of
// numbers, of that many dimensions each, at most 4,096. Items that lack the
// attribute are not in it. A put or a Set of another number of dimensions, which the
// service would refuse, fails with [ErrInvalid] before the call. The table is on demand.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/VectorSearch.html
func Vectors[T any, V ~[]float32 | ~[]float64](name string, attr expr.Attr[T, V], dimensions int, distance types.VectorDistanceFunction) VectorIndex[T] {
	return VectorIndex[T]{core.Vector{Name: name, Attr: attr.Ref(ast.Door{}), Dimensions: dimensions, Distance: distance}}
}

// Partition splits the index by a field of T: a search is then in the items of one
// value of it.
func (ix VectorIndex[T]) Partition(field expr.Field[T]) VectorIndex[T] {
	ix.vector.Partition = attrs([]expr.Field[T]{field})[0]
	return ix
}

// Filters are fields of T that a search of the index can be narrowed by, at most 18.
func (ix VectorIndex[T]) Filters(fields ...expr.Field[T]) VectorIndex[T] {
	ix.vector.Filters = attrs(fields)
	return ix
}

// KeysOnly makes the index hold no attributes but the table's key and those that it is
// searched by.
func (ix VectorIndex[T]) KeysOnly() VectorIndex[T] {
	ix.vector.Projection = core.Projection{KeysOnly: true}
	return ix
}

// Include makes the index hold fields beside those of [VectorIndex.KeysOnly], and the
// kind if the repository has one. An index holds all attributes unless told otherwise.
func (ix VectorIndex[T]) Include(fields ...expr.Field[T]) VectorIndex[T] {
	ix.vector.Projection = core.Projection{Include: attrs(fields)}
	return ix
}

// Name is the index's name.
func (ix VectorIndex[T]) Name() string { return ix.vector.Name }

func (ix VectorIndex[T]) configure(c *core.Config, _ *T) { c.Vectors = append(c.Vectors, ix.vector) }

// Definition is what a table is to be: what the options of [NewTable] say, and what
// its repositories need.
type Definition struct {
	core *tables.Definition
}

// Definition is what the table is to be for repositories. It does no I/O; what the
// service would refuse is an error.
func (t *Table) Definition(schemas ...Schema) (*Definition, error) {
	d, err := t.define(schemas)
	if err != nil {
		return nil, wrap("define", t.name(), "", err)
	}
	return &Definition{d}, nil
}

func (t *Table) define(schemas []Schema) (*tables.Definition, error) {
	if err := errors.Join(t.usable(), t.broken()); err != nil {
		return nil, err
	}
	described := make([]*core.Schema, len(schemas))
	for i, s := range schemas {
		if s != nil {
			described[i] = s.schema()
		}
	}
	return t.tables().Define(described)
}

// tables is the table for what is done to it as a whole.
func (t *Table) tables() *tables.Table {
	return &tables.Table{Name: t.core.Name, Client: t.core.Client, ReadOnly: t.core.ReadOnly, Settings: t.settings}
}

// CreateTable is the request that makes the table. Its TTL is another request.
func (d *Definition) CreateTable() *dynamodb.CreateTableInput { return d.core.CreateTable() }

// TTL is the attribute that is the table's time to live, "" without one.
func (d *Definition) TTL() string { return d.core.TTL }

// CloudFormation is the table as a resource of a CloudFormation template, in JSON.
func (d *Definition) CloudFormation() ([]byte, error) {
	b, err := d.core.CloudFormation()
	return b, wrap("cloudformation", d.core.Name, "", err)
}

// Terraform is the table as a resource called resource of HashiCorp's provider for AWS.
// Vector indexes, which the provider does not know, are an error; keys of several
// attributes take its version 6.
func (d *Definition) Terraform(resource string) ([]byte, error) {
	b, err := d.core.Terraform(resource)
	return b, wrap("terraform", d.core.Name, "", err)
}

// Access is a set of operations on a table, for [Definition.Policy].
type Access uint16

// The operations: combine them with |.
const (
	AccessRead       = Access(tables.Read)       // by key, in batches and transactions, and queries
	AccessScan       = Access(tables.Scan)       // of the table and its indexes
	AccessWrite      = Access(tables.Write)      // also in batches and transactions
	AccessManage     = Access(tables.Manage)     // Ensure, Plan, Apply and Describe
	AccessStream     = Access(tables.Stream)     // reading the table's stream
	AccessDelete     = Access(tables.Destroy)    // deletion of the table
	AccessDescribe   = Access(tables.Describe)   // Describe, Exists and Ping; package bulk needs it, too
	AccessSelect     = Access(tables.Select)     // Select, and statements of PartiQL that read
	AccessStatements = Access(tables.Statements) // statements of PartiQL that write
)

// Policy is an IAM policy, in JSON, that allows access to the table with the ARN
// arn; "" stands for the table of that name in every account and region that the
// policy is for. What packages crypt and blob need of KMS and S3 is not in it, nor
// are bulk puts; docs/iam.md in the repository lists those.
func (d *Definition) Policy(arn string, access Access) ([]byte, error) {
	b, err := d.core.Policy(arn, tables.Access(access))
	return b, wrap("policy", d.core.Name, "", err)
}
