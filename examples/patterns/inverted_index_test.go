package patterns_test

import (
	"context"
	"fmt"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

type Enrolment struct {
	Student string `dynamodbav:"student"`
	Course  string `dynamodbav:"course"`
	Grade   int    `dynamodbav:"grade"`
}

var (
	enrolment = expr.Proto[Enrolment]()
	byStudent = dynox.Composite("pk", "STUDENT#{}", expr.At(enrolment, &enrolment.Student))
	byCourse  = dynox.Composite("sk", "COURSE#{}", expr.At(enrolment, &enrolment.Course))

	EnrolmentKey = dynox.Key[Enrolment]{Partition: byStudent, Sort: byCourse}
	// Inverted has the table's key the other way round, with no attributes of its own.
	Inverted = dynox.GSI("inverted", dynox.Key[Enrolment]{Partition: byCourse, Sort: byStudent})
)

// Inverted index: many students take many courses. The table answers which courses a
// student takes, an index on the same two attributes who takes a course.
func Example_invertedIndex() {
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "school")
	enrolments, err := dynox.NewRepo(table, EnrolmentKey, Inverted)
	check(err)
	check(table.Ensure(ctx, enrolments))
	for _, e := range []Enrolment{{"ann", "go", 1}, {"ann", "sql", 2}, {"bob", "go", 3}} {
		check(enrolments.Put(ctx, &e))
	}

	for e, err := range enrolments.Query(ctx, EnrolmentKey.In(Enrolment{Student: "ann"})) {
		fmt.Println("ann takes", e.Course, err)
	}
	for e, err := range enrolments.Query(ctx, Inverted.In(Enrolment{Course: "go"})) {
		fmt.Println("go is taken by", e.Student, err)
	}
	// Output:
	// ann takes go <nil>
	// ann takes sql <nil>
	// go is taken by ann <nil>
	// go is taken by bob <nil>
}
