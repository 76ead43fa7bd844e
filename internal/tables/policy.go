package tables

import (
	"errors"
	"slices"
	"strings"
)

// Access is a set of operations.
type Access uint16

// The operations that policies can allow.
const (
	Read       Access = 1 << iota // by key, in batches and transactions, and queries
	Scan                          // of the table and its indexes
	Write                         // in batches and transactions, too
	Manage                        // Ensure, Plan, Apply and Describe
	Stream                        // the table's stream
	Destroy                       // deletion of the table
	Describe                      // what the service says of the table
	Select                        // statements of PartiQL that read
	Statements                    // statements of PartiQL that write
)

// actions are what IAM calls the operations, on the table, on its indexes, and
// on its streams.
var actions = []struct {
	access                  Access
	table, indexes, streams []string
}{
	{Read, []string{"BatchGetItem", "ConditionCheckItem", "GetItem", "Query"}, []string{"Query", "SearchVectors"}, nil},
	{Scan, []string{"Scan"}, []string{"Scan"}, nil},
	{Write, []string{"BatchWriteItem", "ConditionCheckItem", "DeleteItem", "PutItem", "UpdateItem"}, nil, nil},
	{Manage, []string{
		"CreateTable", "DescribeTable", "DescribeTimeToLive", "ListTagsOfResource",
		"TagResource", "UpdateTable", "UpdateTimeToLive",
	}, nil, nil},
	{Stream, []string{"DescribeTable"}, nil, []string{"DescribeStream", "GetRecords", "GetShardIterator"}},
	{Destroy, []string{"DeleteTable", "DescribeTable"}, nil, nil},
	{Describe, []string{"DescribeTable"}, nil, nil},
	{Select, []string{"PartiQLSelect"}, []string{"PartiQLSelect"}, nil},
	{Statements, []string{"PartiQLDelete", "PartiQLInsert", "PartiQLUpdate"}, nil, nil},
}

// Policy is an IAM policy that allows access to the table, whose ARN is arn; ""
// stands for the table of that name in any account and region.
func (d *Definition) Policy(arn string, access Access) ([]byte, error) {
	if arn == "" {
		arn = d.Name
	}
	if !strings.HasPrefix(arn, "arn:") {
		arn = "arn:aws:dynamodb:*:*:table/" + arn
	}
	if d.Unique && access&Write != 0 {
		access |= Read // what is replaced is read before
	}
	var table, indexes, streams []string
	add := func(to *[]string, names []string) {
		for _, name := range names {
			if name = "dynamodb:" + name; !slices.Contains(*to, name) {
				*to = append(*to, name)
			}
		}
	}
	for _, a := range actions {
		if access&a.access != 0 {
			add(&table, a.table)
			add(&indexes, a.indexes)
			add(&streams, a.streams)
		}
	}
	if len(d.Vectors) == 0 {
		indexes = slices.DeleteFunc(indexes, func(name string) bool { return name == "dynamodb:SearchVectors" })
	}
	if len(d.projections()) == 0 {
		indexes = nil
	}
	var statements []object
	for _, s := range []struct {
		actions  []string
		resource string
	}{{table, arn}, {indexes, arn + "/index/*"}, {streams, arn + "/stream/*"}} {
		if len(s.actions) > 0 {
			slices.Sort(s.actions)
			statements = append(statements, object{"Effect": "Allow", "Action": s.actions, "Resource": s.resource})
		}
	}
	if statements == nil {
		return nil, errors.New("a policy that allows nothing")
	}
	return indented(object{"Version": "2012-10-17", "Statement": statements})
}
