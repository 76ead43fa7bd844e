package crypt

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// KMSClient is what [KMS] uses of a client: a *kms.Client is one.
type KMSClient interface {
	GenerateDataKey(ctx context.Context, in *kms.GenerateDataKeyInput, optFns ...func(*kms.Options)) (*kms.GenerateDataKeyOutput, error)
	Decrypt(ctx context.Context, in *kms.DecryptInput, optFns ...func(*kms.Options)) (*kms.DecryptOutput, error)
}

// KMS is a keyring of a symmetric key of AWS KMS, given by its id, its ARN, its
// alias ("alias/orders") or the alias's ARN, in the region of the client. It calls
// GenerateDataKey and Decrypt.
//
// It opens what that key has wrapped and nothing else, not even what other keys
// have that the caller may use: so nobody can have a process trust values under a
// key of their own. Of a multi-Region key, replicas open what each other has
// wrapped. An alias means the key that it points to when it is used: after it was
// pointed to another key, give the former one too, to [AnyOf]. KMS's own rotation
// of a key's material needs nothing.
//
// See https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKey.html
func KMS(client KMSClient, keyID string) Keyring {
	c := &cached{limits: defaults}
	switch v := reflect.ValueOf(client); {
	case !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil():
		c.err = errors.New("crypt.KMS: no client")
	case keyID == "":
		c.err = errors.New("crypt.KMS: no key id")
	default:
		c.inner = &kmsKeyring{client, keyID}
	}
	return c
}

type kmsKeyring struct {
	client KMSClient
	keyID  string
}

func (k *kmsKeyring) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "crypt.KMS(%q)", k.keyID) }

func (k *kmsKeyring) Generate(ctx context.Context, encryptionContext map[string]string) ([]byte, WrappedKey, error) {
	out, err := k.client.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{
		KeyId: &k.keyID, KeySpec: types.DataKeySpecAes256, EncryptionContext: encryptionContext,
	})
	if err != nil {
		return nil, WrappedKey{}, &KeyError{Service: "KMS", Call: "GenerateDataKey", Err: err}
	}
	if out.KeyId == nil {
		return nil, WrappedKey{}, &KeyError{Service: "KMS", Call: "GenerateDataKey", Err: errAnswer}
	}
	return out.Plaintext, WrappedKey{bareID(*out.KeyId), out.CiphertextBlob}, nil
}

func (k *kmsKeyring) Unwrap(ctx context.Context, wrapped WrappedKey, encryptionContext map[string]string) ([]byte, error) {
	own := bareID(k.keyID)
	if wrapped.KeyID != "" && own != "" && own != wrapped.KeyID {
		return nil, errOtherKey
	}
	out, err := k.client.Decrypt(ctx, &kms.DecryptInput{
		KeyId: &k.keyID, CiphertextBlob: wrapped.Bytes, EncryptionContext: encryptionContext,
	})
	if err != nil {
		var other *types.IncorrectKeyException
		var invalid *types.InvalidCiphertextException
		refused := errors.As(err, &other) || errors.As(err, &invalid)
		return nil, &KeyError{Service: "KMS", Call: "Decrypt", Err: err, refused: refused}
	}
	if own != "" && (out.KeyId == nil || bareID(*out.KeyId) != own) {
		clear(out.Plaintext)
		return nil, errOtherKey
	}
	return out.Plaintext, nil
}

// bareID is the id of a key without region and account, which the replicas of a
// multi-Region key share; "" of an alias.
func bareID(id string) string {
	if strings.HasPrefix(id, "alias/") {
		return ""
	}
	if !strings.HasPrefix(id, "arn:") {
		return id
	}
	_, bare, _ := strings.Cut(id, ":key/")
	return bare
}
