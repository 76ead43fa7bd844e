// Package codec holds the plans between Go structs and DynamoDB attribute values.
//
// A [Plan] is compiled once per struct type and options: its fields, their
// names and kinds, and for each kind one encoder and one decoder, made by a
// small make function that returns closures. Plans and everything they are made
// of are immutable and safe for concurrent use.
//
// Each kind has a second pair, which appends DynamoDB JSON and reads it without
// attribute values between: [Plan.AppendItem], [Overlay], [Decoder]. The first
// pair is its slow twin. What the second has no way for, such as types that
// encode themselves, it does through the first.
//
// What a plan writes and reads is what the SDK's attributevalue package writes
// and reads for the same dynamodbav tags; docs/codec.md lists every intended
// difference with its reason.
package codec
