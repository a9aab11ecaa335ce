package statement

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"

	"github.com/go-jose/go-jose/v4"
)

// signers are the algorithms that a statement may be signed with.
var signers = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512}

// CheckSignature says what is wrong with the signature of a statement: a JWS, in compact form, of the statement as it was before
// the signature was attached. Where the JWS brings its certificate, it is proved with it.
func CheckSignature(s *Statement, signature []byte, field string) error {
	jws, err := jose.ParseSignedCompact(string(signature), signers)
	if err != nil {
		return wrong(field, "this is no JWS signed with RS256, RS384 or RS512: %v", err)
	}
	payload, err := Parse(jws.UnsafePayloadWithoutVerification())
	if err != nil || !payload.IsObject() {
		return wrong(field, "what was signed is no statement in JSON")
	}
	if key := certified(signature); key != nil {
		if _, err := jws.Verify(key); err != nil {
			return wrong(field, "the signature is not of this text and this certificate")
		}
	}
	said, signed := unsigned(s.All), unsigned(payload)
	for _, name := range own {
		if payload.Get(name) != nil && s.All.Get(name) != nil && !Equal(payload.Get(name), s.All.Get(name)) {
			return wrong(field, "another %s was signed", name)
		}
	}
	if !Same(said, signed) {
		return wrong(field, "another statement was signed")
	}
	return nil
}

// certified returns the public key of the first certificate that a JWS brings, or nil.
func certified(signature []byte) any {
	header, _, _ := bytes.Cut(signature, []byte("."))
	plain, err := base64.RawURLEncoding.DecodeString(string(header))
	if err != nil {
		return nil
	}
	var h struct {
		X5C [][]byte `json:"x5c"`
	}
	if json.Unmarshal(plain, &h) != nil || len(h.X5C) == 0 {
		return nil
	}
	c, err := x509.ParseCertificate(h.X5C[0])
	if err != nil {
		return nil
	}
	return c.PublicKey
}

// unsigned returns a statement without its signatures.
func unsigned(v *Value) *Value {
	var rest []*Value
	for _, a := range v.Get("attachments").Items() {
		if a.Get("usageType").Text() != SignatureUsage {
			rest = append(rest, a)
		}
	}
	out := v.Without("attachments")
	if len(rest) > 0 {
		out.Set("attachments", Array(rest...))
	}
	return out
}
