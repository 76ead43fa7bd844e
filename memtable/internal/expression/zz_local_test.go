package expression

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"testing"

	"github.com/dynox-go/dynox/internal/number"
	"github.com/dynox-go/dynox/memtable/internal/value"
)

func jv(x any) value.Value {
	for k, v := range x.(map[string]any) {
		switch k {
		case "S":
			return value.String(v.(string))
		case "N":
			n, err := number.Parse(v.(string))
			if err != nil {
				panic(err)
			}
			return value.Number(n)
		case "B":
			b, _ := base64.StdEncoding.DecodeString(v.(string))
			return value.Binary(string(b))
		case "BOOL":
			return value.Bool(v.(bool))
		case "NULL":
			return value.Null()
		case "L":
			var l []value.Value
			for _, e := range v.([]any) {
				l = append(l, jv(e))
			}
			return value.List(l)
		case "M":
			return value.Map(ji(v.(map[string]any)))
		case "SS", "NS", "BS":
			var s []string
			var ns []number.Number
			for _, e := range v.([]any) {
				s = append(s, e.(string))
				n, _ := number.Parse(e.(string))
				ns = append(ns, n)
			}
			if k == "NS" {
				r, _ := value.NumberSet(ns)
				return r
			}
			r, _ := value.StringSet(s)
			return r
		}
	}
	panic(x)
}

func ji(m map[string]any) value.Item {
	var a []value.Attribute
	for k, v := range m {
		a = append(a, value.Attribute{Name: k, Value: jv(v)})
	}
	return value.NewItem(a)
}

func TestLocal(t *testing.T) {
	itemText := `{"pk":{"S":"q"},"a":{"N":"5"},"b":{"S":"abc"},"c":{"L":[{"N":"1"},{"S":"x"},{"L":[{"N":"7"}]},{"M":{"a":{"N":"3"}}}]},"d":{"M":{"a":{"N":"1"},"b":{"S":"z"},"c":{"L":[{"N":"1"}]}}},"e":{"SS":["a","b"]},"f1":{"NS":["1","2.5"]},"x.y":{"BOOL":true},"views":{"NULL":true},"a_b":{"B":"YWI="}}`
	var im map[string]any
	json.Unmarshal([]byte(itemText), &im)
	item := ji(im)
	f, err := os.Open(os.Getenv("CASES"))
	if err != nil {
		t.Skip()
	}
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	bad, total := 0, 0
	sets := regexp.MustCompile(`(valid types: |operand type: )\{.*?\}`)
	paths := regexp.MustCompile(`path one: .*`)
	norm := func(s string) string {
		s = sets.ReplaceAllString(s, "$1{}")
		s = paths.ReplaceAllString(s, "")
		return s
	}
	for sc.Scan() {
		var d struct {
			Kind, Text, Key string
			Missing         bool
			Names           map[string]string
			Values          map[string]any
			Result          any
			New, Old        map[string]any
		}
		json.Unmarshal(sc.Bytes(), &d)
		vs := map[string]value.Value{}
		for k, v := range d.Values {
			vs[k] = jv(v)
		}
		b := NewBinding(d.Names, vs)
		got, want := "", ""
		wantErr, isErr := d.Result.(string)
		fail := func(err error) bool {
			if err != nil {
				got = err.Error()
			}
			return err != nil
		}
		unusedLater := func() bool { return fail(b.Unused()) }
		switch d.Kind {
		case "F":
			e, err := ParseCondition(FilterKind, d.Text)
			if fail(err) {
				break
			}
			c, err := e.Bind(b)
			if fail(err) || unusedLater() {
				break
			}
			n := 0
			if c.Eval(item) {
				n = 1
			}
			got = fmt.Sprint("match ", n)
			if !isErr {
				want = fmt.Sprint("match ", d.Result.(map[string]any)["match"])
			}
		case "K":
			e, err := ParseCondition(KeyConditionKind, d.Text)
			if fail(err) {
				break
			}
			k, err := e.BindKeys(b)
			if fail(err) || unusedLater() {
				break
			}
			_, err = k.For(Schema{Partition: []Key{{"pk", value.KindS}}})
			fail(err)
		case "P":
			e, err := ParseProjection(d.Text)
			if fail(err) {
				break
			}
			p, err := e.Bind(b)
			if fail(err) || unusedLater() {
				break
			}
			if !isErr {
				w := ji(d.Result.(map[string]any)["item"].(map[string]any))
				if !w.Equal(p.Eval(item)) {
					got = fmt.Sprint("item ", dump(value.Map(p.Eval(item))), " want ", dump(value.Map(w)))
				}
			}
		case "U":
			e, err := ParseUpdate(d.Text)
			if fail(err) {
				break
			}
			u, err := e.Bind(b)
			if fail(err) || unusedLater() {
				break
			}
			it := item.With("pk", value.String(d.Key))
			if d.Missing {
				it = value.NewItem([]value.Attribute{{Name: "pk", Value: value.String(d.Key)}})
			}
			r, err := u.Apply(it, !d.Missing)
			if fail(err) {
				break
			}
			if !isErr {
				w := ji(d.Result.(map[string]any)["item"].(map[string]any))
				if d.Missing && !u.Creates() {
					r = value.Item{}
				}
				if !w.Equal(r) {
					got = fmt.Sprint("item ", dump(value.Map(r)), " want ", dump(value.Map(w)))
				}
				if !d.Missing {
					if w := ji(d.New); !w.Equal(u.Targets().Eval(r)) {
						got += fmt.Sprint("new ", dump(value.Map(u.Targets().Eval(r))), " want ", dump(value.Map(w)))
					}
					if w := ji(d.Old); !w.Equal(u.Targets().Eval(it)) {
						got += fmt.Sprint("old ", dump(value.Map(u.Targets().Eval(it))), " want ", dump(value.Map(w)))
					}
				}
			}
		}
		if isErr {
			want = wantErr
		}
		total++
		if norm(got) != norm(want) {
			bad++
			if bad < 60 {
				t.Errorf("%s %s\n   got  %s\n   want %s", d.Kind, d.Text, got, want)
			}
		}
	}
	t.Logf("%d of %d differ", bad, total)
}

func dump(v value.Value) string {
	switch v.Kind() {
	case value.KindS, value.KindB:
		return v.Text()
	case value.KindN:
		return v.Number().String()
	case value.KindL:
		s := "["
		for _, e := range v.List() {
			s += dump(e) + " "
		}
		return s + "]"
	case value.KindM:
		s := "{"
		for n, e := range v.Map().All() {
			s += n + ":" + dump(e) + " "
		}
		return s + "}"
	}
	s := v.Kind().String()
	for e := range v.Set() {
		s += dump(e) + ","
	}
	return s
}
