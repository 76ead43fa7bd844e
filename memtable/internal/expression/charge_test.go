package expression

import (
	"testing"

	"github.com/matryer/is"
)

func TestUpdatesAreChargedByClause(t *testing.T) {
	// Of the values: :n is 2 bytes, :s is 1, :ss and :ns2 are 2 members, :l is a list of a number.
	for text, want := range map[string]int{
		"SET b = :s":                        3 + 19 + 1 + 1,
		"SET #b = :s":                       3 + 19 + 1 + 1,
		"SET b = :s, c = :s":                3 + 2*(19+1+1),
		"SET b = :l":                        3 + 19 + 1 + (3 + 1 + 2),
		"SET m.leaf = :s":                   3 + 19 + (1 + 4 + 4) + 1,
		"SET l[10] = :s":                    3 + 19 + (1 + 4 + 2) + 1,
		"SET c = big":                       3 + 19 + 1 + (1 + 14 + 3),
		"SET c = m.a":                       3 + 19 + 1 + (1 + 14 + 1 + 14 + 1),
		"SET c = l[10]":                     3 + 19 + 1 + (1 + 14 + 1 + 14 + 2),
		"SET n = n + :n":                    3 + 19 + 1 + 34 + (1 + 14 + 1) + 2,
		"SET n = n - :n":                    3 + 19 + 1 + 37 + (1 + 14 + 1) + 2,
		"SET c = if_not_exists(c, :s)":      3 + 19 + 1 + 39 + (1 + 14 + 1) + 1,
		"SET l = list_append(l, :l)":        3 + 19 + 1 + 37 + (1 + 14 + 1) + (3 + 1 + 2),
		"ADD ten :n":                        3 + 19 + 3 + 2,
		"ADD n :n":                          3 + 19 + 1 + 2,
		"ADD ss :ss":                        3 + 19 + 2 + 0, // both are there
		"ADD ns :ns2":                       3 + 19 + 2 + 2, // 3 isn't
		"ADD nope :ss":                      3 + 19 + 4 + 2,
		"REMOVE abcdefghij":                 3 + 1 + 10,
		"REMOVE m.a":                        3 + 1 + (1 + 4 + 1),
		"REMOVE l[10]":                      3 + 1 + (1 + 4 + 2),
		"DELETE ss :ss":                     3 + 1 + 2,
		"SET b = :s REMOVE r ADD n :n":      3 + (19 + 1 + 1) + (1 + 1) + (19 + 1 + 2),
		"SET c = if_not_exists(c, :n) + :n": 3 + 19 + 1 + 34 + (39 + 16 + 2) + 2,
		"SET c = if_not_exists(c, :m)":      3 + 19 + 1 + 39 + 16 + (3 + 1 + 1 + 2),
	} {
		t.Run(text, func(t *testing.T) {
			is := is.New(t)
			is.Equal(mustUpdate(t, text).Charge(updated()), want)
		})
	}
}
