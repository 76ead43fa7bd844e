package stream

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	streams "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// recordOf is a record of the streams API.
func recordOf(r *streams.Record) (record, error) {
	d := r.Dynamodb
	if d == nil || d.SequenceNumber == nil || len(d.Keys) == 0 {
		return record{}, fmt.Errorf("a record without a sequence number or a key")
	}
	to := record{
		id: aws.ToString(r.EventID), sequence: *d.SequenceNumber, event: Event(r.EventName),
		at: aws.ToTime(d.ApproximateCreationDateTime),
	}
	if u := r.UserIdentity; u != nil {
		to.expired = expired(aws.ToString(u.Type), aws.ToString(u.PrincipalId))
	}
	var err error
	for _, part := range []struct {
		from map[string]streams.AttributeValue
		to   *attributes
	}{{d.Keys, &to.keys}, {d.OldImage, &to.old}, {d.NewImage, &to.new}} {
		if len(part.from) == 0 {
			continue
		}
		if *part.to, err = mapOf(part.from); err != nil {
			return to, err
		}
	}
	return to, nil
}

// expired reports whether the one who deleted an item is the service.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
func expired(kind, principal string) bool {
	return kind == "Service" && principal == "dynamodb.amazonaws.com"
}

// mapOf is m in the types that items have.
func mapOf(m map[string]streams.AttributeValue) (attributes, error) {
	to := make(attributes, len(m))
	for name, v := range m {
		var err error
		if to[name], err = valueOf(v); err != nil {
			return nil, err
		}
	}
	return to, nil
}

func valueOf(v streams.AttributeValue) (types.AttributeValue, error) {
	switch v := v.(type) {
	case *streams.AttributeValueMemberS:
		return &types.AttributeValueMemberS{Value: v.Value}, nil
	case *streams.AttributeValueMemberN:
		return &types.AttributeValueMemberN{Value: v.Value}, nil
	case *streams.AttributeValueMemberB:
		return &types.AttributeValueMemberB{Value: v.Value}, nil
	case *streams.AttributeValueMemberBOOL:
		return &types.AttributeValueMemberBOOL{Value: v.Value}, nil
	case *streams.AttributeValueMemberNULL:
		return &types.AttributeValueMemberNULL{Value: v.Value}, nil
	case *streams.AttributeValueMemberSS:
		return &types.AttributeValueMemberSS{Value: v.Value}, nil
	case *streams.AttributeValueMemberNS:
		return &types.AttributeValueMemberNS{Value: v.Value}, nil
	case *streams.AttributeValueMemberBS:
		return &types.AttributeValueMemberBS{Value: v.Value}, nil
	case *streams.AttributeValueMemberM:
		m, err := mapOf(v.Value)
		return &types.AttributeValueMemberM{Value: m}, err
	case *streams.AttributeValueMemberL:
		list := make([]types.AttributeValue, len(v.Value))
		for i, e := range v.Value {
			var err error
			if list[i], err = valueOf(e); err != nil {
				return nil, err
			}
		}
		return &types.AttributeValueMemberL{Value: list}, nil
	}
	return nil, fmt.Errorf("an attribute value of type %T", v)
}
