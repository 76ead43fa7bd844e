package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/bulk"
	"github.com/dynox-go/dynox/expr"
)

// chosenFlags are those of commands that change some of a table's items.
type chosenFlags struct {
	Filter string `placeholder:"CONDITION" help:"Only items that it holds for: status = 'open' AND created < now(-720h). It is checked again with each write."`
	All    bool   `help:"All items: there is no filter."`
	scanFlags
	writeFlags
	readUnits
	writeUnits
	jobFlags
}

// conditions are what items must meet. found are those that the command itself asks for.
func (c *chosenFlags) conditions(now time.Time, found ...expr.Cond[item]) ([]expr.Cond[item], error) {
	switch {
	case c.Filter == "" && !c.All && len(found) == 0:
		return nil, usage("which items? Give --filter or --all")
	case c.Filter != "" && c.All:
		return nil, usage("--filter and --all are not for each other")
	case c.Filter == "":
		return found, nil
	}
	cond, err := condition(c.Filter, now)
	if err != nil {
		return nil, usage("--filter: %w", err)
	}
	return append(found, cond), nil
}

type updateCmd struct {
	Table  string   `arg:"" help:"Table, or its ARN."`
	Set    []string `sep:"none" placeholder:"ATTR=VALUE" help:"Set an attribute: status='new', n=5, tags=<<'a','b'>>, list=[1,'a'], map={'a':1}, at=now(). May be given again."`
	Remove []string `sep:"none" placeholder:"ATTR" help:"Remove an attribute. May be given again."`
	Rename string   `placeholder:"OLD=NEW" help:"Rename an attribute, of the items that have it."`
	chosenFlags
}

func (c *updateCmd) Run(ctx context.Context, out *console, at *target) error {
	now := time.Now()
	actions, found, err := c.actions(now)
	if err != nil {
		return err
	}
	conds, err := c.conditions(now, found...)
	if err != nil {
		return err
	}
	actions = append(actions, expr.If(conds...))
	return c.change(ctx, out, at, changing{
		command: "update", table: c.Table, conds: conds, print: []any{c.Set, c.Remove, c.Rename},
		one: func(ctx context.Context, repo *dynox.Repo[item], it item) error {
			_, err := repo.Update(ctx, it, actions...)
			return err
		},
		count: func(p *bulk.Progress) *int64 { return &p.Changed }, done: "changed",
	})
}

// actions are those of the flags, and what items must meet for them.
func (c *updateCmd) actions(now time.Time) (actions []expr.Action[item], found []expr.Cond[item], err error) {
	for _, text := range c.Set {
		attr, v, err := assignment(text, now)
		if err != nil {
			return nil, nil, usage("--set: %w", err)
		}
		actions = append(actions, attr.Set(v))
	}
	for _, text := range c.Remove {
		attr, err := attribute(text)
		if err != nil {
			return nil, nil, usage("--remove: %w", err)
		}
		actions = append(actions, attr.Remove())
	}
	if c.Rename != "" {
		p := parser{text: c.Rename}
		was, err := p.path()
		if err == nil && !p.take("=") {
			err = errors.New("it is not of the form old=new")
		}
		is := ""
		if err == nil {
			is, err = p.path()
		}
		if err == nil && p.rest() != "" {
			err = errors.New("there is more than two attributes")
		}
		if err != nil {
			return nil, nil, usage("--rename: %w", err)
		}
		from := expr.Path[item, any](was)
		actions = append(actions, expr.Path[item, any](is).SetTo(from), from.Remove())
		found = append(found, from.Exists())
	}
	if len(actions) == 0 {
		return nil, nil, usage("what is to change? Give --set, --remove or --rename")
	}
	return actions, found, nil
}

type deleteCmd struct {
	Table   string `arg:"" help:"Table, or its ARN."`
	Expired bool   `help:"Items whose time to live is over."`
	chosenFlags
}

func (c *deleteCmd) Run(ctx context.Context, out *console, at *target) error {
	now := time.Now()
	var found []expr.Cond[item]
	if c.Expired {
		client, err := at.client(ctx)
		if err != nil {
			return err
		}
		attr, err := ttl(ctx, client, c.Table)
		if err != nil {
			return err
		}
		expires := expr.Path[item, int64](fmt.Sprintf("%q", attr))
		found = append(found, expires.Lt(now.Unix()))
	}
	conds, err := c.conditions(now, found...)
	if err != nil {
		return err
	}
	var opts []expr.WriteOption[item]
	if len(conds) > 0 {
		opts = append(opts, expr.If(conds...))
	}
	return c.change(ctx, out, at, changing{
		command: "delete", table: c.Table, conds: conds, print: []any{c.Expired},
		one: func(ctx context.Context, repo *dynox.Repo[item], it item) error {
			return repo.Delete(ctx, it, opts...)
		},
		count: func(p *bulk.Progress) *int64 { return &p.Deleted }, done: "deleted",
	})
}

// ttl is the attribute that says when items of a table expire.
func ttl(ctx context.Context, client *dynamodb.Client, table string) (string, error) {
	found, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &table})
	if err != nil {
		return "", err
	}
	if d := found.TimeToLiveDescription; d != nil && d.AttributeName != nil && d.TimeToLiveStatus == types.TimeToLiveStatusEnabled {
		return *d.AttributeName, nil
	}
	return "", fmt.Errorf("items of %s do not expire: it has no time to live", table)
}

// changing is what is done to some of a table's items.
type changing struct {
	command, table string
	conds          []expr.Cond[item]
	print          []any // what tells it from others, beside the filter
	one            func(context.Context, *dynox.Repo[item], item) error
	count          func(*bulk.Progress) *int64 // of items that were changed
	done           string
}

// Items are changed in rounds of some pages. What is not certainly done is done again: that an item is changed
// twice, or by others in between, is no harm, because it is changed only as long as the conditions hold for it.
const (
	pageSize      = 250
	pagesPerRound = 2 // of each segment
)

func (c *chosenFlags) change(ctx context.Context, out *console, at *target, what changing) error {
	if c.Segments < 1 || c.Concurrency < 1 {
		return usage("there is one segment, and one request at once, at least")
	}
	client, err := at.client(ctx)
	if err != nil {
		return err
	}
	var opts []dynox.TableOption
	if !c.Write {
		opts = append(opts, dynox.ReadOnly())
	}
	t, err := table(client, what.table, c.ReadUnits, c.WriteUnits, opts...)
	if err != nil {
		return err
	}
	repo, keys, total, err := untyped(ctx, t)
	if err != nil {
		return err
	}
	j := &job{console: out, name: what.command + " " + what.table}
	if c.Write {
		j.path = statePath(c.State, what.command, what.table)
	}
	if err := j.open(c.Restart, where(client), c.Segments, c.Filter, c.All, what.print); err != nil {
		return err
	}
	defer j.leave()
	scan := dynox.All[item]().Filter(what.conds...).Only(keys...).Segments(c.Segments).PageSize(pageSize).MaxPages(c.Segments * pagesPerRound)
	if c.Consistent {
		scan = scan.Consistent()
	}
	p, err := j.run(ctx, func(p bulk.Progress) (int64, int64) { return p.Items, total }, nil, func(ctx context.Context, after bulk.Checkpoint, told func(bulk.Progress)) (bulk.Progress, error) {
		p := j.was
		p.Checkpoint = after
		began := time.Now()
		for {
			err := c.round(ctx, repo, scan, what, &p)
			p.Elapsed = j.was.Elapsed + time.Since(began)
			if err != nil || p.Checkpoint == "" {
				return p, err
			}
			told(p)
		}
	})
	if err != nil {
		return err
	}
	verb := what.done
	if !c.Write {
		verb = "would be " + verb
	}
	text := fmt.Sprintf("%s, %s %s", many(p.Items, "item"), number(*what.count(&p)), verb)
	if p.Skipped > 0 {
		text += fmt.Sprintf(", %s passed over: others changed them meanwhile", number(p.Skipped))
	}
	j.sum(p, text)
	if !c.Write {
		return errDry
	}
	return j.close()
}

// round changes what the next pages have. All that it began has ended when it returns: an interruption lets the
// writes that are on their way end, and the checkpoint is past them then. After a write that failed it is that of
// the round's begin.
func (c *chosenFlags) round(ctx context.Context, repo *dynox.Repo[item], scan dynox.Scan[item], what changing, p *bulk.Progress) error {
	var used dynox.Meter
	writing := dynox.WithMeter(context.WithoutCancel(ctx), &used)
	scanning, stop := context.WithCancel(dynox.WithMeter(ctx, &used))
	defer stop()
	next := dynox.Cursor(p.Checkpoint)
	var changed, passed atomic.Int64
	var begun int64
	var writes errgroup.Group
	writes.SetLimit(c.Concurrency)
	var unread error
	for it, err := range repo.Scan(scanning, scan.After(next).Track(&next)) {
		if err != nil {
			unread = err
			break
		}
		begun++
		writes.Go(func() error {
			switch err := what.write(writing, repo, it, c.Write); {
			case errors.Is(err, dynox.ErrConditionFailed), errors.Is(err, dynox.ErrNotFound):
				passed.Add(1)
			case err != nil:
				stop()
				return err
			default:
				changed.Add(1)
			}
			return nil
		})
	}
	failed := writes.Wait()
	u := used.Usage()
	*what.count(p) += changed.Load()
	p.Skipped += passed.Load()
	p.ReadUnits += u.ReadUnits
	p.WriteUnits += u.WriteUnits
	switch {
	case failed != nil:
		return failed
	case unread != nil:
		p.Items += begun // of all that was read, some lies past the checkpoint
	default:
		p.Items += int64(u.Scanned)
	}
	p.Checkpoint = bulk.Checkpoint(next)
	return unread
}

// write changes an item, unless nothing is to be written.
func (w *changing) write(ctx context.Context, repo *dynox.Repo[item], it item, really bool) error {
	if !really {
		return nil
	}
	return w.one(ctx, repo, it)
}

// untyped is a repository of a table's items, the attributes of its key, and about how many items there are.
func untyped(ctx context.Context, t *dynox.Table) (*dynox.Repo[item], []expr.Field[item], int64, error) {
	have, err := t.Describe(ctx)
	if err != nil {
		return nil, nil, 0, err
	}
	var parts []dynox.Part[item]
	var fields []expr.Field[item]
	for _, k := range have.KeySchema {
		for _, a := range have.AttributeDefinitions {
			if aws.ToString(a.AttributeName) == aws.ToString(k.AttributeName) {
				field := keyField(aws.ToString(k.AttributeName), a.AttributeType)
				parts, fields = append(parts, dynox.By(field)), append(fields, field)
			}
		}
	}
	if len(parts) == 0 || len(parts) != len(have.KeySchema) {
		return nil, nil, 0, errors.New("the service describes no types of the key attributes")
	}
	key := dynox.Key[item]{Partition: parts[0]}
	if len(parts) > 1 {
		key.Sort = parts[1]
	}
	repo, err := dynox.NewRepo(t, key)
	return repo, fields, aws.ToInt64(have.ItemCount), err
}

func keyField(name string, kind types.ScalarAttributeType) expr.Field[item] {
	path := fmt.Sprintf("%q", name)
	switch kind {
	case types.ScalarAttributeTypeN:
		return expr.Path[item, float64](path) // which keeps all digits: no number is made of it
	case types.ScalarAttributeTypeB:
		return expr.Path[item, []byte](path)
	default:
		return expr.Path[item, string](path)
	}
}
