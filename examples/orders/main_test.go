package main

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"
)

// told is what the tour says, wherever it runs.
const told = `table dynox-orders is ready, with its index by-status
wrote 300 orders of 7 customers

order 0001 of c01: 5.00, to Oslo, paid
an order that is not there: not found
creating order 0001 again: already exists

customer c02 has 43 orders; the last three:
  2026-03-19 19:30:00  0296      19.15  Lima
  2026-03-19 09:00:00  0289      16.56  Oslo
  2026-03-18 22:30:00  0282      13.97  Cork
5 of them went to Lima in the second week for more than 50.00
that query reads by: pk = ? AND sk BETWEEN ? AND ?
        and filters: total > ? AND ship.city = ?

100 orders are paid; the first two:
  2026-03-01 09:00:00  0001 of c01
  2026-03-01 13:30:00  0004 of c04

shipped order 0001, now 14.95 with express
shipping it again: condition failed, because it is shipped

page 1: 20 orders, 0003 to 0136
page 2: 20 orders, 0143 to 0276
page 3: 3 orders, 0283 to 0297
a made-up cursor: invalid cursor
`

func TestTour(t *testing.T) {
	t.Run("memtable", func(t *testing.T) {
		client, _, err := connect(t.Context(), "", false)
		is.New(t).NoErr(err)
		runTwice(t, client, "dynox-orders")
	})
	t.Run("endpoint", func(t *testing.T) {
		endpoint := os.Getenv("DYNOX_TEST_ENDPOINT")
		if endpoint == "" {
			t.Skip("DYNOX_TEST_ENDPOINT is not set")
		}
		client, _, err := connect(t.Context(), endpoint, false)
		is.New(t).NoErr(err)
		t.Cleanup(func() {
			_, _ = client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: aws.String("dynox-orders")})
		})
		runTwice(t, client, "dynox-orders")
	})
}

// runTwice runs the tour on a new table, and again on what it left.
func runTwice(t *testing.T, client *dynamodb.Client, table string) {
	for range 2 {
		var out strings.Builder
		is := is.New(t)
		is.NoErr(tour(t.Context(), &out, client, table))
		is.Equal(out.String(), told)
	}
}
