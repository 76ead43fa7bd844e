package dynox_test

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// An identifier, a default, and the times of the first and the last write.
func ExampleGenerate() {
	type Task struct {
		ID      string    `dynamodbav:"id"`
		State   string    `dynamodbav:"state"`
		Created time.Time `dynamodbav:"created"`
		Updated time.Time `dynamodbav:"updated"`
	}
	task := expr.Proto[Task]()
	id, state := expr.At(task, &task.ID), expr.At(task, &task.State)
	next := 0
	table := dynox.NewTable(memtable.Open().Client(), "tasks")
	tasks, err := dynox.NewRepo(table, dynox.Key[Task]{Partition: dynox.By(id)},
		dynox.Generate(id, func() string { next++; return strconv.Itoa(next) }),
		dynox.Default(state, func() string { return "open" }),
		dynox.Created(expr.At(task, &task.Created)),
		dynox.Updated(expr.At(task, &task.Updated)),
	)
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	if err := table.Ensure(ctx, tasks); err != nil {
		panic(err)
	}
	t := Task{}
	fmt.Println(tasks.Create(ctx, &t), t.ID, t.State, t.Created.IsZero())
	done, err := tasks.Update(ctx, t, state.Set("done"))
	fmt.Println(done.State, done.Created.Equal(t.Created), done.Updated.Before(t.Updated), err)
	// Output:
	// <nil> 1 open false
	// done true false <nil>
}

// What is required is not missing.
func ExampleRequired() {
	type User struct {
		ID   string `dynamodbav:"id"`
		Name string `dynamodbav:"name"`
		Mail string `dynamodbav:"mail"`
	}
	user := expr.Proto[User]()
	id, name, mail := expr.At(user, &user.ID), expr.At(user, &user.Name), expr.At(user, &user.Mail)
	table := dynox.NewTable(memtable.Open().Client(), "users")
	users, err := dynox.NewRepo(table, dynox.Key[User]{Partition: dynox.By(id)}, dynox.Required(name, mail))
	if err != nil {
		panic(err)
	}
	fmt.Println(users.Put(context.Background(), &User{ID: "1"}))
	// Output: dynox: put users: User: required and not set: name, mail
}
