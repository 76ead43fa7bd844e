package codec

import (
	"encoding/json"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// makeJSON is for values that are stored as JSON text.
func makeJSON(s spec) twin {
	return twin{
		func(v reflect.Value, _ int) (types.AttributeValue, error) {
			b, err := json.Marshal(addressable(v).Addr().Interface())
			if err != nil {
				return nil, failWith(err, "cannot write %s as JSON", s.typ)
			}
			return &types.AttributeValueMemberS{Value: string(b)}, nil
		},
		func(av types.AttributeValue, v reflect.Value, _ int) error {
			m, ok := av.(*types.AttributeValueMemberS)
			if !ok {
				return failRead(av, s.typ)
			}
			if err := json.Unmarshal([]byte(m.Value), v.Addr().Interface()); err != nil {
				return failWith(err, "cannot read the JSON text into %s", s.typ)
			}
			return nil
		},
	}
}
