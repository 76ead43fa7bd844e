package partiql

import (
	"fmt"

	"github.com/dynox-go/dynox/memtable/internal/expression"
)

func errorf(format string, args ...any) *expression.Error {
	return &expression.Error{Message: fmt.Sprintf(format, args...)}
}
