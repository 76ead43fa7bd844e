package dynox_test

import (
	"context"
	"fmt"

	"github.com/dynox-go/dynox"
)

// What to answer one's own users, by what went wrong.
func ExampleErrorClass() {
	users, _ := shop()
	err := users.Create(context.Background(), &User{ID: "1"})
	switch dynox.ErrorClass(err) {
	case "":
		fmt.Println("201")
	case dynox.ClassConditionFailed, dynox.ClassConflict:
		fmt.Println("409")
	case dynox.ClassThrottled, dynox.ClassUnavailable:
		fmt.Println("503, retry:", dynox.Retryable(err))
	default:
		fmt.Println("500")
	}
	// Output:
	// 409
}
