package blob_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/blob"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// liveS3 is a client of the server of the environment, with a bucket of its own.
func liveS3(t *testing.T) (client *s3.Client, bucket string) {
	t.Helper()
	const variable = "DYNOX_TEST_S3"
	at := os.Getenv(variable)
	if at == "" {
		t.Skip(variable + " is not set: see .ci/s3")
	}
	is, ctx := is.New(t), t.Context()
	u, err := url.Parse(at)
	is.NoErr(err)
	secret, _ := u.User.Password()
	client = s3.New(s3.Options{
		BaseEndpoint: aws.String(u.Scheme + "://" + u.Host), Region: "us-east-1", UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(u.User.Username(), secret, ""),
	})
	bucket = "dynox-" + strings.ToLower(rand.Text())
	_, err = client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket})
	is.NoErr(err)
	return client, bucket
}

func liveObjects(t *testing.T, client *s3.Client, bucket string) (names []string) {
	t.Helper()
	out, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range out.Contents {
		names = append(names, aws.ToString(o.Key))
	}
	return names
}

// TestLive holds for any S3.
func TestLive(t *testing.T) {
	client, bucket := liveS3(t)
	is, ctx := is.New(t), t.Context()
	store, err := blob.NewStore(client, bucket, blob.Prefix("a/b"), blob.Concurrency(3))
	is.NoErr(err)
	table := dynox.NewTable(memtable.New(t).Client(), "papers")
	r, err := dynox.NewRepo(table, key, blob.Field(scan, store), blob.Field(note, store, blob.Auto(10)))
	is.NoErr(err)
	is.NoErr(table.Ensure(ctx, r))

	big := make([]byte, 11<<20+7)
	_, _ = rand.Read(big)
	for _, owner := range []string{"plain", "ä/ö?#%&+=@:;,$!*'()[]{}|\\^`<>\"~ .", "../..", "\x01\x7f\u2028🦊"} {
		for n, ref := range []blob.Ref{
			blob.From([]byte("few"), blob.Type("text/plain"), blob.Meta(map[string]string{"by": "me"})),
			blob.From(big),
			blob.FromReader(io.MultiReader(bytes.NewReader(big)), blob.Type("image/png"), blob.Meta(map[string]string{"by": "me"})),
			blob.FromReader(io.MultiReader(bytes.NewReader(big[:5<<20]))),
		} {
			p := paper{Owner: owner, N: n, Scan: ref, More: &more{Note: blob.From([]byte("a longer note"))}}
			is.NoErr(r.Put(ctx, &p))
			got, err := r.Get(ctx, p)
			is.NoErr(err)
			is.True(got.Scan.Equal(p.Scan))
			all, err := got.Scan.Bytes(ctx, 20<<20)
			is.NoErr(err)
			is.True(string(all) == "few" || bytes.Equal(all, big[:len(all)]) && len(all) >= 5<<20)
			part := make([]byte, 2)
			_, err = got.Scan.ReadAt(ctx, part, 1)
			is.NoErr(err)
			is.Equal(part, all[1:3])
			_, err = got.Scan.ReadAt(ctx, part, int64(len(all)-1))
			is.Equal(err, io.EOF)

			link, err := got.Scan.Link(ctx, time.Minute)
			is.NoErr(err)
			resp, err := http.Get(link) //nolint:gosec,noctx // of the server under test
			is.NoErr(err)
			linked, err := io.ReadAll(resp.Body)
			is.NoErr(errors.Join(err, resp.Body.Close()))
			is.True(bytes.Equal(linked, all))
			if ref.Type() != "" {
				is.Equal(resp.Header.Get("Content-Type"), ref.Type())
				is.Equal(resp.Header.Get("X-Amz-Meta-By"), "me")
			}
		}
	}

	// A link brings bytes once.
	p := paper{Owner: "linked", N: 1}
	is.NoErr(r.Put(ctx, &p))
	link, err := blob.NewUploadLink(ctx, r, scan, p, time.Minute, blob.Type("image/png"), blob.Meta(map[string]string{"by": "you"}))
	is.NoErr(err)
	_, err = store.Adopt(ctx, link.Name)
	is.True(errors.Is(err, blob.ErrGone))
	for _, status := range []int{http.StatusOK, http.StatusPreconditionFailed} {
		req, err := http.NewRequestWithContext(ctx, link.Method, link.URL, strings.NewReader("pixels"))
		is.NoErr(err)
		req.Header = link.Header.Clone()
		resp, err := http.DefaultClient.Do(req)
		is.NoErr(err)
		is.NoErr(resp.Body.Close())
		is.Equal(resp.StatusCode, status)
	}
	ref, err := store.Adopt(ctx, link.Name)
	is.NoErr(err)
	is.Equal(ref.Type(), "image/png")
	is.Equal(ref.Meta(), map[string]string{"by": "you"})
	p, err = r.Update(ctx, p, scan.Set(ref))
	is.NoErr(err)
	is.Equal(read(t, p.Scan), "pixels")

	// A refused write leaves nothing, and neither does a failed upload.
	before := liveObjects(t, client, bucket)
	is.Equal(len(before), 33)
	is.True(errors.Is(r.Put(ctx, &paper{Owner: "plain", Scan: blob.From(big)}, expr.If(title.Eq("no"))), dynox.ErrConditionFailed))
	is.True(errors.Is(r.Put(ctx, &paper{Owner: "plain", Scan: blob.FromReader(io.MultiReader(bytes.NewReader(big), failing{}))}), errFailing))
	is.Equal(liveObjects(t, client, bucket), before)

	// Sweep takes what nothing refers to, and what never ended.
	_, err = r.Update(ctx, p, scan.Set(blob.From([]byte("other"))))
	is.NoErr(err)
	name := link.Name + "-begun"
	_, err = client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &bucket, Key: &name})
	is.NoErr(err)
	time.Sleep(1100 * time.Millisecond) // the server tells whole seconds
	young, err := blob.Sweep(ctx, r, scan)
	is.NoErr(err)
	is.True(young.Done && young.Objects == 18 && young.Orphans == 0 && young.Uploads == 0)
	done, err := blob.Sweep(ctx, r, scan, blob.Older(time.Nanosecond), blob.DryRun())
	is.NoErr(err)
	is.True(done.Orphans == 1 && done.Removed == 0 && done.Uploads == 1)
	done, err = blob.Sweep(ctx, r, scan, blob.Older(time.Nanosecond))
	is.NoErr(err)
	is.True(done.Orphans == 1 && done.Removed == 1 && done.Uploads == 1)
	is.Equal(len(liveObjects(t, client, bucket)), 33)
	uploads, err := client.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: &bucket})
	is.NoErr(err)
	is.Equal(len(uploads.Uploads), 0)
	for p, err := range r.Scan(ctx, dynox.All[paper]()) {
		is.NoErr(err)
		_, err := p.Scan.WriteTo(ctx, io.Discard)
		is.NoErr(err)
		is.NoErr(r.Delete(ctx, p))
	}
	is.Equal(len(liveObjects(t, client, bucket)), 0)
	_, err = p.Scan.Open(ctx)
	is.True(errors.Is(err, blob.ErrGone))
}
