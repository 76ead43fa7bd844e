package bulk_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox/bulk"
	"github.com/dynox-go/dynox/memtable"
)

// A byte order mark and the line ends of other systems are no part of lines.
func TestImportOddText(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	client := memtable.New(t).Client()
	to := newTable(t, client)
	const line = `{"Item":{"p.k":{"S":"a"},"n":{"N":"%d"}}}`
	text := "\xef\xbb\xbf" + fmt.Sprintf(line, 1) + "\r\n\r\n" + fmt.Sprintf(line, 2)
	p, err := bulk.Import(t.Context(), to, strings.NewReader(text))
	is.NoErr(err)
	is.Equal(p.Items, int64(2))
	_, err = bulk.Import(t.Context(), to, strings.NewReader(fmt.Sprintf(line, 1)+"\n\xef\xbb\xbf"+fmt.Sprintf(line, 2)))
	is.True(err != nil)
}

// A compressed file that is cut off says so; what is before its end is imported.
func TestImportCutOff(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	client := memtable.New(t).Client()
	from, to := newTable(t, client), newTable(t, client)
	fill(t, client, from.Name(), 3000, small)
	for _, form := range []bulk.ExportOption{bulk.Gzip(), bulk.Zstd()} {
		var file bytes.Buffer
		_, err := bulk.Export(t.Context(), from, &file, form)
		is.NoErr(err)
		p, err := bulk.Import(t.Context(), to, bytes.NewReader(file.Bytes()[:file.Len()-20]))
		is.True(errors.Is(err, io.ErrUnexpectedEOF))
		is.True(strings.Contains(err.Error(), "the compressed file is cut off"))
		count, _ := digest(t, client, to.Name())
		is.True(int64(count) >= p.Items)
		is.True(p.Items < 3000)
	}
}
