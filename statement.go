package dynox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dynox-go/dynox/internal/core"
)

// Statement is a PartiQL statement to be run by [Execute] or [ExecuteTransaction], and
// afterwards what became of it. It must not be used by two of them at once.
type Statement[T any] struct {
	Item  T     // what a SELECT found, or a RETURNING ALL returned; zero if nothing
	Found bool  // there is an item, and it is one of the repository's
	Err   error // why the statement failed; also part of the call's error

	repo *core.Repo
	text string
	args []any
	ran  *core.Statement
}

// PartiQL is a statement about items of r: a SELECT of one item by its key, INSERT,
// UPDATE or DELETE, and in transactions EXISTS. Text and args are those of
// [Repo.Select]; of the options, [SelectConsistent] and [SelectDeleted] are for SELECTs.
//
// What a SELECT reads goes through the stages of the repository, as that of a Get does.
// A statement that writes is the service's alone: no hook runs, and nothing is
// validated, generated, counted, encrypted or kept unique; composed keys, the kind and
// the keys of indexes are what it says. Prefer the verbs of the repository.
func PartiQL[T any](r *Repo[T], text string, args ...any) *Statement[T] {
	return &Statement[T]{repo: r.Core(core.Door{}), text: text, args: args}
}

// String says what the statement is about, and nothing of its text, arguments and item.
func (s *Statement[T]) String() string {
	if s == nil || s.repo == nil {
		return "(no statement)"
	}
	return "statement about " + s.repo.Name()
}

// Executable is a [Statement] of any type, or [ExecuteToken].
type Executable interface {
	begin()
	add(*execution) error
	end()
}

// execution is statements to be run together.
type execution struct {
	token      string
	statements []*core.Statement
	tables     []string
}

func (s *Statement[T]) begin() {
	if s != nil {
		var none T
		s.Item, s.Found, s.Err, s.ran = none, false, nil, nil
	}
}

func (s *Statement[T]) add(e *execution) error {
	if s == nil || s.repo == nil {
		return errors.New("nil statement, or nil repository")
	}
	if name := s.repo.Table.Name; !slices.Contains(e.tables, name) {
		e.tables = append(e.tables, name)
	}
	values, how := selecting(s.args)
	ran, err := s.repo.NewStatement(s.text, values, how, &s.Item)
	if err != nil {
		return fmt.Errorf("statement %d: %w", len(e.statements), err)
	}
	s.ran = ran
	e.statements = append(e.statements, ran)
	return nil
}

func (s *Statement[T]) end() {
	if s.ran == nil {
		return
	}
	if s.Found = s.ran.Found; s.ran.Err != nil {
		s.Err = public(s.ran.Err)
	}
}

// ExecuteToken is an option of [ExecuteTransaction]: the service takes transactions
// with the same token, of 1 to 36 characters, for one, for ten minutes after the first
// has taken effect, if their statements and arguments are the same.
func ExecuteToken(token string) Executable { return executeToken(token) }

type executeToken string

func (t executeToken) add(e *execution) error {
	if len(t) == 0 || len(t) > 36 {
		return fmt.Errorf("a token of %d characters, not 1 to 36", len(t))
	}
	e.token = string(t)
	return nil
}

func (executeToken) begin() {}
func (executeToken) end()   {}

// Execute runs up to 25 statements in one request, all SELECTs of one item or all
// writes, each by itself: some may fail, and those have their Err. The error names them,
// and has theirs in its chain: [ErrConditionFailed], with [OldItem]; [ErrExists] of an
// INSERT; [ErrUnknownOutcome] of a write that may have taken effect.
//
// Statements that were throttled, or met a transaction, are sent again a few times, and
// so is a SELECT after a fault of the service. A write is not sent again after an answer
// that was lost: it would apply twice. (With a client that ignores the options of a call
// it may be.) The client needs BatchExecuteStatement.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.multiplestatements.batching.html
func Execute(ctx context.Context, statements ...Executable) error {
	return execute("execute", statements, func(e *execution) error {
		if e.token != "" {
			return errors.New("a token is for transactions")
		}
		return core.ExecuteBatch(ctx, e.statements)
	})
}

// ExecuteTransaction runs up to 100 statements as one transaction: SELECTs of one item
// each, as they are at one moment; or writes and EXISTS, all of which take effect, or
// none. Each is about another item.
//
// It is safe to send: a retry after a lost answer neither fails nor applies twice, for
// every attempt has the same token, that of [ExecuteToken] or one of its own. Conflicts
// with other transactions are tried again a few times. If the service refuses it, the
// statements at fault have their Err, and the error has those in its chain;
// [ErrUnknownOutcome] is a transaction whose last answer was lost. The client needs
// ExecuteTransaction.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.multiplestatements.transactions.html
func ExecuteTransaction(ctx context.Context, statements ...Executable) error {
	return execute("execute transaction", statements, func(e *execution) error {
		return core.ExecuteTransaction(ctx, e.statements, e.token)
	})
}

// execute runs statements by run.
func execute(op string, statements []Executable, run func(*execution) error) error {
	e := new(execution)
	for _, s := range statements {
		if s != nil {
			s.begin()
		}
	}
	var err error
	for _, s := range statements {
		if s == nil {
			err = fmt.Errorf("statement %d: nil", len(e.statements))
		} else {
			err = s.add(e)
		}
		if err != nil {
			break
		}
	}
	if err == nil {
		err = run(e)
		for _, s := range statements {
			s.end()
		}
	}
	return wrap(op, strings.Join(e.tables, ", "), "", statementsError(err))
}

// statementsError is err with the public errors of the statements that failed.
func statementsError(err error) error {
	var several *core.StatementsError
	if !errors.As(err, &several) {
		return err
	}
	for _, f := range several.Failed {
		f.Err = public(f.Err)
	}
	return several
}
