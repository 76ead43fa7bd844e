package core

// Window works on jobs, several at once, each in a goroutine of its own, and lets them pass
// in the order in which they came. It belongs to one goroutine, in which they pass.
type Window[J any] struct {
	work   func(J)
	pass   func(J) error
	most   int // at once
	ends   chan *windowJob[J]
	open   []*windowJob[J] // that have not passed, in order
	flying int
	err    error
}

type windowJob[J any] struct {
	job      J
	ended    bool
	panicked any
}

// maxOpen is how many jobs may wait for one before them to end.
const maxOpen = 1024

// NewWindow is one of most jobs at once: work does one, and pass is told of it when those
// before it have passed. An error of pass is the window's end.
func NewWindow[J any](most int, work func(J), pass func(J) error) *Window[J] {
	return &Window[J]{work: work, pass: pass, most: most, ends: make(chan *windowJob[J], most)}
}

// Add begins a job, when there is room. It reports whether the window has not ended.
func (w *Window[J]) Add(job J) bool {
	for w.flying >= w.most {
		w.settle()
	}
	if !w.room() {
		return false
	}
	j := &windowJob[J]{job: job}
	w.open = append(w.open, j)
	w.flying++
	go func() {
		defer func() {
			j.panicked = recover()
			w.ends <- j
		}()
		w.work(job)
	}()
	return true
}

// Done adds a job that is done already.
func (w *Window[J]) Done(job J) bool {
	if !w.room() {
		return false
	}
	w.open = append(w.open, &windowJob[J]{job: job, ended: true})
	w.advance()
	return w.err == nil
}

// room waits until another job may be open, and reports whether the window has not ended.
func (w *Window[J]) room() bool {
	for w.flying > 0 && len(w.open) >= maxOpen {
		w.settle()
	}
	return w.err == nil
}

// Wait waits for all jobs, and returns the error of pass. A job that panics has it panic.
func (w *Window[J]) Wait() error {
	for w.flying > 0 {
		w.settle()
	}
	return w.err
}

// Close waits for the jobs that are left after a panic; they do not pass.
func (w *Window[J]) Close() {
	for ; w.flying > 0; w.flying-- {
		<-w.ends
	}
}

// settle waits for a job.
func (w *Window[J]) settle() {
	j := <-w.ends
	w.flying--
	if j.panicked != nil {
		panic(j.panicked)
	}
	j.ended = true
	w.advance()
}

func (w *Window[J]) advance() {
	for w.err == nil && len(w.open) > 0 && w.open[0].ended {
		j := w.open[0]
		w.open[0] = nil
		w.open = w.open[1:]
		w.err = w.pass(j.job)
	}
}
