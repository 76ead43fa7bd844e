package memtable

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// Client returns a *dynamodb.Client whose HTTP transport is the engine. Everything else is the SDK's
// own, retries and signing included. The options are applied last, and so win.
func (e *Engine) Client(optFns ...func(*dynamodb.Options)) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region:      e.region,
		Credentials: aws.CredentialsProviderFunc(credentials),
		HTTPClient:  &http.Client{Transport: e},
	}, optFns...)
}

func credentials(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "memtable", SecretAccessKey: "memtable", Source: "memtable"}, nil
}
