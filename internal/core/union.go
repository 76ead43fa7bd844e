package core

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/dynox-go/dynox/internal/wire"
)

// ErrKind is an item of a kind that none of the repositories of a union has.
var ErrKind = errors.New("an item of an unknown kind")

// Union reads the items of several repositories of one table together.
type Union struct {
	repos     []*Repo
	skip      bool // items of unknown kinds
	exclusive bool
	views     sync.Map // unionView -> *view
}

// NewUnion is a union of repositories, all of one table. An item that several of
// them would take for theirs is the first one's.
func NewUnion(repos []*Repo, skip bool) (*Union, error) {
	if len(repos) == 0 {
		return nil, errors.New("a union of no repositories")
	}
	for i, r := range repos {
		switch {
		case r == nil:
			return nil, fmt.Errorf("repository %d is nil", i)
		case r.Table.Err != nil:
			return nil, r.Table.Err
		case r.Table.Name != repos[0].Table.Name || !sameClient(r.Table, repos[0].Table):
			return nil, fmt.Errorf("%s is in another table than %s", r.Name(), repos[0].Name())
		case !SameKeys(r.table.keySchema(), repos[0].table.keySchema()):
			return nil, fmt.Errorf("the key attributes of %s are not those of %s", r.Name(), repos[0].Name())
		case slices.ContainsFunc(repos[:i], func(other *Repo) bool { return other.Type == r.Type && other.scope != r.scope }):
			return nil, fmt.Errorf("there are repositories of %s for several tenants: a read would not say of which", r.Name())
		}
	}
	return &Union{repos: repos, skip: skip, exclusive: exclusive(repos)}, nil
}

// Read runs spec, made for the items of type t, as [Repo.Read] does. It calls yield
// with each item, which is its own until yield returns, and its repository's number.
func (u *Union) Read(ctx context.Context, t reflect.Type, spec *Spec, ahead bool, yield func(repo int, item reflect.Value) bool) (cursor string, err error) {
	i := slices.IndexFunc(u.repos, func(r *Repo) bool { return r.Type == t })
	if i < 0 {
		return "", fmt.Errorf("the read is of %v, of which the union has no repository", t)
	}
	if len(spec.Only) > 0 {
		return "", errors.New("a union reads whole items, not some attributes")
	}
	q, err := u.repos[i].prepare(ctx, spec, reading{union: u})
	if err != nil {
		return "", err
	}
	l := &loop{request: q, ahead: ahead}
	l.yield = func() bool { return yield(l.mixed.repo, l.mixed.item) }
	return l.run(ctx)
}

// mixed is an item of a union.
type mixed struct {
	repo int           // -1: unknown
	item reflect.Value // of the repository's type; it may be used again
	n    int           // of its repository's page, if it was decoded at once
}

// unionViews are the views of a union, by the index that is read.
type unionView struct {
	schema *Schema
	ix     *index
}

// view is a view of whole items read from ix that decodes none of them.
func (u *Union) view(r *Repo, ix *index) *view {
	if v, ok := u.views.Load(unionView{r.Schema, ix}); ok {
		return v.(*view)
	}
	v := &view{schema: r.Schema, plan: r.plan, ix: ix, whole: true, union: u}
	add := func(name string) {
		if !slices.Contains(v.names, name) {
			v.names = append(v.names, name)
		}
	}
	for _, a := range r.keyAttrs(ix) {
		add(a.name)
	}
	for _, r := range u.repos {
		if r.Kind.Attr != "" {
			add(r.Kind.Attr)
		}
		if r.Kind.ByKey {
			for _, name := range r.table.inputs() {
				add(name)
			}
		}
		if d := r.stages.soft; d != nil {
			add(d.Attr.Path[0].Name)
		}
		if t := r.stages.ttl; t != nil && r.stages.hideExpired {
			add(t.Path[0].Name)
		}
	}
	v.watch = v.plan.Watch(v.names...)
	u.views.Store(unionView{r.Schema, ix}, v)
	return v
}

// exclusive reports whether the kind of an item that has one tells whose it is.
func exclusive(repos []*Repo) bool {
	seen := map[string]bool{}
	for _, r := range repos {
		if r.Kind.Attr == "" || r.Kind.Attr != repos[0].Kind.Attr {
			return false
		}
		for _, name := range r.Kind.names() {
			if seen[name] {
				return false
			}
			seen[name] = true
		}
	}
	return true
}

// ownPage is the page for the items of a repository.
func (p *page) ownPage(repo int) *page {
	u := p.view.union
	if p.owns == nil {
		p.owns = make([]*page, len(u.repos))
	}
	if p.owns[repo] == nil {
		r := u.repos[repo]
		ix, err := r.index(p.view.ix.Name)
		if err != nil {
			ix = r.table // which decodes what it finds, too
		}
		p.owns[repo] = ix.whole.newPage(r.Table)
	}
	return p.owns[repo]
}

// readMixed reads the item of a union that s is at. Most items are of the kind of
// the one before: then it is decoded at once.
func (p *page) readMixed(s *wire.Scanner) error {
	u, start := p.view.union, *s
	if u.exclusive && p.guess >= 0 {
		own := p.ownPage(p.guess)
		if len(own.view.coded) == 0 {
			n := own.items.Len()
			dst := own.slot()
			fault := own.record.decoder.ReadItem(s, dst.Addr().Interface())
			raw := s.Since(start.Pos())
			own.record.of(stored{raw: raw}, fault == nil)
			r := u.repos[p.guess]
			if fault == nil && own.record.has(r.Kind.Attr) && !r.foreign(&own.record) {
				e := entry{stored: stored{raw: raw}, mixed: mixed{repo: p.guess, n: n}}
				if e.own = !r.hidden(&own.record, p.deleted) && !p.leg.keys.dropped(&own.record); e.own {
					if e.err = own.upgrade(dst, nil); e.err == nil {
						e.err = own.finish(dst)
					}
				}
				p.entries = append(p.entries, e)
				return nil
			}
			own.items.SetLen(n)
			*s = start
		}
	}
	raw, err := s.Raw()
	if err == nil {
		p.addMixed(stored{raw: raw})
	}
	return err
}

// addMixed notes an item of a union, which is decoded later.
func (p *page) addMixed(item stored) {
	u := p.view.union
	p.record.of(item, false)
	e := entry{stored: item}
	e.repo = slices.IndexFunc(u.repos, func(r *Repo) bool { return !r.foreign(&p.record) })
	p.guess = e.repo
	known := e.repo >= 0 && !u.repos[e.repo].hidden(&p.record, p.deleted)
	unknown := e.repo < 0 && !u.skip && !p.view.schema.isSentinel(&p.record)
	e.own = (known || unknown) && !p.leg.keys.dropped(&p.record)
	e.sealed = e.own && known
	if unknown {
		e.err = ErrKind
	}
	p.entries = append(p.entries, e)
}

// openMixed decodes the items of a union that are not yet, those of one
// repository together, and runs the hooks.
func (p *page) openMixed(ctx context.Context) {
	for n, r := range p.view.union.repos {
		var items []stored
		for i := range p.entries {
			if e := &p.entries[i]; e.sealed && e.repo == n {
				items = append(items, e.stored)
			}
		}
		if items != nil {
			p.openOf(ctx, n, items)
		}
		for i := range p.entries {
			e := &p.entries[i]
			if e.repo != n || !e.own {
				continue
			}
			if !e.item.IsValid() {
				e.item = p.owns[n].items.Index(e.n)
			}
			if e.err == nil {
				e.err = r.stages.run(ctx, AfterLoad, e.item)
			}
		}
	}
}

// openOf decodes the sealed items of one repository.
func (p *page) openOf(ctx context.Context, repo int, items []stored) {
	own := p.ownPage(repo)
	raws, errs := make([][]byte, len(items)), make([]error, len(items))
	coded := len(own.view.coded) > 0
	if coded {
		raws, errs = own.view.open(ctx, own.table, items, false)
	}
	r := p.view.union.repos[repo]
	all := reflect.MakeSlice(reflect.SliceOf(r.Type), len(items), len(items))
	k := 0
	for i := range p.entries {
		e := &p.entries[i]
		if !e.sealed || e.repo != repo {
			continue
		}
		e.sealed, e.item = false, all.Index(k)
		item := e.stored
		if coded {
			item = stored{raw: raws[k]}
		}
		if e.err = errs[k]; e.err == nil {
			e.err = own.decode(item, e.item)
		}
		k++
	}
}
