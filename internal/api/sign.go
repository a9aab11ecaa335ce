// Package api has the doors for machines: other nodes, and in time other programs.
package api

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"tizi/internal/id"
	"tizi/internal/seal"
)

// Messages between nodes are signed, so that exchange is safe over plain HTTP as far as who speaks goes; who listens on
// the way learns what happened, not to whom, and HTTPS keeps that from them too. The form is RFC 9421 (HTTP Message
// Signatures) with Ed25519 and RFC 9530 (Digest Fields); what is covered is always the same.

const (
	headerTo      = "Tizi-To"      // the node that is asked
	headerSession = "Tizi-Session" // what hello gave out, so that an old question is not asked again by another
	headerFault   = "Tizi-Fault"   // which fault an answer is
	label         = "tizi"
)

var errSignature = errors.New("the message is not signed by the node it says it is from")

// digest is the value of Content-Digest.
func digest(body []byte) string {
	h := sha256.Sum256(body)
	return "sha-256=:" + base64.StdEncoding.EncodeToString(h[:]) + ":"
}

// params are those of a signature (RFC 9421, section 2.3).
func params(components []string, node id.ID) string {
	quoted := make([]string, len(components))
	for i, c := range components {
		if name, param, ok := strings.Cut(c, ";"); ok {
			quoted[i] = fmt.Sprintf("%q;%s", name, param)
		} else {
			quoted[i] = fmt.Sprintf("%q", c)
		}
	}
	return fmt.Sprintf(`(%s);keyid=%q;alg="ed25519"`, strings.Join(quoted, " "), node.Hex())
}

// base is what is signed (RFC 9421, section 2.5).
func base(components, values []string, params string) []byte {
	var b strings.Builder
	for i, c := range components {
		name, param, ok := strings.Cut(c, ";")
		fmt.Fprintf(&b, "%q", name)
		if ok {
			b.WriteString(";" + param)
		}
		b.WriteString(": " + values[i] + "\n")
	}
	fmt.Fprintf(&b, `"@signature-params": %s`, params)
	return []byte(b.String())
}

var asked = []string{"@method", "@path", "content-digest", "tizi-to", "tizi-session"}

func askedValues(r *http.Request) []string {
	return []string{r.Method, r.URL.EscapedPath(), r.Header.Get("Content-Digest"), r.Header.Get(headerTo), r.Header.Get(headerSession)}
}

var answered = []string{"@status", "content-digest", "tizi-session", "tizi-fault", "signature;req"}

func answeredValues(status int, h http.Header, request string) []string {
	return []string{fmt.Sprint(status), h.Get("Content-Digest"), h.Get(headerSession), h.Get(headerFault), request}
}

func sign(own *seal.Identity, components, values []string, h http.Header) {
	p := params(components, own.Node())
	h.Set("Signature-Input", label+"="+p)
	h.Set("Signature", label+"=:"+base64.StdEncoding.EncodeToString(own.Sign(base(components, values, p)))+":")
}

// signer returns who says that they signed a message.
func signer(h http.Header, components []string) (id.ID, error) {
	in := h.Get("Signature-Input")
	_, rest, ok := strings.Cut(in, `keyid="`)
	hex, _, ok2 := strings.Cut(rest, `"`)
	if !ok || !ok2 {
		return id.Nil, errSignature
	}
	v, err := id.Parse(hex)
	if err != nil || in != label+"="+params(components, v) {
		return id.Nil, errSignature
	}
	return v, nil
}

func verify(public ed25519.PublicKey, components, values []string, h http.Header) error {
	v, err := signer(h, components)
	if err != nil {
		return err
	}
	s, ok := strings.CutPrefix(h.Get("Signature"), label+"=:")
	s, ok2 := strings.CutSuffix(s, ":")
	sig, err := base64.StdEncoding.DecodeString(s)
	if !ok || !ok2 || err != nil || len(public) != ed25519.PublicKeySize || seal.NodeOf(public) != v || !ed25519.Verify(public, base(components, values, params(components, v)), sig) {
		return errSignature
	}
	return nil
}
