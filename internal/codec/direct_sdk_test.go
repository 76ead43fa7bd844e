package codec

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/schemas"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
)

var (
	sdkProtocol = awsjson.New10(schemas.DynamoDB_20120810)
	sdkGetItem  = smithy.NewOperationSchema(schemas.GetItem, schemas.GetItemInput, schemas.GetItemOutput)
	sdkPutItem  = smithy.NewOperationSchema(schemas.PutItem, schemas.PutItemInput, schemas.PutItemOutput)
	sdkQuery    = smithy.NewOperationSchema(schemas.Query, schemas.QueryInput, schemas.QueryOutput)
)

// sdkItem is raw, an item, as the SDK reads it.
func sdkItem(ctx context.Context, raw []byte) (map[string]types.AttributeValue, error) {
	body := fmt.Appendf(nil, `{"Item":%s}`, raw)
	resp := &smithyhttp.Response{Response: &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(body))}}
	var out dynamodb.GetItemOutput
	err := sdkProtocol.DeserializeResponse(ctx, sdkGetItem, dynamodb.TypeRegistry, resp, &out)
	return out.Item, err
}

// sdkPage is doc, a query's answer, as the SDK reads it.
func sdkPage(ctx context.Context, doc []byte) ([]map[string]types.AttributeValue, error) {
	resp := &smithyhttp.Response{Response: &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(doc))}}
	var out dynamodb.QueryOutput
	err := sdkProtocol.DeserializeResponse(ctx, sdkQuery, dynamodb.TypeRegistry, resp, &out)
	return out.Items, err
}
