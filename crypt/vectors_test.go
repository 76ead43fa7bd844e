package crypt_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/crypt"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/core"
	"github.com/dynox-go/dynox/memtable"
)

func readVectors(t testing.TB, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// envelopeVector is one of testdata/envelopes.json.
type envelopeVector struct {
	Value                                                    map[string]any
	Scope, Path, RawKeyID                                    string
	Key                                                      [][2]string
	Context                                                  map[string]string
	RawKey, DataKey, Nonce, Identity, Content, Aad, Envelope hexBytes
}

// TestEnvelopeVectors: envelopes that other code has made open.
func TestEnvelopeVectors(t *testing.T) {
	is := is.New(t)
	var file struct{ Vectors []envelopeVector }
	readVectors(t, "envelopes.json", &file)
	is.True(len(file.Vectors) > 5)
	for _, v := range file.Vectors {
		c := coderOf[any](t, crypt.Raw(v.RawKeyID, v.RawKey), crypt.Scope(v.Scope), crypt.Context(v.Context))
		got, err := open(t, c, core.Value{Table: "other", Key: v.Identity, Path: v.Path, JSON: binary(v.Envelope)})
		is.NoErr(err)
		var have map[string]any
		is.NoErr(json.Unmarshal([]byte(got), &have))
		if text, ok := v.Value["B"].(string); ok {
			b, _ := hex.DecodeString(text)
			is.Equal(got, string(binary(b)))
		} else {
			is.Equal(have, v.Value)
		}
		// What the file says about the parts is true.
		block, err := aes.NewCipher(v.DataKey)
		is.NoErr(err)
		gcm, err := cipher.NewGCM(block)
		is.NoErr(err)
		sealed := gcm.Seal(v.Nonce, v.Nonce, v.Content, v.Aad)
		is.True(bytes.HasSuffix(v.Envelope, sealed))
	}
}

// vectorItem has keys and attributes as the vectors do.
type vectorItem struct {
	Owner string  `dynamodbav:"owner"`
	Rank  float64 `dynamodbav:"rank"`
	Ship  struct {
		Weight float64 `dynamodbav:"weight"`
	} `dynamodbav:"ship"`
}

// TestVectorInATable: the identity of an item is what the format says, by way of
// everything between a table and an envelope.
func TestVectorInATable(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	var file struct{ Vectors []envelopeVector }
	readVectors(t, "envelopes.json", &file)
	v := file.Vectors[2]
	p := expr.Proto[vectorItem]()
	client := memtable.New(t).Client()
	table := dynox.NewTable(client, v.Scope)
	items, err := dynox.NewRepo(table, dynox.Key[vectorItem]{Partition: dynox.By(expr.At(p, &p.Owner)), Sort: dynox.By(expr.At(p, &p.Rank))},
		crypt.Field(expr.At(p, &p.Ship.Weight), crypt.Raw(v.RawKeyID, v.RawKey), crypt.Context(v.Context)))
	is.NoErr(err)
	is.NoErr(table.Ensure(ctx, items))
	_, err = client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &v.Scope, Item: map[string]types.AttributeValue{
		"owner": &types.AttributeValueMemberS{Value: v.Key[0][1]},
		"rank":  &types.AttributeValueMemberN{Value: v.Key[1][1] + "0"},
		"ship": &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{
			"weight": &types.AttributeValueMemberB{Value: v.Envelope},
		}},
	}})
	is.NoErr(err)
	got, err := items.Get(ctx, vectorItem{Owner: "42", Rank: -120.5})
	is.NoErr(err)
	is.Equal(got.Ship.Weight, -12.5)
}

// canned opens the wrapped keys of a file, which a service elsewhere has wrapped.
type canned struct {
	t       *testing.T
	vectors []pydynoxVector
}

func (c *canned) Generate(context.Context, map[string]string) ([]byte, crypt.WrappedKey, error) {
	return rawKey(1), crypt.WrappedKey{KeyID: "canned", Bytes: []byte("1")}, nil
}

func (c *canned) Unwrap(_ context.Context, wrapped crypt.WrappedKey, pairs map[string]string) ([]byte, error) {
	for _, v := range c.vectors {
		if bytes.Equal(v.Wrapped, wrapped.Bytes) && wrapped.KeyID == "" {
			is.New(c.t).Equal(len(pairs), len(v.Context))
			return bytes.Clone(v.DataKey), nil
		}
	}
	return nil, crypt.ErrOpen
}

// pydynoxVector is one of testdata/pydynox.json.
type pydynoxVector struct {
	Text             string
	Context          map[string]string
	Wrapped, DataKey []byte
	Stored           string
}

// TestPydynox: what pydynox has written opens if that is asked for.
func TestPydynox(t *testing.T) {
	is := is.New(t)
	var file struct{ Vectors []pydynoxVector }
	readVectors(t, "pydynox.json", &file)
	is.True(len(file.Vectors) > 3)
	keyring := &canned{t, file.Vectors}
	for _, v := range file.Vectors {
		stored, _ := json.Marshal(map[string]string{"S": v.Stored})
		c := coderOf[string](t, keyring, crypt.ReadPydynox(v.Context))
		got, err := open(t, c, value("1", "ssn", string(stored)))
		is.NoErr(err)
		var have struct{ S string }
		is.NoErr(json.Unmarshal([]byte(got), &have))
		is.Equal(have.S, v.Text)

		_, err = open(t, coderOf[string](t, keyring), value("1", "ssn", string(stored)))
		is.True(errors.Is(err, crypt.ErrNotSealed)) // unless it is asked for

		is.Equal(envelopeOf(t, seal(t, c, value("1", "ssn", `{"S":"x"}`))[0])[0], byte(1)) // written in our format

		for i := range v.Stored[4:] {
			if i > 300 {
				break
			}
			bad := []byte(v.Stored)
			bad[4+i] ^= 1
			stored, _ := json.Marshal(map[string]string{"S": string(bad)})
			if got, err := open(t, c, value("1", "ssn", string(stored))); !errors.Is(err, crypt.ErrOpen) {
				t.Fatalf("letter %d: %q, %v", i, got, err)
			}
		}
	}
	c := coderOf[string](t, keyring, crypt.ReadPydynox(nil))
	for _, text := range []string{"ENC:", "ENC:AAAA", "ENC:AQAA", "ENC:AQAB", "ENC:*", "ENC:AQBgYQ==", "4111"} {
		_, err := open(t, c, value("1", "ssn", `{"S":"`+text+`"}`))
		is.True(err != nil)
	}
	lax := coderOf[string](t, keyring, crypt.ReadPydynox(nil), crypt.ReadPlaintext())
	got, err := open(t, lax, value("1", "ssn", `{"S":"4111"}`))
	is.NoErr(err)
	is.Equal(got, `{"S":"4111"}`)
}

// FuzzEnvelope: no bytes make trouble, and none but sealed ones open.
func FuzzEnvelope(f *testing.F) {
	var file struct{ Vectors []envelopeVector }
	readVectors(f, "envelopes.json", &file)
	v := file.Vectors[0]
	for _, v := range file.Vectors {
		f.Add([]byte(v.Envelope))
	}
	f.Add([]byte{1, 1, 'k', 0, 1, 0})
	c := coderOf[string](f, crypt.Raw(v.RawKeyID, v.RawKey), crypt.Scope(v.Scope))
	f.Fuzz(func(t *testing.T, envelope []byte) {
		got, err := open(t, c, core.Value{Key: v.Identity, Path: v.Path, JSON: binary(envelope)})
		if sealed := bytes.Equal(envelope, v.Envelope); sealed != (err == nil) || err != nil && !errors.Is(err, crypt.ErrOpen) {
			t.Fatalf("%v: %q", err, got)
		}
	})
}

// FuzzStored: no stored value makes trouble, and a value that is sealed opens as it
// was.
func FuzzStored(f *testing.F) {
	for _, text := range []string{`{"S":"a"}`, `{"N":"1"}`, `{"B":"AQFrAAE="}`, `{"S":"ENC:AQAB"}`, `{"M":{"a":{"NULL":true}}}`, `{`, ``} {
		f.Add([]byte(text))
	}
	c := coderOf[string](f, crypt.Raw("k", rawKey(1)))
	lax := coderOf[[]byte](f, crypt.Raw("k", rawKey(1)), crypt.ReadPlaintext(), crypt.ReadPydynox(nil))
	f.Fuzz(func(t *testing.T, text []byte) {
		v := value("1", "number", string(text))
		_, err := open(t, c, v)
		if err == nil {
			t.Fatal("opened what nobody sealed")
		}
		_, _ = open(t, lax, v)
		values := []core.Value{v}
		if c.Encode(t.Context(), values) != nil {
			return
		}
		got, err := open(t, c, values[0])
		if err != nil {
			t.Fatal(err)
		}
		var have, want any
		if json.Unmarshal([]byte(got), &have) != nil || json.Unmarshal(text, &want) != nil {
			t.Fatalf("%q became %q", text, got)
		}
		a, _ := json.Marshal(have)
		b, _ := json.Marshal(want)
		if !bytes.Equal(a, b) {
			t.Fatalf("%q became %q", text, got)
		}
	})
}
