package memtable

import (
	"errors"
	"slices"
	"strings"

	"github.com/dynox-go/dynox/memtable/internal/value"
)

// The types of output.
const (
	outputError     = "ERROR"
	outputCondition = "CONDITION_CHECK_FAILURE"
)

// line adds a line to a report, if the request asks for it.
func (op *bulkOperation) line(kind string, rec bulkRecord, members func(w *writer)) {
	if !slices.Contains(op.in.output.v.kinds.v, kind) {
		return
	}
	w := op.report[kind]
	if w == nil {
		w = &writer{}
		op.report[kind] = w
	}
	line := &writer{}
	line.beginObject()
	line.text("S3Key", rec.object)
	if rec.line > 0 {
		line.int("Line", int64(rec.line))
	}
	members(line)
	line.endObject()
	w.b = append(append(w.b, line.b...), '\n')
}

// reportError reports a record or an object that couldn't be processed.
func (op *bulkOperation) reportError(rec bulkRecord, err error) {
	op.line(outputError, rec, func(w *writer) {
		code, message := "ObjectUnreadable", err.Error()
		if api := (*apiError)(nil); errors.As(err, &api) {
			_, code, _ = strings.Cut(api.code, "#")
			message = api.message
		}
		w.text("ErrorCode", code)
		if message != "" {
			w.text("ErrorMessage", message)
		}
		if rec.line > 0 {
			w.text("Record", string(rec.text))
		}
	})
}

// reportCondition reports an item whose condition doesn't hold for the stored one, which is nil if there is none.
func (op *bulkOperation) reportCondition(rec bulkRecord, item value.Item, stored *record) {
	op.line(outputCondition, rec, func(w *writer) {
		w.item("Item", item)
		if stored != nil {
			w.item("ExistingItem", stored.item)
		}
	})
}

// reportKey is the key of the object that a report is written to.
func (op *bulkOperation) reportKey(kind string) string {
	prefix := op.in.output.v.place.prefix.v
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	return prefix + op.id + "/" + kind + ".json"
}
