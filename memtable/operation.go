package memtable

import "sync"

// input is the parsed body of one request: a pointer to an operation's own struct.
type input interface {
	// member reads the value of one top-level member, or skips it.
	member(d *decoder, name string)
	// check finds what is wrong with the request by itself, before any table is looked at.
	check() error
}

// strict is the input of an operation that the service reads with a parser of its own.
type strict interface {
	// checkBody finds what only that parser refuses.
	checkBody(body []byte) error
}

// operation is what the engine does for one X-Amz-Target: it parses the body and writes the answer to w.
// Of the fault it minds what goes wrong inside.
type operation func(e *Engine, body []byte, f Fault, w *writer) error

// operations are all that the engine knows. To add one: a file with its input and its run function, and
// a line here.
var operations = map[string]operation{
	"BatchExecuteStatement":     handle[batchStatementInput]((*Engine).batchExecuteStatement),
	"BatchGetItem":              handle[batchGetInput]((*Engine).batchGetItem),
	"BatchWriteItem":            handle[batchWriteInput]((*Engine).batchWriteItem),
	"CancelBulkOperation":       handle[bulkInput]((*Engine).cancelBulkOperation),
	"CreateTable":               handle[createTableInput]((*Engine).createTable),
	"DeleteItem":                handle[deleteInput]((*Engine).deleteItem),
	"DeleteTable":               handle[tableInput]((*Engine).deleteTable),
	"DescribeBulkOperation":     handle[bulkInput]((*Engine).describeBulkOperation),
	"DescribeContinuousBackups": handle[tableInput]((*Engine).describeContinuousBackups),
	"DescribeEndpoints":         handle[emptyInput]((*Engine).describeEndpoints),
	"DescribeLimits":            handle[emptyInput]((*Engine).describeLimits),
	"DescribeTable":             handle[tableInput]((*Engine).describeTable),
	"DescribeTimeToLive":        handle[tableInput]((*Engine).describeTimeToLive),
	"ExecuteStatement":          handle[executeStatementInput]((*Engine).executeStatement),
	"ExecuteTransaction":        handle[transactStatementInput]((*Engine).executeTransaction),
	"GetItem":                   handle[getInput]((*Engine).getItem),
	"ListBulkOperations":        handle[listBulkInput]((*Engine).listBulkOperations),
	"ListTables":                handle[listTablesInput]((*Engine).listTables),
	"ListTagsOfResource":        handle[tagsInput]((*Engine).listTagsOfResource),
	"PutItem":                   handle[putInput]((*Engine).putItem),
	"Query":                     handle[queryInput]((*Engine).query),
	"Scan":                      handle[scanInput]((*Engine).scan),
	"SearchVectors":             handle[searchInput]((*Engine).searchVectors),
	"StartBulkPutItems":         handle[bulkPutInput]((*Engine).startBulkPutItems),
	"TagResource":               handle[tagsInput]((*Engine).tagResource),
	"TransactGetItems":          handle[transactGetInput]((*Engine).transactGetItems),
	"TransactWriteItems":        handle[transactWriteInput]((*Engine).transactWriteItems),
	"UntagResource":             handle[tagsInput]((*Engine).untagResource),
	"UpdateItem":                handle[updateInput]((*Engine).updateItem),
	"UpdateTable":               handle[updateTableInput]((*Engine).updateTable),
	"UpdateTimeToLive":          handle[ttlInput]((*Engine).updateTimeToLive),
}

// streamOperations are those of the streams API, which has a target of its own.
var streamOperations = map[string]operation{
	"DescribeStream":   handle[describeStreamInput]((*Engine).describeStream),
	"GetRecords":       handle[recordsInput]((*Engine).getRecords),
	"GetShardIterator": handle[shardIteratorInput]((*Engine).getShardIterator),
	"ListStreams":      handle[listStreamsInput]((*Engine).listStreams),
}

// handle makes an operation of a run function whose input is a *T.
func handle[T any, P interface {
	*T
	input
}](run func(*Engine, P, *writer) error) operation {
	return func(e *Engine, body []byte, f Fault, w *writer) error {
		in := P(new(T))
		if in, ok := any(in).(strict); ok {
			if err := in.checkBody(body); err != nil {
				return err
			}
		}
		if err := decode(body, in.member); err != nil {
			return err
		}
		if err := in.check(); err != nil {
			return err
		}
		if in, ok := any(in).(interfered); ok {
			if err := in.interfere(f); err != nil {
				return err
			}
		}
		return run(e, in, w)
	}
}

// writers keeps response buffers between requests.
var writers = sync.Pool{New: func() any { return new(writer) }}
