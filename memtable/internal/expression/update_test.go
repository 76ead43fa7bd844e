package expression

import (
	"testing"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox/memtable/internal/value"
)

func updated() value.Item {
	return item(
		"n", num("5"), "s", value.String("abc"), "nil", value.Null(), "ss", strs("a", "b"), "ns", nums("1", "2"), "big", num("9e125"), "nines", num("99999999999999999999999999999999999999"),
		"l", list(num("0"), num("1"), num("2"), num("3")), "m", object("a", num("1"), "l", list(object("x", num("1")), num("2"))), "vac", list(),
	)
}

func TestUpdates(t *testing.T) {
	for text, want := range map[string]string{
		"SET a = :n":                                     "{a=1}",
		"SET n = :n":                                     "{n=1}",
		"SET a = n, n = :n":                              "{a=5 n=1}",
		"REMOVE n SET a = n":                             "{a=5 n=nothing}",
		"SET n = s, s = n":                               "{n=S:abc s=5}",
		"SET n = n + :n":                                 "{n=6}",
		"SET n = :n - n":                                 "{n=-4}",
		"SET n = (n + n)":                                "{n=10}",
		"SET a = m.a + l[3]":                             "{a=4}",
		"SET a = if_not_exists(a, :n)":                   "{a=1}",
		"SET n = if_not_exists(n, :n)":                   "{}",
		"SET a = if_not_exists(n, nope)":                 "{a=5}",
		"SET a = if_not_exists(a, :n) + :n2":             "{a=3}",
		"SET a = if_not_exists(x, if_not_exists(y, :n))": "{a=1}",
		"SET l = list_append(l, :l)":                     "{l=[0 1 2 3 1]}",
		"SET a = list_append(:l, if_not_exists(a, :l))":  "{a=[1 1]}",
		"SET a = list_append(vac, vac)":                  "{a=[]}",
		"SET m.b = :n, m.a = :n2":                        "{m={a=2 b=1 l=[{x=1} 2]}}",
		"SET m.l[0].x = m.a + :n":                        "{m={a=1 l=[{x=2} 2]}}",
		"SET m.l[0] = m.l[1], m.l[1] = m.l[0]":           "{m={a=1 l=[2 {x=1}]}}",
		"SET l[1] = :s":                                  "{l=[0 S:a 2 3]}",
		"SET l[9] = :n":                                  "{l=[0 1 2 3 1]}",
		"SET l[84] = :n, l[37] = :n2, l[17] = :n10":      "{l=[0 1 2 3 10 2 1]}",
		"SET vac[0] = :n":                                "{vac=[1]}",
		"REMOVE n, nope, l[17], m.nope":                  "{n=nothing}",
		"REMOVE l[1]":                                    "{l=[0 2 3]}",
		"REMOVE l[0], l[2]":                              "{l=[1 3]}",
		"REMOVE l[1] SET l[3] = :n10":                    "{l=[0 2 10]}",
		"SET l[3] = :n10 REMOVE l[1]":                    "{l=[0 2 10]}",
		"REMOVE l[0] SET l[7] = :n10":                    "{l=[1 2 3 10]}",
		"REMOVE m.l[0].x":                                "{m={a=1 l=[{} 2]}}",
		"REMOVE m.a, m.l":                                "{m={}}",
		"REMOVE m.l[1], m.l[0]":                          "{m={a=1 l=[]}}",
		"ADD n :n10":                                     "{n=15}",
		"ADD a :n":                                       "{a=1}",
		"ADD m.a :n, m.b :n2, l[0] :n10, l[9] :n":        "{l=[10 1 2 3 1] m={a=2 b=2 l=[{x=1} 2]}}",
		"ADD ss :ss, a :ss":                              "{a=<S:a S:b>}",
		"ADD ns :ns2":                                    "{ns=<1 2 3>}",
		"DELETE ss :one":                                 "{ss=<S:b>}",
		"DELETE ss :ss":                                  "{ss=nothing}",
		"DELETE nope :ss":                                "{}",
		"DELETE ns :ns2":                                 "{ns=<1>}",
		"SET nines = nines - :n":                         "{nines=99999999999999999999999999999999999998}",
		"SET #three = :n":                                "{[3]=1}",
	} {
		t.Run(text, func(t *testing.T) {
			is := is.New(t)
			before := updated()
			got, err := mustUpdate(t, text).Apply(before, true)
			is.NoErr(err)
			is.Equal(changes(before, got), want)
			is.True(before.Equal(updated())) // unchanged
		})
	}
}

// changes shows the top-level attributes that differ.
func changes(before, after value.Item) string {
	var diff []value.Attribute
	for name, v := range after.All() {
		if old, _ := before.Get(name); !old.Equal(v) {
			diff = append(diff, value.Attribute{Name: name, Value: v})
		}
	}
	for name := range before.All() {
		if !after.Has(name) {
			diff = append(diff, value.Attribute{Name: name})
		}
	}
	return showItem(value.NewItem(diff))
}

func TestUpdateRunErrors(t *testing.T) {
	for text, want := range map[string]*Error{
		"SET a = nope": errMissing, "SET a = l[9]": errMissing, "SET a = l[0].x": errMissing, "SET a = nope + :n": errMissing, "SET a = :n + nope": errMissing,
		"SET a = list_append(nope, :l)": errMissing, "SET a = if_not_exists(x, y)": errMissing, "SET a = :n, b = a": errMissing, "SET a = nope + s": errMissing,
		"SET a = s + :n": errOperandType, "SET a = :n - m": errOperandType, "SET a = s + nope": errOperandType, "SET a = list_append(n, :l)": errOperandType,
		"SET a = list_append(:l, ss)": errOperandType, "SET a = if_not_exists(s, :n) + :n": errOperandType, "SET a = if_not_exists(a, :s) + :n": errOperandType,
		"ADD s :n": errOperandType, "ADD ss :ns": errOperandType, "ADD n :ss": errOperandType, "ADD l :ss": errOperandType, "ADD nil :n": errOperandType,
		"DELETE ss :ns": errOperandType, "DELETE n :ss": errOperandType, "DELETE m.a :ss": errOperandType,
		"SET nope.a = :n": errPath, "SET nope[0] = :n": errPath, "SET n.a = :n": errPath, "SET n[0] = :n": errPath, "SET l.a = :n": errPath, "SET m[0] = :n": errPath,
		"SET m.x.y = :n": errPath, "SET l[9].a = :n": errPath, "REMOVE n.a": errPath, "REMOVE nope.a": errPath, "REMOVE l[9][0]": errPath, "REMOVE m[0]": errPath,
		"ADD nope.a :n": errPath, "ADD l.x :n": errPath, "DELETE nope.a :ss": errPath, "DELETE m[0] :ss": errPath, "SET nope.a = nope": errPath, "REMOVE l[0].a": errPath,
		"SET a = big + big": errOverflow, "ADD big :big": errOverflow, "SET a = nines + nines": errOverflow, "SET a = nines + :tiny": errOverflow, "SET a = big - :n": errOverflow,
	} {
		t.Run(text, func(t *testing.T) {
			is := is.New(t)
			_, err := mustUpdate(t, text).Apply(updated(), true)
			is.Equal(err, want)
		})
	}
	is := is.New(t)
	_, err := mustUpdate(t, "SET a = a - :tiny").Apply(item("a", num("1.6e-130")), true)
	is.Equal(err.Error(), "Number underflow. Attempting to store a number with magnitude smaller than supported range")
}

func TestUpdateOfNoItem(t *testing.T) {
	key := item("pk", value.String("k"))
	for text, want := range map[string]string{
		"SET a = :n": "{a=1 pk=S:k}", "ADD a :n": "{a=1 pk=S:k}", "SET a = pk": "{a=S:k pk=S:k}", "REMOVE a": "{pk=S:k}", "DELETE a :ss": "{pk=S:k}",
		"REMOVE x.y, z[0]": "{pk=S:k}", "SET a = :n REMOVE b": "{a=1 pk=S:k}",
	} {
		is := is.New(t)
		u := mustUpdate(t, text)
		got, err := u.Apply(key, false)
		is.NoErr(err)
		is.Equal(showItem(got), want)
	}
	is := is.New(t)
	_, err := mustUpdate(t, "SET a.b = :n").Apply(key, false)
	is.Equal(err, errPath)
	_, err = mustUpdate(t, "REMOVE a.b SET c = :n").Apply(key, false)
	is.Equal(err, errPath)
	is.True(mustUpdate(t, "REMOVE b SET a = :n").Creates())
	is.True(mustUpdate(t, "ADD a :n").Creates())
	is.True(!mustUpdate(t, "REMOVE a DELETE b :ss").Creates())
}

func TestTargets(t *testing.T) {
	for text, want := range map[string][2]string{
		"SET n = :n, a = :n2":        {"{n=5}", "{a=2 n=1}"},
		"REMOVE n":                   {"{n=5}", "{}"},
		"SET a = :n":                 {"{}", "{a=1}"},
		"SET m.a = :n2, m.z = :n":    {"{m={a=1}}", "{m={a=2 z=1}}"},
		"SET l[1] = :n10, m.a = :n2": {"{l=[1] m={a=1}}", "{l=[10] m={a=2}}"},
		"REMOVE l[1], l[9]":          {"{l=[1]}", "{l=[2]}"},
		"SET l[100] = :n":            {"{}", "{}"},
		"DELETE ss :ss":              {"{ss=<S:a S:b>}", "{}"},
	} {
		is := is.New(t)
		u := mustUpdate(t, text)
		after, err := u.Apply(updated(), true)
		is.NoErr(err)
		is.Equal(showItem(u.Targets().Eval(updated())), want[0])
		is.Equal(showItem(u.Targets().Eval(after)), want[1])
	}
	is := is.New(t)
	u := mustUpdate(t, "SET a.b = c[1] + :n, d = if_not_exists(e, f) REMOVE g ADD h :n")
	var reads, writes []string
	for _, path := range u.Reads() {
		reads = append(reads, path.String())
	}
	for _, path := range u.Targets().Paths() {
		writes = append(writes, path.String())
	}
	is.Equal(writes, []string{"[a, b]", "[d]", "[g]", "[h]"})
	is.Equal(reads, []string{"[e]", "[f]", "[c, [1]]"})
}
