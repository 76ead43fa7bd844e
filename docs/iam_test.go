package docs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/bulk"
	"github.com/dynox-go/dynox/crypt"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/lock"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/stream"
	"github.com/dynox-go/dynox/tx"
)

// policies are what the service, and what its deployment, may do with the hotel's table.
func policies(h hotel, arn string) (service, deployment []byte, err error) {
	definition, err := h.table.Definition(h.guests, h.bookings, h.rooms)
	if err != nil {
		return nil, nil, err
	}
	service, err = definition.Policy(arn, dynox.AccessRead|dynox.AccessWrite)
	if err != nil {
		return nil, nil, err
	}
	deployment, err = definition.Policy(arn, dynox.AccessManage)
	return service, deployment, err
}

func Example_policies() {
	h := openHotel(context.Background())
	service, _, err := policies(h, "arn:aws:dynamodb:eu-west-1:123456789012:table/hotel")
	fmt.Println(string(service), err)
	// Output:
	// {
	//   "Statement": [
	//     {
	//       "Action": [
	//         "dynamodb:BatchGetItem",
	//         "dynamodb:BatchWriteItem",
	//         "dynamodb:ConditionCheckItem",
	//         "dynamodb:DeleteItem",
	//         "dynamodb:GetItem",
	//         "dynamodb:PutItem",
	//         "dynamodb:Query",
	//         "dynamodb:UpdateItem"
	//       ],
	//       "Effect": "Allow",
	//       "Resource": "arn:aws:dynamodb:eu-west-1:123456789012:table/hotel"
	//     },
	//     {
	//       "Action": [
	//         "dynamodb:Query"
	//       ],
	//       "Effect": "Allow",
	//       "Resource": "arn:aws:dynamodb:eu-west-1:123456789012:table/hotel/index/*"
	//     }
	//   ],
	//   "Version": "2012-10-17"
	// }
	//  <nil>
}

// TestWhatCallsNeed holds the guide's table to what is asked of the service.
func TestWhatCallsNeed(t *testing.T) {
	type B = Booking
	ann := B{Guest: "ann", ID: "1"}
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	const meanwhile = dynox.AccessRead // what is taken only when others write at the same time
	for name, row := range map[string]struct {
		access dynox.Access
		run    func(ctx context.Context, h hotel)
	}{
		"read": {dynox.AccessRead, func(ctx context.Context, h hotel) {
			_, err := h.bookings.Get(ctx, ann)
			must(err)
			_, err = h.bookings.Load(ctx, ann)
			must(err)
			_, err = h.bookings.Page(ctx, ByRoom.In(B{Room: "101"}))
			must(err)
			_, err = iter.Collect(batch.Hydrate(ctx, h.bookings, h.bookings.Query(ctx, BookingKey.In(ann))))
			must(err)
			must(tx.Read(ctx, tx.Get(h.bookings, ann)))
		}},
		"write": {dynox.AccessWrite, func(ctx context.Context, h hotel) {
			must(h.bookings.Put(ctx, &B{Guest: "ann", ID: "1"}))
			_, _, err := h.bookings.Swap(ctx, &B{Guest: "ann", ID: "1"})
			must(err)
			_, err = h.bookings.Update(ctx, ann, bookingNights.Set(2))
			must(err)
			must(h.book(ctx, &B{Guest: "ann", ID: "8", Room: "101"}))
			must(batch.Write(ctx, slices.Values([]batch.Op{batch.Put(h.bookings, &ann)})))
			_, err = h.bookings.Take(ctx, ann)
			must(err)
		}},
		"scan": {dynox.AccessScan, func(ctx context.Context, h hotel) {
			_, err := h.bookings.Count(ctx, dynox.All[B]())
			must(err)
			_, err = h.bookings.Count(ctx, dynox.All[B]().Index(ByRoom))
			must(err)
		}},
		"once": {dynox.AccessRead | dynox.AccessWrite, func(ctx context.Context, h hotel) {
			_, err := h.bookings.Update(ctx, ann, expr.Add(bookingNights, 1), expr.ExactlyOnce[B]())
			must(err)
		}},
		"partition": {dynox.AccessRead | dynox.AccessWrite, func(ctx context.Context, h hotel) {
			_, err := batch.DeletePartition(ctx, h.bookings, ann)
			must(err)
		}},
		"again": {dynox.AccessRead | dynox.AccessWrite, func(ctx context.Context, h hotel) {
			guests, err := dynox.NewRepo(h.table, GuestKey, dynox.Kind[Guest]("guest"), lock.Version(guestPoints))
			must(err)
			_, err = lock.Retry(ctx, guests, Guest{ID: "ann"}, func(g *Guest) error { g.Name = "Anna"; return nil })
			must(err)
		}},
		"select": {dynox.AccessSelect, func(ctx context.Context, h hotel) {
			_, err := iter.Collect(h.bookings.Select(ctx, `SELECT * FROM "hotel" WHERE pk = ?`, "GUEST#ann"))
			must(err)
		}},
		"statements": {dynox.AccessStatements, func(ctx context.Context, h hotel) {
			must(dynox.Execute(ctx, dynox.PartiQL(h.bookings, `INSERT INTO "hotel" VALUE {'pk': 'LOG', 'sk': '1'}`)))
			must(dynox.Execute(ctx, dynox.PartiQL(h.bookings, `UPDATE "hotel" SET seen = 1 WHERE pk = 'LOG' AND sk = '1'`)))
			must(dynox.Execute(ctx, dynox.PartiQL(h.bookings, `DELETE FROM "hotel" WHERE pk = 'LOG' AND sk = '1'`)))
		}},
		"unique": {dynox.AccessRead | dynox.AccessWrite, func(ctx context.Context, h hotel) {
			guests, err := dynox.NewRepo(h.table, GuestKey, dynox.Kind[Guest]("guest"), tx.Unique(guestName))
			must(err)
			_, err = guests.Update(ctx, Guest{ID: "ann"}, guestName.Set("Anna"))
			must(err)
		}},
		"claims": {dynox.AccessScan | dynox.AccessRead | dynox.AccessWrite, func(ctx context.Context, h hotel) {
			guests, err := dynox.NewRepo(h.table, GuestKey, dynox.Kind[Guest]("guest"), tx.Unique(guestName))
			must(err)
			_, err = iter.Collect(tx.Claim(ctx, guests, dynox.All[Guest]()))
			must(err)
		}},
		"backfill": {dynox.AccessScan | dynox.AccessRead | dynox.AccessWrite, func(ctx context.Context, h hotel) {
			must(h.engine.Seed("hotel", `{"pk": {"S": "GUEST#cy"}, "sk": {"S": "BOOKING#1"}, "guest": {"S": "cy"}, "id": {"S": "1"}}`))
			_, err := dynox.Backfill(ctx, h.bookings)
			must(err)
		}},
		"migration": {dynox.AccessScan | dynox.AccessRead | dynox.AccessWrite, func(ctx context.Context, h hotel) {
			_, err := confirm(ctx, h.bookings)
			must(err)
		}},
		"rotation": {dynox.AccessScan | dynox.AccessWrite, func(ctx context.Context, h hotel) {
			keyring := crypt.Raw("1", make([]byte, 32))
			guests, err := dynox.NewRepo(h.table, GuestKey, dynox.Kind[Guest]("guest"), crypt.Field(guestName, keyring, crypt.ReadPlaintext()))
			must(err)
			_, err = crypt.Rotate(ctx, guests)
			must(err)
		}},
		"import": {dynox.AccessWrite | dynox.AccessDescribe, func(ctx context.Context, h hotel) {
			_, err := bulk.Import(ctx, h.table, strings.NewReader(`{"Item":{"pk":{"S":"GUEST#cy"},"sk":{"S":"PROFILE"}}}`))
			must(err)
		}},
		"copy": {dynox.AccessScan | dynox.AccessWrite | dynox.AccessDescribe, func(ctx context.Context, h hotel) {
			_, err := bulk.Copy(ctx, h.table, h.table)
			must(err)
		}},
		"consumer": {dynox.AccessStream | dynox.AccessRead | dynox.AccessWrite, func(ctx context.Context, h hotel) {
			checkpoints, err := stream.NewCheckpoints(h.table)
			must(err)
			changes, err := stream.New(h.engine.StreamsClient(), h.bookings, stream.As("mailer", checkpoints))
			must(err)
			for _, err := range changes.Changes(ctx) {
				must(err)
				break
			}
		}},
		"replace": {dynox.AccessManage | dynox.AccessDelete, func(ctx context.Context, h hotel) {
			other, err := dynox.NewRepo(h.table, dynox.Key[Guest]{Partition: dynox.By(expr.At(guest, &guest.ID))})
			must(err)
			plan, err := h.table.Plan(ctx, other)
			must(err)
			must(plan.Apply(ctx, dynox.ReplaceTable()))
		}},
		"leases": {dynox.AccessRead | dynox.AccessWrite, func(ctx context.Context, h hotel) {
			leases, err := lock.NewLeases(h.table)
			must(err)
			lease, err := leases.Acquire(ctx, "report")
			must(err)
			must(lease.Release(ctx))
		}},
		"passes": {dynox.AccessScan | dynox.AccessDescribe, func(ctx context.Context, h hotel) {
			must(h.table.Ping(ctx))
			_, err := bulk.Export(ctx, h.table, new(strings.Builder))
			must(err)
		}},
		"manage": {dynox.AccessManage, func(ctx context.Context, h hotel) {
			must(h.table.Ensure(ctx, h.bookings, h.guests, h.rooms))
			must(h.table.Ping(ctx))
			plan, err := h.table.Plan(ctx, h.bookings, h.guests, h.rooms)
			must(err)
			must(plan.Apply(ctx))
		}},
		"delete": {dynox.AccessDelete, func(ctx context.Context, h hotel) { must(h.table.Delete(ctx)) }},
		"stream": {dynox.AccessStream, func(ctx context.Context, h hotel) {
			changes, err := stream.New(h.engine.StreamsClient(), h.bookings)
			must(err)
			must(h.bookings.Put(context.WithoutCancel(ctx), &ann))
			for _, err := range changes.Changes(ctx) {
				must(err)
				break
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			h := openHotel(t.Context(), dynox.Stream(types.StreamViewTypeNewAndOldImages), dynox.Tags(map[string]string{"a": "b"}))
			definition, err := h.table.Definition(h.guests, h.bookings, h.rooms)
			is.NoErr(err)
			policy, err := definition.Policy("", row.access)
			is.NoErr(err)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			row.run(ctx, h)
			asked := map[string]bool{}
			for _, r := range h.engine.Requests() {
				for _, action := range actionsOf(t, r) {
					asked[action] = true
				}
			}
			if name == "stream" {
				delete(asked, "PutItem") // somebody else's
			}
			is.True(len(asked) > 0)
			for action := range asked {
				is.True(allows(policy, action))
			}
			for less := dynox.Access(1); less <= row.access; less <<= 1 { // nothing of it is too much
				if row.access&less == 0 || row.access == less || less == meanwhile && (name == "backfill" || name == "migration") {
					continue
				}
				policy, err := definition.Policy("", row.access&^less)
				is.NoErr(err)
				missed := false
				for action := range asked {
					missed = missed || !allows(policy, action)
				}
				is.True(missed)
			}
		})
	}
}

// allows reports whether a policy has an action.
func allows(policy []byte, action string) bool {
	return strings.Contains(string(policy), `"dynamodb:`+action+`"`)
}

// actionsOf are what IAM calls what a request does.
func actionsOf(t *testing.T, r memtable.Request) []string {
	switch r.Operation {
	case "TransactGetItems":
		return []string{"GetItem"}
	case "TransactWriteItems":
		var in struct{ TransactItems []map[string]any }
		if err := json.Unmarshal(r.Body, &in); err != nil {
			t.Fatal(err)
		}
		var actions []string
		for _, item := range in.TransactItems {
			for what := range item {
				actions = append(actions, map[string]string{"ConditionCheck": "ConditionCheckItem"}[what])
				if actions[len(actions)-1] == "" {
					actions[len(actions)-1] = what + "Item"
				}
			}
		}
		return actions
	case "ExecuteStatement", "BatchExecuteStatement":
		var in struct {
			Statement  string
			Statements []struct{ Statement string }
		}
		if err := json.Unmarshal(r.Body, &in); err != nil {
			t.Fatal(err)
		}
		in.Statements = append(in.Statements, struct{ Statement string }{in.Statement})
		var actions []string
		for _, s := range in.Statements {
			if verb, _, _ := strings.Cut(s.Statement, " "); verb != "" {
				actions = append(actions, "PartiQL"+verb[:1]+strings.ToLower(verb[1:]))
			}
		}
		return actions
	}
	return []string{r.Operation}
}
