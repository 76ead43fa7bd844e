package memtable_test

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"
	"pgregory.net/rapid"

	"github.com/dynox-go/dynox/memtable"
)

func expireThings(t *testing.T, client *dynamodb.Client) {
	t.Helper()
	_, err := client.UpdateTimeToLive(t.Context(), &dynamodb.UpdateTimeToLiveInput{TableName: aws.String("things"),
		TimeToLiveSpecification: &types.TimeToLiveSpecification{Enabled: aws.Bool(true), AttributeName: aws.String("until")}})
	if err != nil {
		t.Fatal(err)
	}
}

func until(at time.Time) item {
	return item{"pk": s("a"), "sk": s("b"), "until": n(strconv.FormatInt(at.Unix(), 10))}
}

func TestItemsExpireWithTheTestsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		client, engine := newClient(t)
		expireThings(t, client)
		_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("things"), Item: until(time.Now().Add(time.Hour))})
		is.NoErr(err)
		time.Sleep(time.Hour - time.Nanosecond)
		is.Equal(stored(t, engine), 1)
		time.Sleep(time.Nanosecond)
		is.Equal(stored(t, engine), 0)
		is.NoErr(engine.Check())
	})
}

func TestAdvance(t *testing.T) {
	is := is.New(t)
	client, engine := newClient(t)
	expireThings(t, client)
	_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("things"), Item: until(time.Now().Add(time.Hour))})
	is.NoErr(err)
	engine.Advance(59 * time.Minute)
	is.Equal(stored(t, engine), 1)
	engine.Advance(-time.Hour) // time doesn't go back
	engine.Advance(time.Minute)
	is.Equal(stored(t, engine), 0)
}

func TestTTLDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		client, engine := newClient(t, memtable.WithTTLDelay(time.Minute))
		expireThings(t, client)
		_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("things"), Item: until(time.Now())})
		is.NoErr(err)
		time.Sleep(59 * time.Second)
		is.Equal(stored(t, engine), 1)
		time.Sleep(time.Second)
		is.Equal(stored(t, engine), 0)
	})
}

func TestTimeToLiveTakesItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		client, engine := newClient(t, memtable.WithTableDelay(time.Minute))
		status := func() (types.TimeToLiveStatus, error) {
			out, err := client.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: aws.String("things")})
			if err != nil {
				return "", err
			}
			return out.TimeToLiveDescription.TimeToLiveStatus, nil
		}
		_, err := status()
		is.Equal(refused(t, err), "Cannot describe time to live while table is in CREATING state: Current table state is CREATING")
		time.Sleep(time.Minute)
		_, err = client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("things"), Item: until(time.Now())})
		is.NoErr(err)
		expireThings(t, client)
		got, err := status()
		is.NoErr(err)
		is.Equal(got, types.TimeToLiveStatusEnabling)
		time.Sleep(59 * time.Second)
		is.Equal(stored(t, engine), 1) // nothing expires before it is enabled
		time.Sleep(time.Second)
		is.Equal(stored(t, engine), 0)
		got, err = status()
		is.NoErr(err)
		is.Equal(got, types.TimeToLiveStatusEnabled)
	})
}

// TestExpiryAgainstAModel holds items with random times to a map, while time goes on in steps.
func TestExpiryAgainstAModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		engine := memtable.Open(memtable.WithClock(func() time.Time { return now }))
		streaming(t, engine, "NEW_AND_OLD_IMAGES")
		after := rapid.IntRange(0, 3).Draw(r, "enabled after")
		model := map[int]time.Time{} // by sort key; zero for an item that doesn't expire
		enabled := false
		for step := range 20 {
			if !enabled && step >= after {
				ok(t, engine, "UpdateTimeToLive", `{"TableName":"streamed","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"until"}}`)
				enabled = true
			}
			sk := rapid.IntRange(0, 5).Draw(r, "sk")
			switch rapid.SampledFrom([]string{"put", "put", "never", "delete", "move"}).Draw(r, "write") {
			case "put":
				at := now.Add(time.Duration(rapid.IntRange(-5, 15).Draw(r, "until")) * time.Second)
				putStreamed(t, engine, "p", sk, fmt.Sprintf(`,"until":{"N":"%d"}`, at.Unix()))
				model[sk] = at
			case "never":
				putStreamed(t, engine, "p", sk, "")
				model[sk] = time.Time{}
			case "delete":
				ok(t, engine, "DeleteItem", fmt.Sprintf(`{"TableName":"streamed","Key":{"pk":{"S":"p"},"sk":{"N":"%d"}}}`, sk))
				delete(model, sk)
			case "move":
				at := now.Add(20 * time.Second)
				ok(t, engine, "UpdateItem", fmt.Sprintf(`{"TableName":"streamed","Key":{"pk":{"S":"p"},"sk":{"N":"%d"}},"UpdateExpression":"SET #u = :u",
					"ExpressionAttributeNames":{"#u":"until"},"ExpressionAttributeValues":{":u":{"N":"%d"}}}`, sk, at.Unix()))
				model[sk] = at
			}
			now = now.Add(time.Duration(rapid.IntRange(0, 4).Draw(r, "pause")) * time.Second)
			if enabled {
				maps.DeleteFunc(model, func(_ int, at time.Time) bool { return !at.IsZero() && !at.After(now) })
			}
			items, err := engine.Dump("streamed")
			if err != nil || len(items) != len(model) {
				r.Fatalf("%d items, want %d: %v", len(items), len(model), err)
			}
			for _, text := range items {
				_, rest, _ := strings.Cut(text, `"sk":{"N":"`)
				digits, _, _ := strings.Cut(rest, `"`)
				if n, err := strconv.Atoi(digits); err != nil {
					r.Fatal(err)
				} else if _, there := model[n]; !there {
					r.Fatalf("item %d should be gone", n)
				}
			}
			if err := engine.Check(); err != nil {
				r.Fatal(err)
			}
		}
	})
}
