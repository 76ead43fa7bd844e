package soak_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/blob"
	"github.com/dynox-go/dynox/crypt"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/lock"
	"github.com/dynox-go/dynox/tx"
)

// Member is an item with a version, an address that is unique, an encrypted
// attribute and a compressed one. One worker writes it, but all want the same addresses.
type Member struct {
	Owner   string `dynamodbav:"owner"`
	ID      int    `dynamodbav:"id"`
	Email   string `dynamodbav:"email,omitempty"`
	Secret  string `dynamodbav:"secret,omitempty"`
	Bio     string `dynamodbav:"bio,omitempty"`
	Visits  int64  `dynamodbav:"visits"`
	Version int64  `dynamodbav:"version"`
	Write   string `dynamodbav:"write"`
}

var (
	member        = expr.Proto[Member]()
	memberOwner   = expr.At(member, &member.Owner)
	memberID      = expr.At(member, &member.ID)
	memberEmail   = expr.At(member, &member.Email)
	memberSecret  = expr.At(member, &member.Secret)
	memberBio     = expr.At(member, &member.Bio)
	memberVisits  = expr.At(member, &member.Visits)
	memberVersion = expr.At(member, &member.Version)
	memberWrite   = expr.At(member, &member.Write)

	memberKey = dynox.Key[Member]{
		Partition: dynox.Composite("pk", "MEMBER#{}", memberOwner), Sort: dynox.Composite("sk", "MEMBER#{}", memberID),
	}
)

const memberCount = 6 // of each worker

type members struct {
	*soak
	repo, truth *dynox.Repo[Member]
	stored      []map[int]Member
	visits      Member // an item that all count in
	counted     tally
}

// tally is how often something was done.
type tally struct{ done, unknown int64 }

// add counts an outcome. The soak's lock is not held.
func (s *soak) add(t *tally, d did) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch d {
	case yes:
		t.done++
	case unknown:
		t.unknown++
	}
}

func newMembers(t *testing.T, s *soak, bad, good *dynox.Table) part {
	t.Helper()
	is, m := is.NewRelaxed(t), &members{soak: s, visits: Member{Owner: "all"}}
	var err error
	m.repo, err = dynox.NewRepo(bad, memberKey, dynox.Kind[Member]("member"),
		lock.Version(memberVersion, lock.Token(memberWrite)), tx.Unique(memberEmail),
		crypt.Field(memberSecret, crypt.Raw("test", bytes.Repeat([]byte{7}, crypt.KeySize))), blob.Compressed(memberBio, blob.MinSize(50)))
	is.NoErr(err)
	m.truth = m.repo.On(good)
	is.NoErr(good.Ensure(t.Context(), m.truth))
	for range *workers {
		m.stored = append(m.stored, map[int]Member{})
	}
	visits := m.visits
	is.NoErr(m.truth.Create(t.Context(), &visits))
	return m
}

func (m *members) work(ctx context.Context, w *worker) {
	ctx, cancel := w.hurried(ctx)
	defer cancel()
	key := Member{Owner: w.name, ID: w.rnd.IntN(memberCount)}
	old, there := m.stored[w.number][key.ID]
	after, email := old, fmt.Sprint("m", w.rnd.IntN(*workers*memberCount), "@example.com")
	after.Owner, after.ID, after.Version = key.Owner, key.ID, old.Version+1
	refused := []error{dynox.ErrNotUnique, dynox.ErrConditionFailed} // others wrote about the address again and again
	switch w.rnd.IntN(8) {
	case 0:
		after = Member{Owner: key.Owner, ID: key.ID, Email: email, Secret: "secret " + email, Version: 1}
		created := after
		created.Version = 0
		if there {
			refused = append(refused, dynox.ErrExists)
		}
		err := m.repo.Create(ctx, &created)
		m.expect(err != nil || !there, "create: there was one")
		m.settle(w, "create unique", &after, m.outcome("create unique", err, refused...))
	case 1, 2:
		after.Email, after.Secret = email, "secret of "+email
		after.Bio = string(bytes.Repeat([]byte(email), w.rnd.IntN(20)))
		put := after
		put.Version = old.Version
		err := m.repo.Put(ctx, &put)
		m.settle(w, "put version", &after, m.outcome("put version", err, refused...))
	case 3:
		if !there {
			refused = append(refused, dynox.ErrNotFound)
		}
		after.Email, after.Visits = email, old.Visits+1
		_, err := m.repo.Update(ctx, key, memberEmail.Set(email), expr.Add(memberVisits, 1))
		m.settle(w, "update unique", &after, m.outcome("update unique", err, refused...))
	case 4:
		m.settle(w, "delete version", nil, m.outcome("delete version", m.repo.Delete(ctx, pick(there, old, key))), key.ID)
	case 5:
		if !there {
			refused = append(refused, dynox.ErrNotFound)
		}
		after.Visits++
		got, err := lock.Retry(ctx, m.repo, key, func(o *Member) error { o.Visits++; return nil })
		m.expect(err != nil || same(&got, &after), "lock.Retry returned version %d, not %d", got.Version, after.Version)
		m.settle(w, "lock.Retry", &after, m.outcome("lock.Retry", err, refused...))
	case 6:
		got, err := m.repo.Get(ctx, key, dynox.Consistent)
		if m.outcome("get encrypted", err, pick(there, errNever, dynox.ErrNotFound)) == yes {
			m.expect(there && same(&got, &old), "get: %s", cmp.Diff(old, got))
		}
	case 7:
		var stale *lock.StaleError
		_, err := lock.Retry(ctx, m.repo, m.visits, func(o *Member) error { o.Visits++; return nil }, lock.Attempts(50))
		if errors.As(err, &stale) && !dynox.UnknownOutcome(err) {
			err = nil // it lost every race
			m.outcome("lock.Retry by all", err)
			return
		}
		m.add(&m.counted, m.outcome("lock.Retry by all", err))
	}
}

// errNever is the error of nothing.
var errNever = errors.New("never")

func pick[T any](ok bool, a, b T) T {
	if ok {
		return a
	}
	return b
}

// same compares what users see.
func same(a, b *Member) bool { return cmp.Equal(a, b, cmpopts.IgnoreFields(Member{}, "Write")) }

// settle holds the stored member to the outcome of a write that makes it after, nil
// for none, and remembers it.
func (m *members) settle(w *worker, name string, after *Member, d did, ids ...int) {
	model := m.stored[w.number]
	if after != nil {
		ids = []int{after.ID}
	}
	id := ids[0]
	var before, stored *Member
	if b, ok := model[id]; ok {
		before = &b
	}
	got, err := m.truth.Get(context.Background(), Member{Owner: w.name, ID: id}, dynox.Consistent)
	if err == nil {
		stored = &got
	}
	m.expect(err == nil || errors.Is(err, dynox.ErrNotFound), "a look: %v", err)
	isBefore, isAfter := same(stored, before), same(stored, after)
	m.expect(d == yes && isAfter || d == no && isBefore || d == unknown && (isBefore || isAfter),
		"%s, outcome %d: %+v became %+v, not %+v", name, d, before, stored, after)
	if d == unknown && isAfter && !isBefore {
		m.took()
	}
	if delete(model, id); stored != nil {
		model[id] = *stored
	}
}

// check: no address is that of two, everybody has the one of the model, and the shared count
// is right.
func (m *members) check(ctx context.Context) {
	owners, count := map[string]int{}, 0
	for o, err := range m.truth.Scan(ctx, dynox.All[Member]().Consistent()) {
		if m.expect(err == nil, "a scan: %v", err); err != nil {
			return
		}
		if o.Owner == m.visits.Owner {
			m.expect(o.Visits >= m.counted.done && o.Visits <= m.counted.done+m.counted.unknown,
				"%d visits of which %d were acknowledged and %d are unknown", o.Visits, m.counted.done, m.counted.unknown)
			continue
		}
		count++
		if owners[o.Email]++; o.Email != "" {
			m.expect(owners[o.Email] == 1, "an address of %d members", owners[o.Email])
		}
		var i int
		_, err := fmt.Sscanf(o.Owner, "w%d", &i)
		want, ok := Member{}, false
		if err == nil {
			want, ok = m.stored[i][o.ID]
		}
		m.expect(ok && same(&o, &want), "member: %s", cmp.Diff(want, o))
	}
	for _, model := range m.stored {
		count -= len(model)
	}
	m.expect(count == 0, "%d members more than were written", count)
}
