package docs_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

type Address struct {
	Street string `dynamodbav:"street"`
	City   string `dynamodbav:"city"`
}

type Stamps struct { // embedded: its fields are the item's
	Created time.Time `dynamodbav:"created"`
	Expires time.Time `dynamodbav:"expires,unixtime,omitempty"`
}

type Person struct {
	ID       string             `dynamodbav:"id"`
	Name     string             `dynamodbav:"name"`
	Nickname *string            `dynamodbav:"nickname,omitempty"`
	Home     Address            `dynamodbav:"home"`
	Others   map[string]Address `dynamodbav:"others,omitempty"`
	Phones   []string           `dynamodbav:"phones,omitempty"`
	Roles    []string           `dynamodbav:"roles,omitempty,stringset"`
	Settings map[string]any     `dynamodbav:"settings"` // as JSON text, see below
	Balance  int64              `dynamodbav:"balance"`
	Secret   string             `dynamodbav:"-"` // not stored
	Stamps
}

var (
	person         = expr.Proto[Person]()
	personID       = expr.At(person, &person.ID)
	personNickname = expr.At(person, &person.Nickname)
	personCity     = expr.At(person, &person.Home.City)
	personOthers   = expr.At(person, &person.Others)
	personPhones   = expr.At(person, &person.Phones)
	personRoles    = expr.At(person, &person.Roles)
	personSettings = expr.At(person, &person.Settings)
	personCreated  = expr.At(person, &person.Created)

	workCity = expr.Of(expr.Entry(personOthers, "work"), expr.At(address, &address.City)) // others.work.city
	firstTel = expr.Elem(personPhones, 0)
	address  = expr.Proto[Address]()
)

func openPeople(ctx context.Context, table *dynox.Table) *dynox.Repo[Person] {
	people, err := dynox.NewRepo(table, dynox.Key[Person]{Partition: dynox.By(personID)},
		dynox.JSON(personSettings), dynox.UnixMilli(personCreated))
	succeed(err)
	succeed(table.Ensure(ctx, people))
	return people
}

func Example_models() {
	ctx := context.Background()
	engine := memtable.Open()
	people := openPeople(ctx, dynox.NewTable(engine.Client(), "people"))
	ann := Person{
		ID: "1", Name: "Ann", Home: Address{"High Street 1", "Leeds"}, Phones: []string{"113"},
		Others: map[string]Address{"work": {"Low Road 2", "York"}}, Roles: []string{"admin"},
		Settings: map[string]any{"dark": true}, Stamps: Stamps{Created: time.UnixMilli(1777636800000)},
	}
	succeed(people.Put(ctx, &ann))

	found, err := people.Update(ctx, ann, workCity.Set("Hull"), expr.AddToSet(personRoles, "owner"),
		expr.If(personCity.Eq("Leeds"), firstTel.Eq("113"), personNickname.Missing()))
	fmt.Println(found.Others["work"].City, len(found.Roles), found.Settings["dark"], err)

	items, err := engine.Dump("people")
	fmt.Println(strings.ReplaceAll(items[0], "},", "},\n"), err)
	// Output:
	// Hull 2 true <nil>
	// {"balance":{"N":"0"},
	// "created":{"N":"1777636800000"},
	// "home":{"M":{"city":{"S":"Leeds"},
	// "street":{"S":"High Street 1"}}},
	// "id":{"S":"1"},
	// "name":{"S":"Ann"},
	// "others":{"M":{"work":{"M":{"city":{"S":"Hull"},
	// "street":{"S":"Low Road 2"}}}}},
	// "phones":{"L":[{"S":"113"}]},
	// "roles":{"SS":["admin","owner"]},
	// "settings":{"S":"{\"dark\":true}"}} <nil>
}

// A document has whatever attributes it has.
func Example_modelsDocument() {
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "people")
	openPeople(ctx, table)
	documents, err := dynox.NewRepo(table, dynox.Key[dynox.Document]{Partition: dynox.By(expr.Path[dynox.Document, string]("id"))})
	succeed(err)
	var d dynox.Document
	succeed(d.Set("id", "2"))
	succeed(d.Set("shoe", 44))
	succeed(documents.Put(ctx, &d))
	d, err = documents.Get(ctx, d)
	var shoe int
	ok, _ := d.Get("shoe", &shoe)
	fmt.Println(shoe, ok, err)
	// Output:
	// 44 true <nil>
}

// Cents is stored as text, "12.50".
type Cents int64

func (c Cents) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return &types.AttributeValueMemberS{Value: fmt.Sprintf("%d.%02d", c/100, c%100)}, nil
}

func (c *Cents) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	s, ok := av.(*types.AttributeValueMemberS)
	if !ok {
		return fmt.Errorf("cents are a string, not %T", av)
	}
	_, err := fmt.Sscan(strings.Replace(s.Value, ".", "", 1), (*int64)(c))
	return err
}

func Example_modelsMarshaler() {
	type Bill struct {
		ID    string `dynamodbav:"id"`
		Total Cents  `dynamodbav:"total"`
	}
	ctx := context.Background()
	bill := expr.Proto[Bill]()
	table := dynox.NewTable(memtable.Open().Client(), "bills")
	bills := mustRepo(dynox.NewRepo(table, dynox.Key[Bill]{Partition: dynox.By(expr.At(bill, &bill.ID))}))
	succeed(table.Ensure(ctx, bills))
	succeed(bills.Put(ctx, &Bill{"1", 1250}))
	b, err := bills.Get(ctx, Bill{ID: "1"})
	fmt.Println(int64(b.Total), err)
	// Output:
	// 1250 <nil>
}
