package memtable_test

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

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
