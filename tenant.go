package dynox

import (
	"reflect"

	"github.com/dynox-go/dynox/internal/core"
)

// Tenants is the repositories of items of T in a table that tenants share, one for
// each: their partition keys begin with the tenant. It has no verbs of its own, so no
// code can forget whose items it is about. It is immutable and safe for concurrent use.
type Tenants[T any] struct {
	table   *Table
	format  string
	key     Key[T]
	options []Option[T]
	probe   *core.Schema // of any tenant
}

// anyTenant stands for a tenant where it does not matter which.
const anyTenant = "x"

// NewTenants is [NewRepo] for the tenants of a table. format is what all partition keys
// begin with, the tenant in the place of {}, with a text that ends it:
//
//	orders, err := dynox.NewTenants(table, "TENANT#{}#", OrderKey, ByStatus)
//	acme := orders.Of("acme") // CUSTOMER#{} is TENANT#acme#CUSTOMER#{} there
//
// The partition keys of the table and of all indexes are [Composite] or [Const]. Keys
// and indexes are described, and queries made, as without tenants.
func NewTenants[T any](t *Table, format string, key Key[T], opts ...Option[T]) (*Tenants[T], error) {
	scope, err := core.Scope(format, anyTenant)
	if err != nil {
		return nil, wrap("new tenants", "(none)", reflect.TypeFor[T]().String(), err)
	}
	r, err := newRepo(t, scope, key, opts)
	if err != nil {
		return nil, err
	}
	return &Tenants[T]{t, format, key, opts, r.core.Schema}, nil
}

// Of is the repository of one tenant's items. What it reads and writes has keys that
// begin with the tenant, whatever the items are: it reaches no other tenant's, by
// cursors, scans, indexes and unique attributes either. Scans still read, and cost,
// the whole table.
//
// A tenant that is empty, or contains the text that follows it in the format, gives
// a repository whose calls all fail with [ErrKey]. Of does what [NewRepo] does, some 50 µs:
// keep the repository for as long as the tenant is served.
func (ts *Tenants[T]) Of(tenant string) *Repo[T] {
	scope, err := core.Scope(ts.format, tenant)
	var r *Repo[T]
	if err == nil {
		r, err = newRepo(ts.table, scope, ts.key, ts.options)
	}
	if err == nil {
		return r
	}
	return &Repo[T]{&core.Repo{Schema: ts.probe, Table: core.Broken(ts.table.core.Name, err)}}
}

func (ts *Tenants[T]) schema() *core.Schema {
	if ts == nil {
		return nil
	}
	return ts.probe
}
