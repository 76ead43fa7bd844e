package codec

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"pgregory.net/rapid"
)

// Types with names, methods, embedding and recursion, which reflect cannot build.
type (
	myBool  bool
	myText  string
	myInt   int16
	myUint  uint32
	myFloat float32
	myBytes []byte
	myList  []myText
	myMap   map[myText]myInt
	myTime  time.Time
	myAny   any

	// coin has both interfaces on the value or on the pointer.
	coin struct{ Cents int64 }
	// purse has its Marshaler on the pointer.
	purse struct{ Coins []int }
	// textKey is a map key with a text of its own.
	textKey struct{ A, B int8 }
	// halfRead only decodes itself; halfWritten only encodes itself.
	halfRead    struct{ V string }
	halfWritten struct{ V string }

	node struct {
		Name  string
		Left  *node            `dynamodbav:"left,omitempty"`
		All   []node           `dynamodbav:",omitempty"`
		Named map[string]*node `dynamodbav:"named"`
	}
	base struct {
		ID     string `dynamodbav:"id"`
		Hidden int
		Deep   bool `dynamodbav:"deep,omitempty"`
	}
	Mixin struct {
		Hidden string `dynamodbav:"Hidden"`
		When   time.Time
	}
	unseen struct {
		Seen  int
		Other string `dynamodbav:"other,nullempty"`
	}
	embedder struct {
		base
		*Mixin
		unseen `dynamodbav:",omitempty"`
		Deep   string   `dynamodbav:"deep"`
		Named  Mixin    `dynamodbav:"mixin"`
		skip   int      //nolint:unused // that it is skipped is the point
		Skip   chan int `dynamodbav:"-"`
	}
)

func (c coin) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(c.Cents, 10)}, nil
}

func (c *coin) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) (err error) {
	if m, ok := av.(*types.AttributeValueMemberN); ok {
		c.Cents, err = strconv.ParseInt(m.Value, 10, 64)
		return err
	}
	return fmt.Errorf("%T", av)
}

func (p *purse) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return &types.AttributeValueMemberS{Value: strings.Trim(fmt.Sprint(p.Coins), "[]")}, nil
}

func (p *purse) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	p.Coins = nil
	m, ok := av.(*types.AttributeValueMemberS)
	if !ok {
		return nil
	}
	for f := range strings.FieldsSeq(m.Value) {
		n, err := strconv.Atoi(f)
		if err != nil {
			return err
		}
		p.Coins = append(p.Coins, n)
	}
	return nil
}

func (k textKey) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%d/%d", k.A, k.B), nil }

func (k *textKey) UnmarshalText(b []byte) error {
	_, err := fmt.Sscanf(string(b), "%d/%d", &k.A, &k.B)
	return err
}

func (h *halfRead) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	if !isNull(av) { // nil is passed on as NULL here only
		h.V = fmt.Sprintf("%T", av)
	}
	return nil
}

func (h halfWritten) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"v": s("~" + h.V)}}, nil
}

var (
	leafTypes = []reflect.Type{
		reflect.TypeFor[bool](), reflect.TypeFor[string](), reflect.TypeFor[int](), reflect.TypeFor[int8](),
		reflect.TypeFor[int64](), reflect.TypeFor[uint](), reflect.TypeFor[uint16](), reflect.TypeFor[uint64](),
		reflect.TypeFor[float32](), reflect.TypeFor[float64](), reflect.TypeFor[[]byte](), reflect.TypeFor[[][]byte](),
		reflect.TypeFor[[3]byte](), reflect.TypeFor[[0]int](), reflect.TypeFor[time.Time](), reflect.TypeFor[any](),
		reflect.TypeFor[json.Number](), reflect.TypeFor[attributevalue.Number](), reflect.TypeFor[struct{}](),
		reflect.TypeFor[myBool](), reflect.TypeFor[myText](), reflect.TypeFor[myInt](), reflect.TypeFor[myUint](),
		reflect.TypeFor[myFloat](), reflect.TypeFor[myBytes](), reflect.TypeFor[myList](), reflect.TypeFor[myMap](),
		reflect.TypeFor[myTime](), reflect.TypeFor[myAny](), reflect.TypeFor[coin](),
		reflect.TypeFor[halfRead](), reflect.TypeFor[halfWritten](),
		reflect.TypeFor[node](), reflect.TypeFor[embedder](),
	}
	// addressedTypes are encoded by attributevalue as their Marshaler says only where they have an address.
	addressedTypes = []reflect.Type{reflect.TypeFor[purse](), reflect.TypeFor[attributevalue.UnixTime]()}
	keyTypes       = []reflect.Type{
		reflect.TypeFor[string](), reflect.TypeFor[myText](), reflect.TypeFor[bool](), reflect.TypeFor[int](),
		reflect.TypeFor[uint8](), reflect.TypeFor[float64](), reflect.TypeFor[float32](), reflect.TypeFor[textKey](),
		reflect.TypeFor[time.Time](),
	}
	setTypes = map[string][]reflect.Type{
		"stringset": {reflect.TypeFor[[]string](), reflect.TypeFor[myList](), reflect.TypeFor[[]time.Time](), reflect.TypeFor[[2]myText](), reflect.TypeFor[*[]string]()},
		"numberset": {reflect.TypeFor[[]int](), reflect.TypeFor[[]*float64](), reflect.TypeFor[[]json.Number](), reflect.TypeFor[[]coin]()},
		"binaryset": {reflect.TypeFor[[][]byte](), reflect.TypeFor[[]myBytes](), reflect.TypeFor[[][2]byte]()},
	}
	plainOptions = []string{"omitempty", "omitempty", "nullempty", "omitemptyelem", "nullemptyelem", "string", "unixtime"}
)

// drawType draws a type; addressed says that its values will have an address.
func drawType(t *rapid.T, depth int, addressed bool) reflect.Type {
	n := 0
	if depth > 0 {
		n = rapid.IntRange(0, 9).Draw(t, "shape")
	}
	switch n {
	case 5:
		return reflect.PointerTo(notInterface(drawType(t, depth-1, true)))
	case 6:
		return reflect.SliceOf(notByte(drawType(t, depth-1, true)))
	case 7:
		return reflect.ArrayOf(rapid.IntRange(0, 3).Draw(t, "len"), notByte(drawType(t, depth-1, addressed)))
	case 8:
		return reflect.MapOf(rapid.SampledFrom(keyTypes).Draw(t, "key"), drawType(t, depth-1, false))
	case 9:
		return drawStruct(t, depth-1, addressed)
	}
	if addressed && n == 4 {
		return rapid.SampledFrom(addressedTypes).Draw(t, "addressed")
	}
	return rapid.SampledFrom(leafTypes).Draw(t, "leaf")
}

func notByte(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Uint8 {
		return reflect.TypeFor[uint16]()
	}
	return t
}

// notInterface avoids pointers to interfaces and to pointers to Marshalers, an intended difference.
func notInterface(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Interface || t.Kind() == reflect.Pointer && isCustom(deref(t)) {
		return reflect.TypeFor[string]()
	}
	return t
}

func drawStruct(t *rapid.T, depth int, addressed bool) reflect.Type {
	fields := make([]reflect.StructField, rapid.IntRange(1, 5).Draw(t, "fields"))
	for i := range fields {
		f := reflect.StructField{Name: "F" + strconv.Itoa(i)}
		var option string
		if set := rapid.IntRange(0, 9).Draw(t, "set"); set < 3 {
			option = []string{"stringset", "numberset", "binaryset"}[set]
			f.Type = rapid.SampledFrom(setTypes[option]).Draw(t, "setType")
			if rapid.Bool().Draw(t, "omit") {
				option += ",omitempty"
			}
		} else {
			f.Type = drawType(t, depth, addressed)
			option = drawOptions(t, f.Type)
		}
		name := rapid.SampledFrom([]string{"", "n" + strconv.Itoa(i), "A.b" + strconv.Itoa(i)}).Draw(t, "name")
		f.Tag = reflect.StructTag(`dynamodbav:"` + name + "," + option + `"`)
		fields[i] = f
	}
	return reflect.StructOf(fields)
}

func drawOptions(t *rapid.T, typ reflect.Type) string {
	var kept []string
	for _, o := range rapid.SliceOfNDistinct(rapid.SampledFrom(plainOptions), 0, 3, rapid.ID).Draw(t, "options") {
		text := strings.Join(append(kept, o), ",")
		_, tag, _, _ := parseTag("," + text)
		if len(tag.check(typ)) > 0 || strings.HasPrefix(o, "null") && holdsTime(typ) {
			continue
		}
		kept = append(kept, o)
	}
	return strings.Join(kept, ",")
}

// holdsTime reports that typ is or may contain a time, whose zero is empty here only.
func holdsTime(typ reflect.Type) bool {
	switch typ.Kind() {
	case reflect.Interface:
		return true
	case reflect.Slice, reflect.Array, reflect.Map, reflect.Pointer:
		return holdsTime(typ.Elem())
	}
	return isTime(typ)
}

// drawValue fills v with a random value, within what both codecs agree on.
func drawValue(t *rapid.T, v reflect.Value, depth int, full bool) {
	typ := v.Type()
	switch {
	case isTime(typ):
		when := drawTime(t)
		if isCustom(typ) && when.IsZero() { // UnixTime, whose zero value is left out here only
			when = time.Unix(1700000000, 0)
		}
		v.Set(reflect.ValueOf(when).Convert(typ))
		return
	case isNumberText(typ):
		v.SetString(drawNumber(t))
		return
	}
	switch typ.Kind() {
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.String:
		v.SetString(drawText(t, full))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(rapid.Int64().Draw(t, "int") >> (64 - typ.Bits()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(rapid.Uint64().Draw(t, "uint") >> (64 - typ.Bits()))
	case reflect.Float32:
		v.SetFloat(float64(rapid.Float32Range(-3.4e38, 3.4e38).Draw(t, "float")))
	case reflect.Float64:
		v.SetFloat(rapid.Float64Range(-math.MaxFloat64, math.MaxFloat64).Draw(t, "float"))
	case reflect.Slice:
		n := drawLen(t, depth, full || typ == byteSlices)
		if n < 0 {
			return
		}
		v.Set(reflect.MakeSlice(typ, n, n))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			drawValue(t, v.Index(i), depth-1, full || typ == byteSlices)
		}
	case reflect.Map:
		n := drawLen(t, depth, full)
		if n < 0 {
			return
		}
		v.Set(reflect.MakeMap(typ))
		for range n {
			e := reflect.New(typ.Elem()).Elem()
			drawValue(t, e, depth-1, false)
			k := reflect.New(typ.Key()).Elem()
			drawValue(t, k, 1, true)
			if isTime(k.Type()) { // a zone is a pointer, which is equal to itself only
				k.Set(reflect.ValueOf(timeOf(k).UTC()))
			}
			v.SetMapIndex(k, e)
		}
	case reflect.Pointer:
		if full || depth > 0 && rapid.IntRange(0, 3).Draw(t, "nil") > 0 {
			v.Set(reflect.New(typ.Elem()))
			drawValue(t, v.Elem(), depth-1, full)
		}
	case reflect.Struct:
		drawFields(t, v, depth)
	case reflect.Interface:
		drawHeld(t, v, depth)
	}
}

func drawFields(t *rapid.T, v reflect.Value, depth int) {
	for i := range v.NumField() {
		sf := v.Type().Field(i)
		if !v.Field(i).CanSet() && !(sf.Anonymous && sf.Type.Kind() == reflect.Struct) || sf.Type.Kind() == reflect.Chan {
			continue
		}
		set := strings.Contains(string(sf.Tag), "set")
		if set && rapid.IntRange(0, 4).Draw(t, "nilset") == 0 {
			continue
		}
		drawValue(t, v.Field(i), max(depth-1, 0), set)
	}
}

func drawHeld(t *rapid.T, v reflect.Value, depth int) {
	if depth <= 0 || rapid.IntRange(0, 4).Draw(t, "nil") == 0 {
		return
	}
	held := reflect.New(drawType(t, 1, false)).Elem()
	drawValue(t, held, depth-1, false)
	if held.Kind() != reflect.Interface {
		v.Set(held)
	}
}

func drawLen(t *rapid.T, depth int, full bool) int {
	if full {
		return rapid.IntRange(1, 4).Draw(t, "len")
	}
	if depth <= 0 {
		return rapid.IntRange(-1, 0).Draw(t, "len")
	}
	return rapid.IntRange(-1, 3).Draw(t, "len")
}

func drawText(t *rapid.T, full bool) string {
	if full {
		return rapid.StringN(1, 6, -1).Draw(t, "text")
	}
	return rapid.StringN(0, 6, -1).Draw(t, "text")
}

func drawNumber(t *rapid.T) string {
	return rapid.StringMatching(`-?(0|[1-9][0-9]{0,12})(\.[0-9]{1,6})?`).Draw(t, "number")
}

func drawTime(t *rapid.T) time.Time {
	if rapid.IntRange(0, 3).Draw(t, "zero") == 0 {
		return time.Time{}
	}
	sec := rapid.Int64Range(-62135596800+86400, 253402300799-86400).Draw(t, "sec")
	nsec := rapid.SampledFrom([]int64{0, 1, 500_000_000, 999_999_999}).Draw(t, "nsec")
	zone := rapid.SampledFrom([]int{0, 3600, -5 * 3600, 5*3600 + 1800}).Draw(t, "zone")
	if zone == 0 {
		return time.Unix(sec, nsec).UTC()
	}
	return time.Unix(sec, nsec).In(time.FixedZone("", zone))
}
