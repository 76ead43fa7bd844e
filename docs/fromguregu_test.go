package docs_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/memtable"
)

type Widget struct {
	UserID  int              `dynamo:"UserID,hash" dynamodbav:"UserID"`
	Time    time.Time        `dynamo:"Time,range" dynamodbav:"Time"`
	Msg     string           `dynamo:"Message" dynamodbav:"Message,omitempty"`
	Count   int              `dynamo:",omitempty" dynamodbav:",omitempty"`
	Friends []string         `dynamo:",set" dynamodbav:",stringset,omitempty"`
	Seen    map[int]struct{} `dynamo:",set" dynamodbav:",numberset,omitempty"`
	Until   time.Time        `dynamo:",unixtime" dynamodbav:",unixtime,omitempty"`
	From    IP               `dynamodbav:",omitzero"`
}

var (
	widget       = expr.Proto[Widget]()
	widgetUser   = expr.At(widget, &widget.UserID)
	widgetTime   = expr.At(widget, &widget.Time)
	widgetMsg    = expr.At(widget, &widget.Msg)
	widgetCount  = expr.At(widget, &widget.Count)
	widgetFriend = expr.At(widget, &widget.Friends)

	WidgetKey = dynox.Key[Widget]{
		Partition: dynox.By(widgetUser),
		Sort:      dynox.By(dynox.TimeAsIs[Widget](widgetTime)),
	}
)

// IP is stored as text, as guregu/dynamo stores what has MarshalText.
type IP struct{ net.IP }

func (ip IP) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	text, err := ip.MarshalText()
	return &types.AttributeValueMemberS{Value: string(text)}, err
}

func (ip *IP) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	text, ok := av.(*types.AttributeValueMemberS)
	if !ok {
		return errors.New("an address is text")
	}
	return ip.UnmarshalText([]byte(text.Value))
}

func Example_fromGuregu() {
	ctx := context.Background()
	engine := memtable.Open()
	table := dynox.NewTable(engine.Client(), "Widgets")
	widgets := mustRepo(dynox.NewRepo(table, WidgetKey))
	succeed(table.Ensure(ctx, widgets))
	succeed(engine.Seed("Widgets", `{"UserID": {"N": "613"}, "Time": {"S": "2026-05-01T09:00:00.12Z"}, "Message": {"S": "hello"},
		"Friends": {"SS": ["ann"]}, "Until": {"N": "1800000000"}, "From": {"S": "10.0.0.1"}}`))
	at := time.Date(2026, 5, 1, 9, 0, 0, 120000000, time.UTC)

	w, err := widgets.Get(ctx, Widget{UserID: 613, Time: at})
	fmt.Println(w.Msg, w.Friends, w.From, err)

	err = widgets.Create(ctx, &w)
	fmt.Println(dynox.ConditionFailed(err))

	w, err = widgets.Update(ctx, w, widgetMsg.Set("bye"), expr.Add(widgetCount, 1), expr.AddToSet(widgetFriend, "bob"), expr.If(widgetCount.Missing()))
	fmt.Println(w.Msg, w.Count, w.Friends, err)

	all, err := iter.Collect(widgets.Query(ctx, WidgetKey.In(Widget{UserID: 613}).Filter(widgetCount.Gt(0)).Desc().Limit(10)))
	fmt.Println(len(all), err)
	fmt.Println(widgets.Delete(ctx, w))
	// Output:
	// hello [ann] 10.0.0.1 <nil>
	// true
	// bye 1 [ann bob] <nil>
	// 1 <nil>
	// <nil>
}
