package expression

import (
	"testing"

	"github.com/matryer/is"
)

const benchText = "attribute_exists(s) AND (n BETWEEN :n AND :n10 OR contains(l, :n)) AND m.a = :n"

func TestEvalAllocatesNothing(t *testing.T) {
	is := is.New(t)
	c, err := bindCondition(FilterKind, benchText)
	is.NoErr(err)
	it := updated()
	is.Equal(testing.AllocsPerRun(100, func() { c.Eval(it) }), 0.0)
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		_, _ = ParseCondition(FilterKind, benchText)
	}
}

func BenchmarkBind(b *testing.B) {
	e, _ := ParseCondition(FilterKind, benchText)
	binding := bindingFor(benchText)
	for b.Loop() {
		_, _ = e.Bind(NewBinding(binding.names, binding.values))
	}
}

func BenchmarkEval(b *testing.B) {
	c, _ := bindCondition(FilterKind, benchText)
	it := updated()
	for b.Loop() {
		c.Eval(it)
	}
}

func BenchmarkApply(b *testing.B) {
	u, _ := bindUpdate("SET n = n + :n, m.a = :n2 REMOVE l[1] ADD ss :ss")
	it := updated()
	for b.Loop() {
		_, _ = u.Apply(it, true)
	}
}
