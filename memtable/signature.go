package memtable

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// AcceptKey makes the engine accept only requests that are signed with one of the keys it is called with.
// Without it every well-formed signature is good enough. [Engine.Client] signs with the first key.
//
// Signatures go by [time.Now], as clients do, not by the engine's clock.
func AcceptKey(id, secret string) Option {
	return func(e *Engine) { e.keys = append(e.keys, accessKey{id, secret}) }
}

type accessKey struct{ id, secret string }

// clockSkew is how far the time of a signature may be off.
const clockSkew = 5 * time.Minute

// signature is how a request is signed, in its Authorization header or its query.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
type signature struct {
	credential, signature, signed string
	date                          string // of the request, such as 20260102T030405Z
	query                         bool
}

func refuse(code, message string) error { return badRequest(inService+code, message) }

// authenticate checks a request's signature: that there is one, and, where the test names keys, that it is
// of one of them.
func (e *Engine) authenticate(req *http.Request, body []byte) error {
	header := req.Header.Get("Authorization")
	var query url.Values
	if req.URL.RawQuery != "" {
		query = req.URL.Query()
	}
	inQuery := query.Has("X-Amz-Algorithm")
	var sig signature
	var err error
	switch {
	case header != "" && inQuery:
		return refuse("InvalidSignatureException", "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.")
	case inQuery:
		sig, err = signedQuery(query)
	case strings.HasPrefix(strings.TrimSpace(header), "AWS4-"):
		sig, err = signedHeader(req.Header, header)
	default:
		return refuse("MissingAuthenticationTokenException", "Request is missing Authentication Token")
	}
	if err != nil || len(e.keys) == 0 {
		return err
	}
	return e.verify(sig, req, body)
}

// signedQuery reads the parameters of a presigned request.
func signedQuery(query url.Values) (signature, error) {
	var missing strings.Builder
	for _, name := range []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"} {
		if query.Get(name) == "" {
			missing.WriteString("AWS query-string parameters must include '" + name + "'. ")
		}
	}
	if missing.Len() > 0 {
		return signature{}, refuse("IncompleteSignatureException", missing.String()+"Re-examine the query-string parameters.")
	}
	return signature{
		credential: query.Get("X-Amz-Credential"), signature: query.Get("X-Amz-Signature"),
		signed: query.Get("X-Amz-SignedHeaders"), date: query.Get("X-Amz-Date"), query: true,
	}, nil
}

// signedHeader reads the parameters of an Authorization header, which commas or spaces separate.
func signedHeader(header http.Header, text string) (signature, error) {
	sig := signature{date: header.Get("X-Amz-Date")}
	if sig.date == "" {
		sig.date = header.Get("Date")
	}
	for p := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		switch name, value, _ := strings.Cut(p, "="); name {
		case "Credential":
			sig.credential = value
		case "Signature":
			sig.signature = value
		case "SignedHeaders":
			sig.signed = value
		}
	}
	missing := ""
	for _, part := range [][2]string{{"Credential", sig.credential}, {"Signature", sig.signature}, {"SignedHeaders", sig.signed}} {
		if part[1] == "" {
			missing += "Authorization header requires '" + part[0] + "' parameter. "
		}
	}
	if sig.date == "" {
		missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
	}
	if missing != "" {
		return sig, refuse("IncompleteSignatureException", missing+"Authorization="+text)
	}
	return sig, nil
}

// verify checks a signature against the keys that the engine accepts.
func (e *Engine) verify(sig signature, req *http.Request, body []byte) error {
	id, scope, _ := strings.Cut(sig.credential, "/")
	i := slices.IndexFunc(e.keys, func(k accessKey) bool { return k.id == id })
	if i < 0 {
		return refuse("UnrecognizedClientException", "The security token included in the request is invalid.")
	}
	if err := checkDate(sig.date, time.Now().UTC()); err != nil {
		return err
	}
	parts := strings.Split(scope, "/")
	canonical := sha256.Sum256([]byte(sig.canonical(req, body)))
	text := strings.Join([]string{"AWS4-HMAC-SHA256", sig.date, scope, hex.EncodeToString(canonical[:])}, "\n")
	key := []byte("AWS4" + e.keys[i].secret)
	for _, part := range append(parts, text) {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	if len(parts) != 4 || !hmac.Equal([]byte(hex.EncodeToString(key)), []byte(sig.signature)) {
		return refuse("InvalidSignatureException", "The request signature we calculated does not match the signature you provided. "+
			"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	}
	return nil
}

const dateForm = "20060102T150405Z"

func checkDate(date string, now time.Time) error {
	at, err := time.Parse(dateForm, date)
	earliest, latest := now.Add(-clockSkew), now.Add(clockSkew)
	switch {
	case err != nil:
		return refuse("IncompleteSignatureException", "Date must be in ISO-8601 'basic format'. Got '"+date+"'. See http://en.wikipedia.org/wiki/ISO_8601")
	case at.Before(earliest):
		return refuse("InvalidSignatureException", "Signature expired: "+date+" is now earlier than "+earliest.Format(dateForm)+" ("+now.Format(dateForm)+" - 5 min.)")
	case at.After(latest):
		return refuse("InvalidSignatureException", "Signature not yet current: "+date+" is still later than "+latest.Format(dateForm)+" ("+now.Format(dateForm)+" + 5 min.)")
	}
	return nil
}

// canonical is the canonical form of a request, which is what is signed.
func (sig signature) canonical(req *http.Request, body []byte) string {
	query := req.URL.Query()
	query.Del("X-Amz-Signature")
	path := req.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	sum := sha256.Sum256(body)
	lines := []string{req.Method, path, strings.ReplaceAll(query.Encode(), "+", "%20")}
	for name := range strings.SplitSeq(sig.signed, ";") {
		lines = append(lines, name+":"+headerValue(req, name))
	}
	return strings.Join(append(lines, "", sig.signed, hex.EncodeToString(sum[:])), "\n")
}

// headerValue is a header's value as it is signed; net/http keeps some headers elsewhere.
func headerValue(req *http.Request, name string) string {
	switch {
	case name == "host" && req.Host != "":
		return req.Host
	case name == "host":
		return req.URL.Host
	case name == "content-length":
		return strconv.FormatInt(req.ContentLength, 10)
	}
	values := slices.Clone(req.Header.Values(name))
	for i, v := range values {
		values[i] = strings.Join(strings.Fields(v), " ")
	}
	return strings.Join(values, ",")
}
