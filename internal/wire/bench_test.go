package wire_test

import (
	"strconv"
	"testing"

	"github.com/dynox-go/dynox/internal/wire"
)

// page is about 1 MB of DynamoDB JSON, as a query's answer has it.
func page() []byte {
	doc := []byte(`{"Items":[`)
	for i := range 1500 {
		if i > 0 {
			doc = append(doc, ',')
		}
		n := strconv.Itoa(i)
		doc = append(doc, `{"pk":{"S":"CUSTOMER#`+n+`"},"sk":{"S":"ORDER#2024-05-01T10:00:00Z#`+n+`"},"total":{"N":"`+n+`.25"},"paid":{"BOOL":true},`+
			`"note":{"S":"some longer text, as notes are, with an \"escape\" and a line\nbreak, and then more of it to fill the item"},`+
			`"tags":{"SS":["red","green","blue"]},"ship":{"M":{"city":{"S":"Zürich"},"zip":{"S":"8000"},"lines":{"L":[{"S":"one"},{"S":"two"},{"NULL":true}]}}},`+
			`"blob":{"B":"aGVsbG8gd29ybGQsIHRoaXMgaXMgYmluYXJ5IGRhdGE="},"version":{"N":"7"},"status":{"S":"SHIPPED"}}`...)
	}
	return append(doc, `],"Count":1500,"ScannedCount":1500}`...)
}

func BenchmarkSkip(b *testing.B) {
	doc := page()
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		s := wire.NewScanner(doc)
		if err := s.Skip(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWalk(b *testing.B) {
	doc := page()
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		s := wire.NewScanner(doc)
		if err := visit(&s); err != nil {
			b.Fatal(err)
		}
	}
}

// visit reads every member, text and number without keeping them.
func visit(s *wire.Scanner) (err error) {
	switch s.Kind() {
	case wire.Object:
		if err := s.Object(); err != nil {
			return err
		}
		for {
			if _, ok, err := s.Member(); !ok {
				return err
			}
			if err := visit(s); err != nil {
				return err
			}
		}
	case wire.Array:
		if err := s.Array(); err != nil {
			return err
		}
		for {
			if ok, err := s.Element(); !ok {
				return err
			}
			if err := visit(s); err != nil {
				return err
			}
		}
	case wire.String:
		_, err = s.String()
	default:
		err = s.Skip()
	}
	return err
}

func BenchmarkAppendString(b *testing.B) {
	const text = "some longer text, as notes are, with an \"escape\" and then more of it to fill the item"
	var dst []byte
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		dst = wire.AppendString(dst[:0], text)
	}
}
