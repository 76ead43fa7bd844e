package main

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
)

// told is what the tour says, wherever it runs.
const told = `table dynox-orders is ready, with its index by-status
wrote 300 orders of 7 customers

order 0001 of tour-1: 5.00, to Oslo, paid
an order that is not there: dynox: get dynox-orders: order: not found
creating order 0001 again: dynox: create dynox-orders: order: already exists

customer tour-2 has 43 orders; the last three:
  2026-03-19 19:30:00  0296   19.15  Lima
  2026-03-19 09:00:00  0289   16.56  Oslo
  2026-03-18 22:30:00  0282   13.97  Cork
5 of them went to Lima in the second week for more than 50.00
  that query reads: pk = ? AND sk BETWEEN ? AND ?
  and then filters: total > ? AND ship.city = ?

100 orders are paid; the first two:
  2026-03-01 09:00:00  0001 of tour-1
  2026-03-01 13:30:00  0004 of tour-4

shipped order 0001 by express, now 14.95
shipping it again: dynox: update dynox-orders: order: condition failed
  because it is shipped

page 1 of tour-3: 20 orders, 0003 to 0136
page 2 of tour-3: 20 orders, 0143 to 0276
page 3 of tour-3: 3 orders, 0283 to 0297
a made-up cursor: dynox: page dynox-orders: order: invalid cursor: it is no cursor of this library
`

func TestTour(t *testing.T) {
	t.Run("memtable", func(t *testing.T) { check(t, "") })
	t.Run("endpoint", func(t *testing.T) {
		endpoint := os.Getenv("DYNOX_TEST_ENDPOINT")
		if endpoint == "" {
			t.Skip("DYNOX_TEST_ENDPOINT is not set")
		}
		check(t, endpoint)
	})
}

// check runs the tour on a table that isn't there yet, and again on what it
// left and others wrote.
func check(t *testing.T, endpoint string) {
	is := is.New(t)
	client, _, err := connect(t.Context(), endpoint, false)
	is.NoErr(err)
	name := "test-" + rand.Text()
	t.Cleanup(func() {
		_, _ = client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &name})
	})
	run := func() {
		var out strings.Builder
		is.NoErr(tour(t.Context(), &out, client, name))
		is.Equal(strings.ReplaceAll(out.String(), name, "dynox-orders"), told)
	}
	run()

	orders, err := dynox.NewRepo(dynox.NewTable(client, name), OrderKey, ByStatus, dynox.Kind[Order]("order"))
	is.NoErr(err)
	for _, o := range []Order{
		{Customer: "42", ID: "1", Status: Paid, Placed: start.AddDate(0, 0, -1)},           // another program's
		{Customer: customerName(1), ID: "1", Status: Paid, Placed: start.AddDate(1, 0, 0)}, // an older tour's
		{Customer: customerName(2), ID: "0", Status: Open, Placed: start.AddDate(0, 0, -1)},
	} {
		is.NoErr(orders.Put(t.Context(), &o))
	}
	run()
	_, err = orders.Get(t.Context(), Order{Customer: "42", ID: "1", Placed: start.AddDate(0, 0, -1)})
	is.NoErr(err) // others' orders stay
}

func TestConnect(t *testing.T) {
	is := is.New(t)
	_, _, err := connect(t.Context(), "http://127.0.0.1:8000", true)
	is.True(err != nil) // one or the other

	for _, name := range []string{
		"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_WEB_IDENTITY_TOKEN_FILE",
	} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	_, _, err = connect(t.Context(), "", true)
	is.True(err != nil && strings.Contains(err.Error(), "AWS_REGION"))
	t.Setenv("AWS_REGION", "eu-west-1")
	_, _, err = connect(t.Context(), "", true)
	is.True(err != nil && strings.Contains(err.Error(), "credentials"))
	t.Setenv("AWS_ACCESS_KEY_ID", "any")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "any")
	client, where, err := connect(t.Context(), "", true)
	is.NoErr(err)
	is.True(client != nil)
	is.Equal(where, "AWS in eu-west-1")
}
