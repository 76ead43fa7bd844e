package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"
)

// Filters find what a condition on Go values finds.
func TestCount(t *testing.T) {
	servers(t, func(t *testing.T, s *site) {
		table := s.table(210)
		for filter, want := range map[string]int{
			"":                                         210,
			"status = 'open'":                          140,
			`"status"='open' and total>=5`:             137,
			"ship.city = 'Oslo'":                       105,
			`ship . city = 'Oslo'`:                     -1, // a path has no spaces
			`"p.k" = 'p0'`:                             30,
			"total between 10 and 19":                  10,
			"not (total < 200 or total = 205)":         9,
			"total in (1, 2.0, 3e0, -1)":               3,
			"size(bytes) = 2":                          210,
			"bytes = b'AAU='":                          1,
			"contains(set, 'a') AND contains(set,'b')": 210,
			"set = <<'b', 'a'>>":                       210,
			"ship = {'city': 'Rome'}":                  105,
			"attribute_not_exists(gone)":               210,
			"attribute_type(ship, 'M')":                210,
			"begins_with(status, 'op')":                140,
			"status = 'it''s'":                         0,
			"total > now(-24h)":                        0,
			"total < now()":                            210,
			"total <> true AND total <> null":          210,
			"ship.city[0] = 'Oslo'":                    0,
			"total = [1]":                              0,
			"=":                                        -1, "status = ": -1, "status 'open'": -1, "a.": -1, "x[1": -1, "1x = 2": -1, "now(x) < 1": -1, "b'?' = x": -1, "set = <<>>": -1, "? = ?": -1, "m = {1}": -1, "l = [1": -1,
		} {
			args := []string{"count", table, "--segments", "2"}
			if filter != "" {
				args = append(args, "--filter", filter)
			}
			code, out, said := s.dynox(t.Context(), args...)
			switch {
			case want < 0 && (code == exitDone || out != ""):
				t.Errorf("%s: %d, %s", filter, code, out)
			case want >= 0 && (code != exitDone || out != fmt.Sprintln(want)):
				t.Errorf("%s: %d, %s, not %d: %s", filter, code, out, want, said)
			}
		}
	})
}

// What is updated and deleted are the items of the filter, and those only; and what they have beside stays.
func TestUpdateAndDelete(t *testing.T) {
	servers(t, func(t *testing.T, s *site) {
		is := is.New(t)
		table := s.table(90)
		want := s.all(table)
		change := []string{"update", table, "--filter", "status = 'open'", "--set", "status='closed'", "--set", "ship.tags=<<1, 2.5>>",
			"--set", `"a.b"=[true, null, {'x': b'AAU='}]`, "--remove", "set", "--rename", "total=sum"}
		code, _, said := s.dynox(t.Context(), change...)
		is.Equal(code, exitDry)
		is.True(strings.Contains(said, "90 items, 60 would be changed"))
		equal(t, s.all(table), want)

		_, said = s.does(append(change, "--write")...)
		is.True(strings.Contains(said, "90 items, 60 changed in "))
		for _, i := range want {
			if i["status"].(*types.AttributeValueMemberS).Value == "open" {
				i["status"], i["sum"] = text("closed"), i["total"]
				i["ship"].(*types.AttributeValueMemberM).Value["tags"] = &types.AttributeValueMemberNS{Value: []string{"1", "2.5"}}
				i["a.b"] = &types.AttributeValueMemberL{Value: []types.AttributeValue{&types.AttributeValueMemberBOOL{Value: true},
					&types.AttributeValueMemberNULL{Value: true}, &types.AttributeValueMemberM{Value: attributes{"x": &types.AttributeValueMemberB{Value: []byte{0, 5}}}}}}
				delete(i, "set")
				delete(i, "total")
			}
		}
		equal(t, s.all(table), want)

		_, said = s.does("delete", table, "--filter", "sum < 30", "--write")
		is.True(strings.Contains(said, "90 items, 20 deleted in "))
		is.Equal(len(s.all(table)), 70)
		s.does("delete", table, "--all", "--write", "--write-units", "100000")
		is.Equal(len(s.all(table)), 0)

		// what the service refuses ends the job, and is told without a value
		other := s.table(3)
		code, _, said = s.dynox(t.Context(), "update", other, "--all", "--set", "none.of='secret'", "--write", "--state", "kept")
		is.Equal(code, exitFailed)
		is.True(!strings.Contains(said, "secret"))
	})
}

// Items whose time is over are deleted, where a table has one.
func TestDeleteExpired(t *testing.T) {
	servers(t, func(t *testing.T, s *site) {
		is := is.New(t)
		table := s.table(40)
		code, _, said := s.dynox(t.Context(), "delete", table, "--expired", "--write")
		is.Equal(code, exitFailed)
		is.True(strings.Contains(said, "do not expire"))

		_, err := s.client.UpdateTimeToLive(t.Context(), &dynamodb.UpdateTimeToLiveInput{TableName: &table,
			TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("ends"), Enabled: aws.Bool(true)}})
		is.NoErr(err)
		s.does("update", table, "--write", "--filter", "total < 10", "--set", "ends=now(1h)")
		s.does("update", table, "--write", "--filter", "total between 10 and 24", "--set", "ends=now(-1m)")
		s.does("update", table, "--write", "--filter", "total = 30", "--set", "ends='text'")
		out, _ := s.does("describe", table)
		is.True(strings.Contains(out, "ends ENABLED"))
		_, said = s.does("delete", table, "--expired", "--write")
		is.True(strings.Contains(said, " deleted in ")) // the server may have been first
		is.Equal(len(s.all(table)), 25)
	})
}

// Tables are listed and described.
func TestLook(t *testing.T) {
	servers(t, func(t *testing.T, s *site) {
		is := is.New(t)
		table := s.table(3)
		out, _ := s.does("tables")
		is.True(strings.Contains(out, table+"\n"))
		out, _ = s.does("describe", table)
		for _, line := range []string{"table ", "p.k (S) / n (N)\n", "items ", "on demand\n"} {
			if !strings.Contains(out, line) {
				t.Errorf("%q is not in %s", line, out)
			}
		}
	})
}

// Lines say how far a command is, how fast, and how long it will take.
func TestLine(t *testing.T) {
	is := is.New(t)
	start := time.Now()
	d := &display{name: "export orders", samples: []sample{{start, figures{items: 1000, done: 1000, total: 100_000}}}}
	now := figures{items: 21_000, done: 21_000, total: 100_000, read: 250}
	is.Equal(d.line(start.Add(10*time.Second), now), "export orders: 21,000 items, 21 %, 2,000/s, 25 RCU/s, 40s left")
	is.Equal(d.line(start, figures{}), "export orders: 0 items")
	is.Equal(d.line(start.Add(time.Second), figures{items: 200_000, done: 200_000, total: 100_000}), "export orders: 200,000 items, 100 %, 199,000/s")
	is.Equal(number(-1234567), "-1,234,567")
	is.Equal(number(999), "999")
	is.Equal(many(1, "item"), "1 item")
}
