package bulk

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// maxLine is more than the bytes of any item's JSON: six for each of its own.
const maxLine = 6*maxItem + 1<<20

const (
	readSize  = 256 << 10
	blockSize = 256 << 10
)

// lineReader reads lines, each into memory that stays as it is.
type lineReader struct {
	r       *bufio.Reader
	close   func()
	line    int64 // lines read
	offset  int64
	block   []byte // where lines go
	tooLong bool   // the last one is, and not there
	ended   bool
}

// next is the next line, without its end; io.EOF after the last.
func (in *lineReader) next() (text []byte, l *sentLine, err error) {
	l = &sentLine{start: in.offset, items: 1}
	start := len(in.block)
	in.tooLong = false
	for {
		part, err := in.r.ReadSlice('\n')
		in.offset += int64(len(part))
		switch {
		case in.tooLong:
		case len(in.block)-start+len(part) > maxLine:
			in.tooLong = true
			in.block = in.block[:start]
		default:
			start = in.room(start, len(part))
			in.block = append(in.block, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && (!errors.Is(err, io.EOF) || in.offset == l.start) {
			in.ended = true
			if errors.Is(err, io.ErrUnexpectedEOF) {
				err = fmt.Errorf("the compressed file is cut off: %w", err)
			}
			return nil, nil, err
		}
		break
	}
	in.line++
	l.line, l.end = in.line, in.offset
	return in.block[start:len(in.block):len(in.block)], l, nil
}

// room makes room for n bytes more of the line that begins at start, and is where it
// begins then.
func (in *lineReader) room(start, n int) int {
	if cap(in.block)-len(in.block) >= n {
		return start
	}
	begun := in.block[start:]
	in.block = append(make([]byte, 0, max(blockSize, 2*(len(begun)+n))), begun...)
	return 0
}
