package tx_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/lock"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

// fight has many goroutines want few values, by every verb, while answers are lost,
// and tells what two items had at once, and which claims are wrong in the end.
func fight(t *testing.T, engine *memtable.Engine, members *dynox.Repo[member], rounds int, seed uint64) (wrong []string, won, lost int) {
	t.Helper()
	table := tableOf(members).Name
	stop, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		for n := 0; ; n++ {
			select {
			case <-stop:
				if n > 10 {
					return
				}
			default:
			}
			wrong = append(wrong, shared(t, engine, table)...)
		}
	}()
	var wg sync.WaitGroup
	var mu sync.Mutex
	for g := range 8 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(g)))
			for range rounds {
				if random.IntN(4) == 0 {
					engine.Fail([]string{"TransactWriteItems", "TransactWriteItems", "GetItem", "PutItem", "UpdateItem", "DeleteItem"}[random.IntN(6)], []memtable.Fault{
						memtable.ResetAfter(), memtable.ResetBefore(), memtable.Conflict(random.IntN(3)), memtable.Throttle(), memtable.InternalError(),
					}[random.IntN(5)])
				}
				err := fightOnce(t.Context(), members, random)
				mu.Lock()
				var service interface{ ErrorCode() string }
				switch {
				case err == nil, errors.Is(err, dynox.ErrAfterWrite): // deleted before it was read back
					won++
				case errors.Is(err, dynox.ErrConditionFailed), errors.Is(err, dynox.ErrNotFound), errors.Is(err, dynox.ErrUnknownOutcome), errors.As(err, &service):
					lost++
				default:
					t.Error(err)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	close(stop)
	<-watched
	engine.Heal()
	return append(wrong, shared(t, engine, table)...), won, lost
}

func fightOnce(ctx context.Context, members *dynox.Repo[member], random *rand.Rand) (err error) {
	some := func() member {
		return member{ID: fmt.Sprint(random.IntN(6)), Email: fmt.Sprint("m", random.IntN(4)), Badge: random.IntN(3)}
	}
	m := some()
	switch random.IntN(10) {
	case 0:
		err = members.Put(ctx, &m)
	case 1:
		_, err = members.Upsert(ctx, m, email.Set(m.Email), badge.SetOnce(1))
	case 2:
		err = members.Delete(ctx, m)
	case 3:
		_, err = members.Update(ctx, m, email.Set(m.Email), expr.ExactlyOnce[member]())
	case 4:
		_, err = members.Take(ctx, m)
	case 5:
		_, _, err = members.Swap(ctx, &m)
	case 6:
		err = members.Create(ctx, &m)
	case 7: // two take each other's
		var other member
		if m, err = members.Get(ctx, m, dynox.Consistent); err != nil {
			return err
		}
		if other, err = members.Get(ctx, some(), dynox.Consistent); err != nil || other.ID == m.ID {
			return err
		}
		err = tx.Write(ctx, tx.Update(members, m, email.Set(other.Email), expr.If(email.Eq(m.Email))), tx.Update(members, other, email.Set(m.Email), expr.If(email.Eq(other.Email))))
	case 8: // one goes, another gets what it had
		next := some()
		if next.ID == m.ID {
			return nil
		}
		err = tx.Write(ctx, tx.Delete(members, m), tx.Put(members, &next))
	case 9:
		var tracked *dynox.Tracked[member]
		if tracked, err = members.Load(ctx, m); err == nil {
			tracked.V.Email, tracked.V.Badge = m.Email, m.Badge
			err = tracked.Save(ctx)
		}
	}
	return err
}

// shared are the values that two items of a table have at one moment.
func shared(t *testing.T, engine *memtable.Engine, table string) (twice []string) {
	lines, err := engine.Dump(table)
	if err != nil {
		t.Error(err)
	}
	had := map[string]bool{}
	for _, line := range lines {
		var item struct {
			Email struct{ S string }
			Badge struct{ N string }
		}
		if err := json.Unmarshal([]byte(line), &item); err != nil {
			t.Error(err)
		}
		for _, value := range []string{item.Email.S, item.Badge.N} {
			if had[value] && value != "" {
				twice = append(twice, value)
			}
			had[value] = true
		}
	}
	return twice
}

// At no time two items have one value, and in the end the claims are just those
// of the items.
func TestUniqueFight(t *testing.T) {
	for name, opts := range map[string][]dynox.Option[member]{"": nil, "version": {lock.Version(memberVersion)}} {
		engine := memtable.New(t)
		for kind, members := range clubs(t, engine.Client(testbed.Quick), opts...) {
			t.Run(name+" "+kind, func(t *testing.T) {
				is := is.New(t)
				wrong, won, lost := fight(t, engine, members, 60, 1)
				is.Equal(len(wrong), 0)
				is.True(won > 50 && lost > 50)
				is.Equal(claims(t, engine.Client(), members), owned(t, members))
			})
		}
	}
}

// Without one of the conditions, what is unique is not, and the fight tells.
func TestUniqueFightIsChecked(t *testing.T) {
	type operation struct {
		Put map[string]json.RawMessage
	}
	isClaim := func(op map[string]json.RawMessage) bool { return strings.Contains(string(op["Item"]), `"dynox:owner"`) }
	for name, broken := range map[string]func(op map[string]json.RawMessage) bool{
		"claims replace others":             isClaim,
		"what was read may have been moved": func(op map[string]json.RawMessage) bool { return !isClaim(op) },
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(100) {
				engine := memtable.New(t)
				client := engine.Client(testbed.Quick, func(o *dynamodb.Options) {
					o.HTTPClient = &http.Client{Transport: transport(func(req *http.Request) (*http.Response, error) {
						if !strings.HasSuffix(req.Header.Get("X-Amz-Target"), "TransactWriteItems") {
							return engine.RoundTrip(req)
						}
						time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond) // for others to come in between
						var body map[string]json.RawMessage
						var items []map[string]json.RawMessage
						err := errors.Join(json.Unmarshal([]byte(read(req.Body)), &body), json.Unmarshal(body["TransactItems"], &items))
						for i := range items {
							var op operation
							raw, _ := json.Marshal(items[i])
							if err = errors.Join(err, json.Unmarshal(raw, &op)); op.Put == nil || !broken(op.Put) {
								continue
							}
							for _, part := range []string{"ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues"} {
								delete(op.Put, part)
							}
							items[i]["Put"], _ = json.Marshal(op.Put)
						}
						if err != nil {
							return nil, err
						}
						body["TransactItems"], _ = json.Marshal(items)
						text, _ := json.Marshal(body)
						req = req.Clone(req.Context())
						req.Body, req.ContentLength = io.NopCloser(strings.NewReader(string(text))), int64(len(text))
						return engine.RoundTrip(req)
					})}
				})
				members := clubs(t, client)["alone"]
				wrong, _, _ := fight(t, engine, members, 30, seed)
				if len(wrong) > 0 {
					return
				}
			}
			t.Fatal("nothing wrong is noticed")
		})
	}
}

// Who claims an existing table's values while others write it leaves neither a value
// unclaimed nor a claim too much.
func TestClaimWhileOthersWrite(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	engine := memtable.New(t)
	client := engine.Client(testbed.Quick)
	members := clubs(t, client)["alone"]
	before := plain(t, client, tableOf(members).Name, memberKey)
	for i := range 60 {
		is.NoErr(before.Put(ctx, &member{ID: fmt.Sprint(i), Email: fmt.Sprint("e", i)}))
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(7, uint64(g)))
			for range 60 {
				m := member{ID: fmt.Sprint(random.IntN(60)), Email: fmt.Sprint("f", random.IntN(100))}
				err := []func() error{
					func() error { return members.Put(ctx, &m) },
					func() error { return members.Delete(ctx, m) },
					func() error { _, err := members.Update(ctx, m, email.Set(m.Email)); return err },
				}[random.IntN(3)]()
				if err != nil && !errors.Is(err, dynox.ErrConditionFailed) && !errors.Is(err, dynox.ErrNotFound) && !errors.Is(err, dynox.ErrAfterWrite) {
					t.Error(err)
				}
			}
		})
	}
	for m, err := range tx.Claim(ctx, members, dynox.All[member]().PageSize(3)) {
		t.Error(m, err)
	}
	wg.Wait()
	is.Equal(claims(t, client, members), owned(t, members))
}
