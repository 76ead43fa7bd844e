package crypt_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/crypt"
	"github.com/dynox-go/dynox/crypt/internal/kmstest"
	"github.com/dynox-go/dynox/internal/core"
	"github.com/dynox-go/dynox/memtable"
)

// shown is what v looks like, printed and logged in all ways.
func shown(v any) string {
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%T"} {
		fmt.Fprintf(&b, verb+"\n", v)
	}
	text, _ := json.Marshal(v)
	b.Write(text)
	slog.New(slog.NewTextHandler(&b, nil)).Info("text", "v", v)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("json", "v", v)
	return b.String()
}

// forms are those in which bytes appear in texts.
func forms(secret []byte) []string {
	numbers, goSyntax := fmt.Sprint(secret), fmt.Sprintf("%#v", secret)
	return []string{
		string(secret), hex.EncodeToString(secret), strings.ToUpper(hex.EncodeToString(secret)), base64.StdEncoding.EncodeToString(secret),
		numbers[1 : len(numbers)-1], goSyntax[len("[]byte{") : len(goSyntax)-1],
	}
}

// spy is a keyring of one's own, which holds secrets.
type spy struct {
	crypt.Keyring
	secrets [][]byte
	before  func() // it generates
}

func (s *spy) Generate(ctx context.Context, pairs map[string]string) ([]byte, crypt.WrappedKey, error) {
	if s.before != nil {
		s.before()
	}
	return s.Keyring.Generate(ctx, pairs)
}

// TestNothingIsShown: neither keys nor values, wherever something is printed.
func TestNothingIsShown(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	master := []byte("master key of 32 bytes, no more.")
	const secret = "4111-1111-secret"
	keyring := crypt.Raw("k", master)
	service := kmstest.New("k1")
	inKMS := crypt.KMS(service.Client(), "k1")
	text := beaconKeyText(t, keyring)
	key := crypt.NewBeaconKey(keyring, text)
	client := memtable.New(t).Client()
	users := newUsers(t, client, crypt.Field(email, keyring), crypt.Beacon(mark, email, key))
	is.NoErr(users.Put(ctx, &user{Team: "a", ID: 1, Email: secret}))
	c := coderOf[string](t, keyring, crypt.Context(map[string]string{"a": "b"}))
	v := seal(t, c, value("1", "number", `{"S":"`+secret+`"}`))[0]

	wrong := v
	wrong.Path = "code"
	_, altered := open(t, c, wrong)
	_, notSealed := open(t, c, value("1", "number", `{"S":"`+secret+`"}`))
	_, noEnvelope := open(t, c, value("1", "number", string(binary([]byte(secret)))))
	_, noPydynox := open(t, coderOf[string](t, keyring, crypt.ReadPydynox(nil)), value("1", "number", `{"S":"ENC:`+secret+`"}`))
	noJSON := c.Encode(ctx, []core.Value{value("1", "number", `{"S":"`+secret)})
	service.Fail("GenerateDataKey", -1, kmstest.Denied)
	service.Fail("Decrypt", -1, kmstest.CutOff)
	denied := coderOf[string](t, inKMS).Encode(ctx, []core.Value{value("1", "number", `{"S":"`+secret+`"}`)})
	is.True(errors.As(denied, new(*crypt.KeyError)))
	put := newUsers(t, client, crypt.Field(email, inKMS)).Put(ctx, &user{Team: "a", ID: 1, Email: secret})
	_, err := dynox.NewRepo(dynox.NewTable(client, "x"), userKey, crypt.Field(email, crypt.Raw(secret, master[:16])))

	macKey := crypt.OpenedBeaconKey(key)
	is.Equal(len(macKey), 32)
	hidden := append(append(forms(master), forms([]byte(secret))...), forms(macKey)...)
	for name, v := range map[string]any{
		"raw": keyring, "kms": inKMS, "any": crypt.AnyOf(keyring, inKMS), "cached": crypt.Cached(keyring), "own": crypt.Cached(&spy{Keyring: keyring, secrets: [][]byte{master}}),
		"beacon key": key, "coder": c, "coder's pointer": &c, "coder's slice": []core.Coder{c}, "option": crypt.Field(email, keyring), "beacon": crypt.Beacon(mark, email, key),
		"in a struct": struct {
			Keyring crypt.Keyring
			hidden  crypt.Keyring
			Key     *crypt.BeaconKey
			coder   core.Coder
		}{keyring, keyring, key, c},
		"repo": users, "core": users.Core(core.Door{}),
		"altered": altered, "not sealed": notSealed, "no envelope": noEnvelope, "no pydynox": noPydynox, "no json": noJSON, "denied": denied, "put": put, "bad": err,
		"field option": crypt.Context(map[string]string{"a": "b"}), "wrapped": crypt.WrappedKey{KeyID: "k", Bytes: []byte{1}},
	} {
		if v == nil {
			t.Errorf("%s is nil", name)
			continue
		}
		got := shown(v)
		for _, text := range hidden {
			if strings.Contains(got, text) {
				t.Errorf("%s shows a secret", name)
			}
		}
	}
	is.Equal(fmt.Sprint(keyring), `crypt.Raw("k")`)
	is.Equal(fmt.Sprint(inKMS), `crypt.KMS("k1")`)
	is.Equal(fmt.Sprint(crypt.AnyOf(keyring, inKMS)), "crypt.AnyOf(2 keyrings)")
	is.Equal(fmt.Sprint(c), `crypt.Field(crypt.Raw("k"))`)
	is.Equal(fmt.Sprint(key), "crypt.BeaconKey")
}
