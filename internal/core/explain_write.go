package core

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/dynox-go/dynox/internal/ast"
)

// ExplainWrite is the plan of a write of item, a *T, as [Repo.Prepare] takes it. It
// runs the stages before a write on a copy; nothing is sent.
func (r *Repo) ExplainWrite(ctx context.Context, op Op, item any, with ast.Write) (*Plan, error) {
	w, err := r.Prepare(ctx, op, item, with)
	if err != nil {
		return nil, err
	}
	if err := w.undo(ctx, nil); err != nil { // blobs that were opened to be uploaded
		return nil, err
	}
	p := &Plan{
		Operation: operationOf(w.op), Table: r.Table.Name,
		Condition: readable(w.condition, w.names), Update: readable(w.update, w.names),
		Write: writeUnits(itemSize(w.stored.values())),
	}
	if w.once || w.mayChange() {
		p.Operation, p.Write = opTransactWriteItems.name, transactional*p.Write
	}
	p.Notes = w.notes(p)
	p.Request = func() ([]byte, error) { return w.sentAs(ctx) }
	return p, nil
}

func operationOf(op Op) string {
	switch op {
	case Create, Put:
		return opPutItem.name
	case Delete:
		return opDeleteItem.name
	}
	return opUpdateItem.name
}

// notes are what a reader of the plan should know of its cost.
func (w *Write) notes(p *Plan) []string {
	var notes []string
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	r := w.repo
	switch w.op {
	case Create:
		note("costs 1 WCU for each %d bytes of the item", WriteUnitBytes)
	case Put:
		note("costs 1 WCU for each %d bytes of the item, or of the stored one if that is larger", WriteUnitBytes)
	case Delete:
		note("costs 1 WCU for each %d bytes of the stored item", WriteUnitBytes)
	default:
		note("costs 1 WCU for each %d bytes of the whole item, before or after it, however little is changed", WriteUnitBytes)
	}
	var names []string
	for _, ix := range r.indexes {
		names = append(names, ix.Name)
	}
	if len(names) > 0 {
		note("each index costs as much again for what it holds of the item, if that changes: %s", strings.Join(names, ", "))
	}
	switch {
	case w.mayChange():
		note("it may change a unique attribute: the item is read first, and what is sent is a transaction, which costs twice")
	case w.once:
		note("it is sent exactly once, as a transaction, which costs twice")
	}
	if p.Condition != "" {
		note("a condition that does not hold costs the same")
	}
	return notes
}

// sentAs is the body that w would be sent as.
func (w *Write) sentAs(ctx context.Context) ([]byte, error) {
	if w.mayChange() {
		return nil, errors.New("what is sent depends on what is stored, because of a unique attribute")
	}
	return w.repo.captured(func(r *Repo) error {
		own := *w
		own.repo = r
		p := r.outcome(nil)
		defer p.release()
		if own.once {
			return transact(ctx, []*Write{&own}, "", p, new(attempts))
		}
		return r.sendSingle(ctx, &own, p, new(attempts), false)
	})
}

// readRequest is the body of the first request of a read.
func (r *Repo) readRequest(spec *Spec) ([]byte, error) {
	return r.captured(func(r *Repo) error {
		q, err := r.prepare(explaining, spec, reading{})
		if err != nil {
			return err
		}
		l := &loop{request: q}
		if err := l.start(); err != nil {
			return err
		}
		leg := l.next(l.positions[0])
		if q.empty || leg < 0 {
			return errors.New("nothing is sent")
		}
		segments := pick(l.parallel, len(l.positions), 0)
		p := q.fetch(explaining, leg, l.positions[0].key, l.size(0), 0, segments)
		defer p.release()
		return p.err
	})
}

// captured is the body of the request that send makes with a repository whose
// client sends nothing.
func (r *Repo) captured(send func(*Repo) error) ([]byte, error) {
	c := new(catcher)
	t := &Table{Name: r.Table.Name, CursorKey: r.Table.CursorKey}
	t.SetClient(dynamodb.New(dynamodb.Options{
		HTTPClient: c, Region: "nowhere", Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "none", SecretAccessKey: "none"}, nil
		}),
	}))
	if err := send(&Repo{Schema: r.Schema, Table: t}); !errors.Is(err, errCaught) {
		return nil, err
	}
	return c.body, nil
}

// catcher is an HTTP client that keeps a body and sends nothing.
type catcher struct{ body []byte }

var errCaught = errors.New("nothing is sent")

// Do keeps the body.
func (c *catcher) Do(req *http.Request) (*http.Response, error) {
	var b bytes.Buffer
	if _, err := io.Copy(&b, req.Body); err != nil {
		return nil, err
	}
	c.body = b.Bytes()
	return nil, &unsentError{errCaught}
}
