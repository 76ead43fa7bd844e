package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/dynox-go/dynox/bulk"
)

// jobFlags are those of commands that can be interrupted, and go on.
type jobFlags struct {
	State   string `placeholder:"FILE" type:"path" help:"Where the command keeps how far it has come, until it is done. It has keys of items in it."`
	Restart bool   `help:"Begin anew, whatever the state says."`
}

// job is a command that can be interrupted. How far it has come is kept in a file.
type job struct {
	*console
	name  string // for people: its command and its table
	path  string // "": nothing is kept
	print string // of all that makes it this job
	was   bulk.Progress
	lock  *flock.Flock // nil: none is held
}

// stateFile is what a job keeps.
type stateFile struct {
	Version  int           `json:"version"`
	Name     string        `json:"name"`
	Print    string        `json:"print"`
	Progress bulk.Progress `json:"progress"`
}

const stateVersion = 1

// saveEvery is how often a job keeps how far it has come: what a kill makes it do again.
const saveEvery = 2 * time.Second

// open finds how far the job has come, and keeps other processes from doing it until leave. What
// tells it from other jobs is what.
func (j *job) open(restart bool, what ...any) (err error) {
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(append([]any{j.name}, what...)); err != nil {
		return err
	}
	j.print = hex.EncodeToString(h.Sum(nil))
	if j.path == "" {
		return nil
	}
	if err := j.enter(); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			j.leave()
		}
	}()
	text, err := os.ReadFile(j.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var s stateFile
	if err := json.Unmarshal(text, &s); err != nil || s.Version != stateVersion || s.Print == "" {
		return fmt.Errorf("%s is not the state of a job: name another file with --state", j.path)
	}
	switch {
	case restart:
		return os.Remove(j.path)
	case s.Print != j.print:
		return fmt.Errorf("%s is the state of another job (%s), or of this one with other flags: finish that, name another file with --state, or give --restart", j.path, s.Name)
	}
	j.was = s.Progress
	j.say("%s: going on after %s", j.name, many(j.was.Items, "item"))
	return nil
}

// enter locks the job's state. The lock of a process that was killed is free.
func (j *job) enter() error {
	lock := flock.New(j.path+".lock", flock.SetPermissions(0o600))
	held, err := lock.TryLock()
	if err == nil && !held {
		err = fmt.Errorf("another process is at %s, or at another job with the state %s", j.name, j.path)
	}
	if err != nil {
		return errors.Join(err, lock.Close())
	}
	j.lock = lock
	return nil
}

// leave gives up the lock.
func (j *job) leave() {
	if j.lock != nil {
		_ = os.Remove(j.lock.Path())
		_ = j.lock.Close()
		j.lock = nil
	}
}

// save keeps how far the job has come: the file is the old one or the new one, whole.
func (j *job) save(p bulk.Progress) (err error) {
	if j.path == "" {
		return nil
	}
	text, err := json.Marshal(stateFile{Version: stateVersion, Name: j.name, Print: j.print, Progress: p})
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(j.path), filepath.Base(j.path)+".*") // for nobody else to read
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = file.Close()
			_ = os.Remove(file.Name())
		}
	}()
	if _, err := file.Write(text); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), j.path)
}

// does is how a job is done: from a checkpoint on, telling how far it has come.
type does func(ctx context.Context, after bulk.Checkpoint, told func(bulk.Progress)) (bulk.Progress, error)

// steps are how far a job has come, of whatever there is a known number of.
type steps func(p bulk.Progress) (done, total int64)

// ofItems counts items that were looked at.
func ofItems(total int64) steps {
	return func(p bulk.Progress) (int64, int64) { return p.Items + p.Skipped, total }
}

// run does the job, and keeps how far it has come. sync, if there is one, makes that safe first.
func (j *job) run(ctx context.Context, of steps, sync func() error, do does) (bulk.Progress, error) {
	now := func(p bulk.Progress) figures {
		done, total := of(p)
		return figures{items: p.Items, done: done, total: total, read: p.ReadUnits, write: p.WriteUnits}
	}
	keep := func(p bulk.Progress) error {
		if sync != nil {
			if err := sync(); err != nil {
				return err
			}
		}
		return j.save(p)
	}
	outer := ctx
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	d := j.show(j.name, now(j.was))
	var saved time.Time
	p, err := do(ctx, j.was.Checkpoint, func(p bulk.Progress) {
		d.tell(now(p))
		if time.Since(saved) >= saveEvery {
			if err := keep(p); err != nil {
				stop(err)
			}
			saved = time.Now()
		}
	})
	d.end()
	if err == nil {
		return p, nil
	}
	if cause := context.Cause(ctx); outer.Err() == nil && cause != nil {
		return p, cause // it cannot be kept
	}
	goesOn := ""
	if j.path != "" && p.Checkpoint != "" {
		if p.Checkpoint != j.was.Checkpoint {
			if failed := keep(p); failed != nil {
				return p, errors.Join(err, failed)
			}
		}
		goesOn = ": the same command goes on from there"
	}
	if outer.Err() != nil {
		return p, fmt.Errorf("%s: %w after %s%s", j.name, errInterrupted, many(p.Items, "item"), goesOn)
	}
	if goesOn != "" {
		j.say("%s: it got to %s%s", j.name, many(p.Items, "item"), goesOn)
	}
	return p, err
}

// close forgets how far the job had come, when it is done.
func (j *job) close() error {
	if j.path == "" {
		return nil
	}
	if err := os.Remove(j.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// dry says what the job would do.
func (j *job) dry(format string, args ...any) error {
	j.say("%s: %s", j.name, fmt.Sprintf(format, args...))
	return errDry
}

// sum says what was done, in a line.
func (j *job) sum(p bulk.Progress, what string) {
	text := fmt.Sprintf("%s: %s in %v", j.name, what, p.Elapsed.Round(time.Millisecond))
	if p.ReadUnits > 0 {
		text += fmt.Sprintf(", %g read units", p.ReadUnits)
	}
	if p.WriteUnits > 0 {
		text += fmt.Sprintf(", %g write units", p.WriteUnits)
	}
	j.say("%s", text)
}

// statePath is where the state of a job without a file is kept: in this folder.
func statePath(given, command string, tables ...string) string {
	if given != "" {
		return given
	}
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:/\`, r) {
			return '-'
		}
		return r
	}, strings.Join(append([]string{"dynox", command}, tables...), "-"))
	return name + ".state"
}
