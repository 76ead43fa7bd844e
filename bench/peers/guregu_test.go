package peers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/guregu/dynamo/v2"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// widget has the tags of both libraries, as docs/from-guregu.md gives them.
type widget struct {
	UserID  int                 `dynamo:"UserID,hash" dynamodbav:"UserID"`
	Time    time.Time           `dynamo:"Time,range" dynamodbav:"Time"`
	Msg     string              `dynamo:"Message" dynamodbav:"Message,omitempty"`
	Count   int                 `dynamo:",omitempty" dynamodbav:",omitempty"`
	Friends []string            `dynamo:",set" dynamodbav:",stringset,omitempty"`
	Seen    map[int]struct{}    `dynamo:",set" dynamodbav:",numberset,omitempty"`
	Places  []place             `dynamodbav:",omitempty"`
	Home    *place              `dynamodbav:",omitempty"`
	Raw     []byte              `dynamodbav:",omitempty"`
	Scores  map[string]float64  `dynamodbav:",omitempty"`
	Until   time.Time           `dynamo:",unixtime" dynamodbav:",unixtime,omitempty"`
	Born    time.Time           `dynamo:",omitempty" dynamodbav:",omitempty"`
	Extra   map[string]struct{} `dynamo:"-" dynamodbav:"-"`
}

type place struct {
	City string `dynamodbav:",omitempty"`
	Zip  string `dynamo:"zip" dynamodbav:"zip,omitempty"`
}

var (
	aWidget   = expr.Proto[widget]()
	userID    = expr.At(aWidget, &aWidget.UserID)
	at        = expr.At(aWidget, &aWidget.Time)
	msg       = expr.At(aWidget, &aWidget.Msg)
	count     = expr.At(aWidget, &aWidget.Count)
	widgetKey = dynox.Key[widget]{Partition: dynox.By(userID), Sort: dynox.By(dynox.TimeAsIs[widget](at))}
)

func widgets(t *testing.T) (dynamo.Table, *dynox.Repo[widget]) {
	client := memtable.New(t).Client()
	table := dynox.NewTable(client, "Widgets")
	repo, err := dynox.NewRepo(table, widgetKey)
	check(t, err)
	check(t, table.Ensure(t.Context(), repo))
	return dynamo.NewFromIface(client).Table("Widgets"), repo
}

func full(n int) widget {
	return widget{
		UserID: n, Time: time.Date(2026, 5, 1, 9, 0, n, 120000000, time.UTC), Msg: "hello", Count: 3,
		Friends: []string{"ann", "bob"}, Seen: map[int]struct{}{7: {}}, Places: []place{{City: "Oslo"}}, Home: &place{Zip: "0150"},
		Raw: []byte{1, 2}, Scores: map[string]float64{"a": 1.5}, Until: time.Unix(1800000000, 0).UTC(), Born: time.Date(1990, 1, 2, 0, 0, 0, 0, time.UTC),
	}
}

// TestBothRead: with the tags of both, each library reads what the other one wrote.
func TestBothRead(t *testing.T) {
	theirs, ours := widgets(t)
	ctx := t.Context()
	for n, w := range []widget{full(0), full(1), {UserID: 2, Time: time.Unix(0, 0).UTC()}} {
		w.UserID = n
		check(t, theirs.Put(w).Run(ctx))
		got, err := ours.Get(ctx, widget{UserID: n, Time: w.Time})
		check(t, err)
		same(t, got, w)

		check(t, ours.Put(ctx, &w))
		var back widget
		check(t, theirs.Get("UserID", n).Range("Time", dynamo.Equal, w.Time).One(ctx, &back))
		same(t, back, w)
	}
}

func same(t *testing.T, got, want widget) {
	t.Helper()
	for _, w := range []*widget{&got, &want} {
		w.Until, w.Time, w.Born = w.Until.UTC(), w.Time.UTC(), w.Born.UTC()
		if w.Home == nil { // which is all that nil is told apart for
			w.Home = &place{City: "nowhere"}
		}
	}
	if a, b := fmt.Sprint(got, *got.Home), fmt.Sprint(want, *want.Home); strings.ReplaceAll(a, fmt.Sprintf("%p", got.Home), "") != strings.ReplaceAll(b, fmt.Sprintf("%p", want.Home), "") {
		t.Errorf("\n%s\n%s", a, b)
	}
}

// TestSameWrites: with those tags both store the same.
func TestSameWrites(t *testing.T) {
	theirs, ours := widgets(t)
	ctx := t.Context()
	w := full(1)
	check(t, theirs.Put(w).Run(ctx))
	var a, b map[string]types.AttributeValue
	check(t, theirs.Get("UserID", 1).Range("Time", dynamo.Equal, w.Time).One(ctx, &a))
	check(t, ours.Put(ctx, &w))
	check(t, theirs.Get("UserID", 1).Range("Time", dynamo.Equal, w.Time).One(ctx, &b))
	for _, m := range []map[string]types.AttributeValue{a, b} {
		set := m["Friends"].(*types.AttributeValueMemberSS)
		if len(set.Value) == 2 && set.Value[0] > set.Value[1] {
			set.Value[0], set.Value[1] = set.Value[1], set.Value[0]
		}
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("\n%v\n%v", a, b)
	}
}

// TestVerbs: what the guide says is the same does the same.
func TestVerbs(t *testing.T) {
	theirs, ours := widgets(t)
	ctx := context.Background()
	w := full(1)
	check(t, theirs.Put(w).If("attribute_not_exists(UserID)").Run(ctx))
	if err := ours.Create(ctx, &w); !errors.Is(err, dynox.ErrExists) {
		t.Error(err)
	}
	var one, other widget
	check(t, theirs.Update("UserID", 1).Range("Time", w.Time).Set("Message", "a").Add("Count", 1).If("'Count' < ?", 9).Value(ctx, &one))
	other, err := ours.Update(ctx, w, msg.Set("a"), expr.Add(count, 1), expr.If(count.Lt(9)))
	check(t, err)
	if one.Count != 4 || other.Count != 5 {
		t.Error(one.Count, other.Count)
	}
	if err := theirs.Get("UserID", 9).Range("Time", dynamo.Equal, w.Time).One(ctx, &one); !errors.Is(err, dynamo.ErrNotFound) {
		t.Error(err)
	}
	if _, err := ours.Get(ctx, widget{UserID: 9, Time: w.Time}); !errors.Is(err, dynox.ErrNotFound) {
		t.Error(err)
	}
}

// host has fields that the libraries store otherwise.
type host struct {
	ID    string          `dynamo:"ID" dynamodbav:"ID"`
	IP    net.IP          `dynamodbav:",omitempty"`
	Ports map[int]bool    `dynamo:",set" dynamodbav:",omitempty"`
	Tags  map[string]bool `dynamodbav:",omitempty"`
	Nick  *string
}

// TestOtherForms: what the guide says is stored otherwise is.
func TestOtherForms(t *testing.T) {
	client := memtable.New(t).Client()
	table := dynox.NewTable(client, "hosts")
	h := expr.Proto[host]()
	key := dynox.Key[host]{Partition: dynox.By(expr.At(h, &h.ID))}
	repo, err := dynox.NewRepo(table, key)
	check(t, err)
	check(t, table.Ensure(t.Context(), repo))
	theirs := dynamo.NewFromIface(client).Table("hosts")
	for field, v := range map[string]host{"IP": {ID: "1", IP: net.IPv4(10, 0, 0, 1)}, "Ports": {ID: "1", Ports: map[int]bool{80: true}}} {
		check(t, theirs.Put(v).Run(t.Context()))
		_, err := repo.Get(t.Context(), v)
		var bad *dynox.ItemError
		if !errors.As(err, &bad) || bad.Path != field {
			t.Error(field, err)
		}
	}
	check(t, theirs.Put(host{ID: "1"}).Run(t.Context()))
	got, err := repo.Get(t.Context(), host{ID: "1"})
	check(t, err)
	check(t, repo.Put(t.Context(), &got)) // NULL for what is nil
	var stored map[string]types.AttributeValue
	check(t, theirs.Get("ID", "1").One(t.Context(), &stored))
	if _, null := stored["Nick"].(*types.AttributeValueMemberNULL); !null || len(stored) != 2 {
		t.Error(stored)
	}
}
