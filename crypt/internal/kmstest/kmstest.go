// Package kmstest is a key service in this process, for tests: what package crypt
// needs of KMS, behind a real *kms.Client, with faults.
package kmstest

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

// blobSize is that of what KMS wraps a key of 256 bits into.
const blobSize = 184

// Service is the service, in all regions. It is an [http.RoundTripper] that answers
// by itself.
type Service struct {
	mu      sync.Mutex
	keys    map[string]cipher.AEAD // by their ids
	aliases map[string]string      // to ids
	calls   []Call
	faults  []*fault
	now     int // calls under way
	peak    int
}

// Call is a call that was answered, or not.
type Call struct {
	Name    string // Decrypt
	Region  string
	KeyID   string // as it was given
	Context map[string]string
}

// Fault is what goes wrong with a call.
type Fault struct {
	Code   string        // an error that the service answers
	Status int           // of that, 400 if it is 0
	Cut    bool          // the connection breaks when the call was made
	Delay  time.Duration // before anything else
}

// Throttled, Denied and Broken are faults.
var (
	Throttled = Fault{Code: "ThrottlingException"}
	Denied    = Fault{Code: "AccessDeniedException"}
	Broken    = Fault{Code: "KMSInternalException", Status: http.StatusInternalServerError}
	CutOff    = Fault{Cut: true}
)

type fault struct {
	call  string
	left  int
	fault Fault
}

// New is a service with keys of these ids. Those that begin with mrk- are
// multi-Region keys, with a replica in every region; others are in us-east-1.
func New(ids ...string) *Service {
	s := &Service{keys: make(map[string]cipher.AEAD), aliases: make(map[string]string)}
	for _, id := range ids {
		key := make([]byte, 32)
		_, _ = rand.Read(key)
		block, _ := aes.NewCipher(key)
		s.keys[id], _ = cipher.NewGCMWithRandomNonce(block)
	}
	return s
}

// Alias points an alias, such as alias/orders, to a key.
func (s *Service) Alias(name, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aliases[name] = id
}

// Fail makes the next calls of that name go wrong, -1 for all of them.
func (s *Service) Fail(call string, times int, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &fault{call, times, f})
}

// Heal ends all faults.
func (s *Service) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Calls are the calls since it was asked before.
func (s *Service) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}

// Peak is how many calls were under way at once, at most.
func (s *Service) Peak() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peak
}

// Client is a client of the service in us-east-1, unless an option says otherwise.
func (s *Service) Client(optFns ...func(*kms.Options)) *kms.Client {
	return kms.New(kms.Options{
		Region:      "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient:  &http.Client{Transport: s},
	}, optFns...)
}

// ARN is that of a key in a region.
func ARN(region, id string) string { return "arn:aws:kms:" + region + ":111122223333:key/" + id }

type request struct {
	KeyID             string `json:"KeyId"`
	CiphertextBlob    []byte
	KeySpec           string
	EncryptionContext map[string]string
}

type answer struct {
	KeyID          string `json:"KeyId"`
	CiphertextBlob []byte `json:",omitempty"`
	Plaintext      []byte
}

// RoundTrip answers a request of a client.
func (s *Service) RoundTrip(r *http.Request) (*http.Response, error) {
	var in request
	err := json.NewDecoder(r.Body).Decode(&in)
	_ = r.Body.Close()
	if err != nil {
		return reply(r, http.StatusBadRequest, map[string]string{"__type": "SerializationException"}), nil
	}
	_, name, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	region := append(strings.Split(scope, "/"), "", "", "")[2]
	f := s.begin(Call{name, region, in.KeyID, in.EncryptionContext})
	defer s.end()
	if err := pause(r.Context(), f.Delay); err != nil {
		return nil, err
	}
	switch {
	case f.Cut:
		return nil, syscall.ECONNRESET
	case f.Code != "":
		status := f.Status
		if status == 0 {
			status = http.StatusBadRequest
		}
		return reply(r, status, map[string]string{"__type": f.Code, "message": "the service's own words"}), nil
	}
	out, code := s.answer(name, region, in)
	if code != "" {
		return reply(r, http.StatusBadRequest, map[string]string{"__type": code, "message": "the service's own words"}), nil
	}
	return reply(r, http.StatusOK, out), nil
}

func (s *Service) begin(c Call) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, c)
	s.now++
	s.peak = max(s.peak, s.now)
	for _, f := range s.faults {
		if f.call == c.Name && f.left != 0 {
			f.left--
			return f.fault
		}
	}
	return Fault{}
}

func (s *Service) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now--
}

func pause(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// resolve is the id of a key that is in the region, "" if there is none.
func (s *Service) resolve(given, region string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if rest, ok := strings.CutPrefix(given, "arn:aws:kms:"); ok {
		of, rest, _ := strings.Cut(rest, ":111122223333:")
		if of != region {
			return ""
		}
		given = strings.TrimPrefix(rest, "key/")
	}
	if id, ok := s.aliases[given]; ok {
		given = id
	}
	if s.keys[given] == nil || region != "us-east-1" && !strings.HasPrefix(given, "mrk-") {
		return ""
	}
	return given
}

func (s *Service) answer(name, region string, in request) (out answer, code string) {
	id := s.resolve(in.KeyID, region)
	if id == "" && in.KeyID != "" {
		return out, "NotFoundException"
	}
	bound, _ := json.Marshal(in.EncryptionContext) // in the order of the names
	if len(in.EncryptionContext) == 0 {
		bound = nil
	}
	switch name {
	case "GenerateDataKey":
		if in.KeySpec != "AES_256" {
			return out, "ValidationException"
		}
		key := make([]byte, 32)
		_, _ = rand.Read(key)
		blob := append([]byte{byte(len(id))}, id...)
		blob = s.keys[id].Seal(blob, nil, key, bound)
		blob = append(blob, make([]byte, blobSize-len(blob))...)
		return answer{ARN(region, id), blob, key}, ""
	case "Decrypt":
		blob := in.CiphertextBlob
		if len(blob) != blobSize || int(blob[0])+61 > blobSize {
			return out, "InvalidCiphertextException"
		}
		n := 1 + int(blob[0])
		of := string(blob[1:n])
		if s.keys[of] == nil || slices.ContainsFunc(blob[n+60:], func(b byte) bool { return b != 0 }) {
			return out, "InvalidCiphertextException"
		}
		if id != "" && id != of {
			return out, "IncorrectKeyException"
		}
		key, err := s.keys[of].Open(nil, nil, blob[n:n+60], bound)
		if err != nil {
			return out, "InvalidCiphertextException"
		}
		return answer{KeyID: ARN(region, of), Plaintext: key}, ""
	}
	return out, "UnknownOperationException"
}

func reply(r *http.Request, status int, body any) *http.Response {
	text, _ := json.Marshal(body)
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		ContentLength: int64(len(text)), Body: io.NopCloser(bytes.NewReader(text)), Request: r,
	}
}
