package memtable

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
)

// Client returns a *dynamodb.Client whose HTTP transport is the engine. Everything else is the SDK's
// own, retries and signing included. The options are applied last, and so win.
func (e *Engine) Client(optFns ...func(*dynamodb.Options)) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region:      e.region,
		Credentials: aws.CredentialsProviderFunc(e.credentials),
		HTTPClient:  &http.Client{Transport: e},
	}, optFns...)
}

// StreamsClient is [Engine.Client] for the streams of the engine's tables.
func (e *Engine) StreamsClient(optFns ...func(*dynamodbstreams.Options)) *dynamodbstreams.Client {
	return dynamodbstreams.New(dynamodbstreams.Options{
		Region:      e.region,
		Credentials: aws.CredentialsProviderFunc(e.credentials),
		HTTPClient:  &http.Client{Transport: e},
	}, optFns...)
}

func (e *Engine) credentials(context.Context) (aws.Credentials, error) {
	key := accessKey{"memtable", "memtable"}
	if len(e.keys) > 0 {
		key = e.keys[0]
	}
	return aws.Credentials{AccessKeyID: key.id, SecretAccessKey: key.secret, Source: "memtable"}, nil
}
