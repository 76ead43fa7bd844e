package crypt_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"
	"github.com/matryer/is"
	"go.uber.org/goleak"

	"github.com/dynox-go/dynox/crypt"
	"github.com/dynox-go/dynox/crypt/internal/kmstest"
	"github.com/dynox-go/dynox/internal/core"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func names(calls []kmstest.Call) string {
	var all []string
	for _, c := range calls {
		all = append(all, c.Name)
	}
	return strings.Join(all, " ")
}

// TestKMSKeys: what a key may open, by the ways in which it can be given.
func TestKMSKeys(t *testing.T) {
	is := is.New(t)
	service := kmstest.New("k1", "k2", "mrk-1")
	service.Alias("alias/orders", "k1")
	client := service.Client()
	frankfurt := service.Client(func(o *kms.Options) { o.Region = "eu-central-1" })
	given := value("1", "number", `{"S":"4111"}`)
	sealed := func(keyring crypt.Keyring) core.Value { return seal(t, coderOf[string](t, keyring), given)[0] }
	opens := func(v core.Value, keyring crypt.Keyring) (string, error) {
		t.Helper()
		service.Calls()
		got, err := open(t, coderOf[string](t, keyring), v)
		if err == nil {
			is.Equal(got, string(given.JSON))
		} else if !errors.Is(err, crypt.ErrOpen) {
			t.Errorf("not an ErrOpen: %v", err)
		}
		return names(service.Calls()), err
	}
	one, two := sealed(crypt.KMS(client, "k1")), sealed(crypt.KMS(client, "k2"))
	everywhere := sealed(crypt.KMS(client, kmstest.ARN("us-east-1", "mrk-1")))
	for _, id := range []string{"k1", kmstest.ARN("us-east-1", "k1"), "alias/orders", "arn:aws:kms:us-east-1:111122223333:alias/orders"} {
		calls, err := opens(one, crypt.KMS(client, id))
		is.NoErr(err)
		is.Equal(calls, "Decrypt")
		calls, err = opens(two, crypt.KMS(client, id)) // a key that the caller may use, but not for this
		is.True(err != nil)
		if strings.Contains(id, "alias") {
			is.Equal(calls, "Decrypt")
		} else {
			is.Equal(calls, "")
		}
	}
	calls, err := opens(everywhere, crypt.KMS(frankfurt, kmstest.ARN("eu-central-1", "mrk-1")))
	is.NoErr(err)
	is.Equal(calls, "Decrypt")
	_, err = opens(everywhere, crypt.KMS(frankfurt, "mrk-1"))
	is.NoErr(err)

	// An alias moves: the former key is asked, too.
	service.Alias("alias/orders", "k2")
	_, err = opens(one, crypt.KMS(client, "alias/orders"))
	is.True(err != nil)
	calls, err = opens(one, crypt.AnyOf(crypt.KMS(client, "alias/orders"), crypt.KMS(client, "k1")))
	is.NoErr(err)
	is.Equal(calls, "Decrypt Decrypt")
	calls, err = opens(one, crypt.AnyOf(crypt.KMS(client, "k2"), crypt.Raw("x", rawKey(1)), crypt.KMS(client, "k1")))
	is.NoErr(err)
	is.Equal(calls, "Decrypt")
	is.Equal(string(envelopeOf(t, sealed(crypt.AnyOf(crypt.KMS(client, "k2"), crypt.KMS(client, "k1"))))[2:4]), "k2")
}

// TestKMSContext: KMS gets the pairs, and nothing that differs from item to item.
func TestKMSContext(t *testing.T) {
	is := is.New(t)
	service := kmstest.New("k1")
	pairs := map[string]string{"tenant": "a", "": "empty"}
	c := coderOf[string](t, crypt.Cached(crypt.KMS(service.Client(), "k1"), crypt.MaxAge(0)), crypt.Context(pairs))
	stored := seal(t, c, value("1", "number", `{"S":"4111"}`), value("1", "code", `{"S":"12"}`))
	got, err := open(t, c, stored[1])
	is.NoErr(err)
	is.Equal(got, `{"S":"12"}`)
	calls := service.Calls()
	is.Equal(names(calls), "GenerateDataKey Decrypt")
	is.Equal(calls[0].Context, pairs)
	is.Equal(calls[1].Context, pairs)
	is.Equal(envelopeOf(t, stored[0])[:190], envelopeOf(t, stored[1])[:190]) // one data key for an item
}

// TestCache: data keys are used again within the limits.
func TestCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		service := kmstest.New("k1")
		client := service.Client()
		item := []core.Value{value("1", "number", `{"S":"4111"}`), value("1", "code", `{"S":"12"}`)}
		count := func(keyring crypt.Keyring, pause time.Duration) string {
			t.Helper()
			service.Calls()
			c := coderOf[string](t, keyring)
			for range 6 {
				stored := seal(t, c, item...)
				c.Decode(t.Context(), stored)
				is.NoErr(stored[0].Err)
				time.Sleep(pause)
			}
			return names(service.Calls())
		}
		again := func(s string, n int) string { return strings.TrimSpace(strings.Repeat(s+" ", n)) }
		const generate, both = "GenerateDataKey", "GenerateDataKey Decrypt"
		is.Equal(count(crypt.KMS(client, "k1"), 0), generate)
		is.Equal(count(crypt.KMS(client, "k1"), 2*time.Minute), again(generate, 2))
		is.Equal(count(crypt.Cached(crypt.KMS(client, "k1"), crypt.MaxAge(time.Hour)), 2*time.Minute), generate)
		is.Equal(count(crypt.Cached(crypt.KMS(client, "k1"), crypt.MaxUses(4)), 0), again(generate, 3))
		is.Equal(count(crypt.Cached(crypt.KMS(client, "k1"), crypt.MaxUses(1)), 0), again(generate, 6))
		is.Equal(count(crypt.Cached(crypt.KMS(client, "k1"), crypt.MaxUses(0)), 0), again(both, 6))
		is.Equal(count(crypt.Cached(crypt.KMS(client, "k1"), crypt.MaxBytes(60)), 0), again(generate, 3))
		is.Equal(count(crypt.Cached(crypt.KMS(client, "k1"), crypt.MaxAge(0)), 0), again(both, 6))
		is.Equal(count(crypt.Cached(crypt.KMS(client, "k1"), crypt.Size(0)), 0), "GenerateDataKey"+strings.Repeat(" Decrypt", 6))
		is.Equal(count(crypt.Cached(crypt.Cached(crypt.KMS(client, "k1"), crypt.MaxAge(0))), 0), generate)
	})
}

// TestCacheIsBounded: the oldest opened key goes first.
func TestCacheIsBounded(t *testing.T) {
	is := is.New(t)
	service := kmstest.New("k1")
	writer := coderOf[string](t, crypt.Cached(crypt.KMS(service.Client(), "k1"), crypt.MaxUses(0)))
	reader := coderOf[string](t, crypt.Cached(crypt.KMS(service.Client(), "k1"), crypt.Size(2)))
	var stored []core.Value
	for range 3 {
		stored = append(stored, seal(t, writer, value("1", "number", `{"S":"4111"}`))...)
	}
	service.Calls()
	for _, step := range []struct{ open, calls int }{{0, 1}, {1, 1}, {0, 0}, {1, 0}, {2, 1}, {1, 0}, {0, 1}, {2, 0}, {1, 1}} {
		_, err := open(t, reader, stored[step.open])
		is.NoErr(err)
		is.Equal(len(service.Calls()), step.calls)
	}
	page := append(append([]core.Value(nil), stored...), stored...) // more keys than are kept
	reader = coderOf[string](t, crypt.Cached(crypt.KMS(service.Client(), "k1"), crypt.Size(2)))
	reader.Decode(t.Context(), page)
	is.Equal(len(service.Calls()), 3)
	for _, v := range page {
		is.NoErr(v.Err)
	}
}

// TestPage: each wrapped key of a page costs one call, and some are made at once.
func TestPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		service := kmstest.New("k1")
		writer := coderOf[string](t, crypt.Cached(crypt.KMS(service.Client(), "k1"), crypt.MaxUses(0)))
		var page []core.Value
		for i := range 40 {
			key := fmt.Sprint(i)
			page = append(page, seal(t, writer, value(key, "number", `{"S":"`+key+`"}`), value(key, "code", `{"S":"12"}`))...)
		}
		service.Calls()
		service.Fail("Decrypt", -1, kmstest.Fault{Delay: time.Second})
		start := time.Now()
		reader := coderOf[string](t, crypt.KMS(service.Client(), "k1"))
		two := append([]core.Value(nil), page...)
		var other sync.WaitGroup
		other.Go(func() { reader.Decode(t.Context(), two) }) // who asks for the same waits for the same
		reader.Decode(t.Context(), page)
		other.Wait()
		is.Equal(len(service.Calls()), 40)
		is.True(service.Peak() > 4)
		is.True(service.Peak() <= 16)
		is.True(time.Since(start) <= 5*time.Second)
		for i := range page {
			is.NoErr(page[i].Err)
			is.NoErr(two[i].Err)
			if i%2 == 0 {
				is.Equal(string(page[i].JSON), fmt.Sprintf(`{"S":"%d"}`, i/2))
			}
		}
	})
}

// TestLeaderLeaves: who waits for an answer does not lose it with the one that
// asked.
func TestLeaderLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		service := kmstest.New("k1")
		writer := coderOf[string](t, crypt.KMS(service.Client(), "k1"))
		stored := seal(t, writer, value("1", "number", `{"S":"4111"}`))[0]
		reader := coderOf[string](t, crypt.KMS(service.Client(), "k1"))
		service.Calls()
		service.Fail("Decrypt", -1, kmstest.Fault{Delay: time.Minute})
		service.Fail("GenerateDataKey", -1, kmstest.Fault{Delay: time.Minute})
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var all sync.WaitGroup
		errs := make([]error, 4)
		got := []core.Value{stored, stored}
		all.Go(func() { reader.Decode(impatient, got[:1]) })
		synctest.Wait()
		all.Go(func() { reader.Decode(t.Context(), got[1:]) })
		all.Wait()
		is.True(errors.Is(got[0].Err, context.DeadlineExceeded))
		is.NoErr(got[1].Err)
		is.Equal(names(service.Calls()), "Decrypt Decrypt")

		fresh := coderOf[string](t, crypt.KMS(service.Client(), "k1"))
		impatient, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for i := range errs {
			ctx := t.Context()
			if i == 0 {
				ctx = impatient
			}
			all.Go(func() { errs[i] = fresh.Encode(ctx, []core.Value{value("1", "number", `{"S":"4111"}`)}) })
			synctest.Wait()
		}
		all.Wait()
		is.True(errors.Is(errs[0], context.DeadlineExceeded))
		for _, err := range errs[1:] {
			is.NoErr(err)
		}
		is.Equal(names(service.Calls()), "GenerateDataKey GenerateDataKey")
	})
}

// TestFaults: errors say which service and call, have the SDK's in their chain, and
// are not remembered.
func TestFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		service := kmstest.New("k1")
		writer := coderOf[string](t, crypt.Cached(crypt.KMS(service.Client(), "k1"), crypt.MaxUses(0)))
		reader := coderOf[string](t, crypt.KMS(service.Client(), "k1"))
		stored := seal(t, writer, value("1", "number", `{"S":"4111"}`))[0]
		for _, test := range []struct {
			fault kmstest.Fault
			text  string
		}{
			{kmstest.Throttled, "the service answered ThrottlingException"},
			{kmstest.Denied, "the service answered AccessDeniedException"},
			{kmstest.Broken, "the service answered KMSInternalException"},
			{kmstest.Fault{Code: "DisabledException"}, "the service answered DisabledException"},
			{kmstest.CutOff, "no answer from the service: *url.Error"},
		} {
			service.Fail("GenerateDataKey", -1, test.fault)
			service.Fail("Decrypt", -1, test.fault)
			for call, f := range map[string]func() error{
				"GenerateDataKey": func() error { return writer.Encode(t.Context(), []core.Value{value("1", "number", `{"S":"4111"}`)}) },
				"Decrypt":         func() error { _, err := open(t, reader, stored); return err },
			} {
				err := f()
				is.Equal(err.Error(), "KMS "+call+": "+test.text)
				var key *crypt.KeyError
				is.True(errors.As(err, &key))
				is.Equal(key.Call, call)
				var op *smithy.OperationError
				is.True(errors.As(err, &op))
				is.True(!errors.Is(err, crypt.ErrOpen)) // it may open later
				var disabled *types.DisabledException
				is.Equal(errors.As(err, &disabled), test.fault.Code == "DisabledException")
			}
			service.Heal()
		}
		_, err := open(t, reader, stored)
		is.NoErr(err)

		service.Fail("GenerateDataKey", 2, kmstest.Throttled) // the SDK tries again
		is.NoErr(writer.Encode(t.Context(), []core.Value{value("1", "number", `{"S":"4111"}`)}))
	})
}

// TestAnyOfInTrouble: another region opens what the first cannot now; and where
// none does, the error is the one that may pass.
func TestAnyOfInTrouble(t *testing.T) {
	is := is.New(t)
	service, down := kmstest.New("mrk-1", "k2"), kmstest.New("mrk-1")
	down.Fail("Decrypt", -1, kmstest.Denied)
	first := crypt.KMS(down.Client(), kmstest.ARN("us-east-1", "mrk-1"))
	both := crypt.AnyOf(first, crypt.KMS(service.Client(func(o *kms.Options) { o.Region = "eu-central-1" }), "mrk-1"))
	stored := seal(t, coderOf[string](t, crypt.KMS(service.Client(), "mrk-1")), value("1", "number", `{"S":"4111"}`))[0]
	_, err := open(t, coderOf[string](t, both), stored)
	is.NoErr(err)
	_, err = open(t, coderOf[string](t, crypt.AnyOf(crypt.KMS(service.Client(), "k2"), first, crypt.Raw("r", rawKey(1)))), stored)
	var denied *crypt.KeyError
	is.True(errors.As(err, &denied))
	is.True(!errors.Is(err, crypt.ErrOpen))
}

// TestAnyOfOwn: keyrings of one's own are asked like those of the package.
func TestAnyOfOwn(t *testing.T) {
	is := is.New(t)
	first, second := &spy{Keyring: crypt.Raw("a", rawKey(1))}, &spy{Keyring: crypt.Raw("b", rawKey(2))}
	for _, v := range []core.Value{
		seal(t, coderOf[string](t, first), value("1", "number", `{"S":"4111"}`))[0],
		seal(t, coderOf[string](t, crypt.AnyOf(second, first)), value("1", "number", `{"S":"4111"}`))[0],
	} {
		got, err := open(t, coderOf[string](t, crypt.AnyOf(first, crypt.AnyOf(second))), v)
		is.NoErr(err)
		is.Equal(got, `{"S":"4111"}`)
	}
}

// TestKeyringPanics: who waits for a call that panics makes it again.
func TestKeyringPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		keyring := &spy{Keyring: crypt.Raw("k", rawKey(1))}
		keyring.before = func() {
			keyring.before = nil
			time.Sleep(time.Second)
			panic("the keyring")
		}
		c := coderOf[string](t, crypt.Cached(keyring))
		var all sync.WaitGroup
		all.Go(func() {
			defer func() { is.Equal(recover(), "the keyring") }()
			_ = c.Encode(t.Context(), []core.Value{value("1", "number", `{"S":"4111"}`)})
		})
		synctest.Wait()
		is.NoErr(c.Encode(t.Context(), []core.Value{value("1", "number", `{"S":"4111"}`)}))
		all.Wait()
	})
}

// TestBadOptions: what cannot work is told before anything is written.
func TestBadOptions(t *testing.T) {
	good := crypt.Raw("k", rawKey(1))
	var noClient *kms.Client
	for name, keyring := range map[string]crypt.Keyring{
		"nil": nil, "no client": crypt.KMS(nil, "k"), "nil client": crypt.KMS(noClient, "k"), "no key": crypt.KMS(kmstest.New().Client(), ""),
		"short key": crypt.Raw("k", make([]byte, 16)), "no id": crypt.Raw("", rawKey(1)), "long id": crypt.Raw(strings.Repeat("x", 256), rawKey(1)),
		"in another": crypt.AnyOf(good, nil), "first": crypt.AnyOf(nil, good), "cached": crypt.Cached(crypt.Raw("", nil)), "cached nil": crypt.Cached(nil),
		"not comparable": bad{}, "nil pointer": (*bad)(nil),
	} {
		if _, err := crypt.NewCoder[string](keyring); err == nil {
			t.Errorf("%s: no error", name)
		} else if _, err := crypt.MakeBeaconKey(t.Context(), keyring); err == nil {
			t.Errorf("%s: no error of a beacon key", name)
		}
	}
	if _, err := crypt.NewCoder[string](good, crypt.Scope("")); err == nil {
		t.Error("empty scope")
	}
}

// bad is a keyring that answers what it must not, and is not comparable.
type bad struct {
	keys    [][]byte
	wrapped crypt.WrappedKey
}

func (b bad) Generate(context.Context, map[string]string) ([]byte, crypt.WrappedKey, error) {
	return b.keys[0], b.wrapped, nil
}

func (b bad) Unwrap(context.Context, crypt.WrappedKey, map[string]string) ([]byte, error) {
	return b.keys[0], nil
}

func TestBadKeyrings(t *testing.T) {
	good := seal(t, coderOf[string](t, crypt.Raw("k", rawKey(1))), value("1", "number", `{"S":"4111"}`))[0]
	ok := crypt.WrappedKey{KeyID: "k", Bytes: []byte{1}}
	for name, keyring := range map[string]*bad{
		"short": {[][]byte{make([]byte, 16)}, ok}, "nil": {[][]byte{nil}, ok},
		"no id": {[][]byte{rawKey(1)}, crypt.WrappedKey{Bytes: []byte{1}}}, "long id": {[][]byte{rawKey(1)}, crypt.WrappedKey{KeyID: strings.Repeat("x", 256), Bytes: []byte{1}}},
		"no bytes": {[][]byte{rawKey(1)}, crypt.WrappedKey{KeyID: "k"}}, "many bytes": {[][]byte{rawKey(1)}, crypt.WrappedKey{KeyID: "k", Bytes: make([]byte, 65536)}},
	} {
		for _, k := range []crypt.Keyring{keyring, crypt.Cached(keyring)} {
			if err := coderOf[string](t, k).Encode(t.Context(), []core.Value{value("1", "number", `{"S":"4111"}`)}); err == nil {
				t.Errorf("%s: sealed", name)
			}
			if _, err := open(t, coderOf[string](t, k), good); err == nil {
				t.Errorf("%s: opened", name)
			}
		}
	}
}

// kmsEndpoint is the environment's variable for a KMS that others wrote.
const kmsEndpoint = "DYNOX_TEST_KMS"

// TestConformanceKMS: a KMS that others wrote is used in the way it wants to be,
// and answers as the one of the tests does.
func TestConformanceKMS(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	url := os.Getenv(kmsEndpoint)
	if url == "" {
		t.Skip(kmsEndpoint + " is not set")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	defer transport.CloseIdleConnections()
	client := kms.New(kms.Options{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		BaseEndpoint: &url, HTTPClient: &http.Client{Transport: transport},
	})
	one, err := client.CreateKey(ctx, &kms.CreateKeyInput{})
	is.NoErr(err)
	two, err := client.CreateKey(ctx, &kms.CreateKeyInput{})
	is.NoErr(err)
	alias := "alias/test-" + rand.Text()
	_, err = client.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: &alias, TargetKeyId: one.KeyMetadata.KeyId})
	is.NoErr(err)
	tenant := crypt.Context(map[string]string{"tenant": "a"})
	stored := seal(t, coderOf[string](t, crypt.KMS(client, alias), tenant), value("1", "number", `{"S":"4111"}`))[0]
	is.Equal(string(envelopeOf(t, stored)[2:38]), *one.KeyMetadata.KeyId)
	for _, id := range []string{alias, *one.KeyMetadata.KeyId, *one.KeyMetadata.Arn} {
		got, err := open(t, coderOf[string](t, crypt.KMS(client, id), tenant), stored)
		is.NoErr(err)
		is.Equal(got, `{"S":"4111"}`)
	}
	_, err = open(t, coderOf[string](t, crypt.KMS(client, *two.KeyMetadata.Arn), tenant), stored)
	is.True(errors.Is(err, crypt.ErrOpen))
	_, err = open(t, coderOf[string](t, crypt.KMS(client, alias)), stored) // another context
	is.True(errors.Is(err, crypt.ErrOpen))
}
