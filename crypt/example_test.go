package crypt_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/crypt"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

type Patient struct {
	ID    string `dynamodbav:"id"`
	Name  string `dynamodbav:"name"`  // encrypted
	Phone string `dynamodbav:"phone"` // encrypted, and looked up
	Mark  string `dynamodbav:"mark,omitempty"`
}

var (
	patient      = expr.Proto[Patient]()
	patientID    = expr.At(patient, &patient.ID)
	patientName  = expr.At(patient, &patient.Name)
	patientPhone = expr.At(patient, &patient.Phone)
	patientMark  = expr.At(patient, &patient.Mark)

	patientKey = dynox.Key[Patient]{Partition: dynox.By(patientID)}
	byPhone    = dynox.GSI("by-phone", dynox.Key[Patient]{Partition: dynox.By(patientMark)})
)

// A field is encrypted in the table and in the clear in the program. In place of
// Raw, a program of yours has crypt.KMS(client, "alias/patients").
func ExampleField() {
	ctx := context.Background()
	client := memtable.Open().Client()
	table := dynox.NewTable(client, "patients")
	keyring := crypt.Raw("demo", []byte("a key of 32 bytes, for examples."))
	patients, err := dynox.NewRepo(table, patientKey, crypt.Field(patientName, keyring), crypt.Field(patientPhone, keyring))
	if err != nil {
		panic(err)
	}
	if err := table.Ensure(ctx, patients); err != nil {
		panic(err)
	}
	if err := patients.Put(ctx, &Patient{ID: "7", Name: "Amy", Phone: "555-0100"}); err != nil {
		panic(err)
	}
	p, err := patients.Get(ctx, Patient{ID: "7"})
	fmt.Println(p.Name, p.Phone, err)

	out, err := client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: aws.String("patients"), Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "7"}},
	})
	fmt.Printf("%T %v\n", out.Item["name"], err)

	intruder, err := dynox.NewRepo(table, patientKey, crypt.Field(patientName, crypt.Raw("demo", []byte("another key, of 32 bytes as well"))))
	if err != nil {
		panic(err)
	}
	_, err = intruder.Get(ctx, Patient{ID: "7"})
	fmt.Println(errors.Is(err, crypt.ErrOpen))
	// Output:
	// Amy 555-0100 <nil>
	// *types.AttributeValueMemberB <nil>
	// true
}

// What is encrypted is found by its beacon.
func ExampleBeacon() {
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "patients")
	keyring := crypt.Raw("demo", []byte("a key of 32 bytes, for examples."))
	wrapped, err := crypt.MakeBeaconKey(ctx, keyring) // once, by hand; it goes to the configuration
	if err != nil {
		panic(err)
	}
	patients, err := dynox.NewRepo(table, patientKey, byPhone,
		crypt.Field(patientPhone, keyring),
		crypt.Beacon(patientMark, patientPhone, crypt.NewBeaconKey(keyring, wrapped)))
	if err != nil {
		panic(err)
	}
	if err := table.Ensure(ctx, patients); err != nil {
		panic(err)
	}
	for _, p := range []Patient{{ID: "7", Name: "Amy", Phone: "555-0100"}, {ID: "8", Name: "Bob", Phone: "555-0101"}} {
		if err := patients.Put(ctx, &p); err != nil {
			panic(err)
		}
	}
	for p, err := range patients.Query(ctx, byPhone.In(Patient{Phone: "555-0101"})) {
		fmt.Println(p.Name, p.Phone, err)
	}
	// Output:
	// Bob 555-0101 <nil>
}

// A new key comes first, values are sealed anew, and the former key goes.
func ExampleRotate() {
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "patients")
	former := crypt.Raw("2025", []byte("a key of 32 bytes, of last year."))
	next := crypt.Raw("2026", []byte("a key of 32 bytes, of this year."))
	before, err := dynox.NewRepo(table, patientKey, crypt.Field(patientName, former))
	if err != nil {
		panic(err)
	}
	if err := table.Ensure(ctx, before); err != nil {
		panic(err)
	}
	for _, id := range []string{"7", "8", "9"} {
		if err := before.Put(ctx, &Patient{ID: id, Name: "Amy"}); err != nil {
			panic(err)
		}
	}
	during, err := dynox.NewRepo(table, patientKey, crypt.Field(patientName, crypt.AnyOf(next, former)))
	if err != nil {
		panic(err)
	}
	done, err := crypt.Rotate(ctx, during)
	fmt.Println(done.Rotated, "of", done.Items, err)
	after, err := dynox.NewRepo(table, patientKey, crypt.Field(patientName, next))
	if err != nil {
		panic(err)
	}
	p, err := after.Get(ctx, Patient{ID: "9"})
	fmt.Println(p.Name, err)
	// Output:
	// 3 of 3 <nil>
	// Amy <nil>
}
