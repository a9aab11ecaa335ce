package access_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"
)

// authenticator is a device that keeps one passkey, in software: what it says is what a browser hands on.
type authenticator struct {
	t       testing.TB
	origin  string // what the browser says the page's address is
	key     *ecdsa.PrivateKey
	id      []byte
	user    []byte
	counter uint32
	// Ways of going wrong.
	unverified bool // nobody touched the device
	forged     bool // another key signs
}

func newAuthenticator(t testing.TB, origin string) *authenticator {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	a := &authenticator{t: t, origin: origin, key: k, id: make([]byte, 32)}
	rand.Read(a.id)
	return a
}

// asked is what a server asks a browser for.
type askedOf struct {
	PublicKey struct {
		Challenge string `json:"challenge"`
		RPID      string `json:"rpId"`
		RP        struct {
			ID string `json:"id"`
		} `json:"rp"`
		User struct {
			ID string `json:"id"`
		} `json:"user"`
	} `json:"publicKey"`
}

func url64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (a *authenticator) read(ask any) askedOf {
	b, err := json.Marshal(ask)
	must(a.t, err)
	var v askedOf
	must(a.t, json.Unmarshal(b, &v))
	return v
}

func (a *authenticator) client(typ, challenge string) []byte {
	b, err := json.Marshal(map[string]any{"type": typ, "challenge": challenge, "origin": a.origin, "crossOrigin": false})
	must(a.t, err)
	return b
}

func (a *authenticator) data(rp string, more []byte) []byte {
	h := sha256.Sum256([]byte(rp))
	flags := byte(1 | 4) // present, verified
	if a.unverified {
		flags = 1
	}
	if more != nil {
		flags |= 0x40
	}
	a.counter++
	out := append(h[:], flags)
	return append(binary.BigEndian.AppendUint32(out, a.counter), more...)
}

// cborText and cborBytes are the two kinds of strings of CBOR, up to 65535 bytes.
func cborText(s string) []byte { return append([]byte{0x60 + byte(len(s))}, s...) }

func cborBytes(b []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0x59}, uint16(len(b))), b...)
}

// create answers navigator.credentials.create.
func (a *authenticator) create(ask any) []byte {
	v := a.read(ask)
	var err error
	a.user, err = base64.RawURLEncoding.DecodeString(v.PublicKey.User.ID)
	must(a.t, err)
	point, err := a.key.PublicKey.Bytes() // 4, x, y
	must(a.t, err)
	cose := []byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21}
	cose = append(cose, cborBytes(point[1:33])...)
	cose = append(append(cose, 0x22), cborBytes(point[33:])...)
	more := binary.BigEndian.AppendUint16(make([]byte, 16), uint16(len(a.id)))
	more = append(append(more, a.id...), cose...)
	object := []byte{0xa3}
	object = append(append(object, cborText("fmt")...), cborText("none")...)
	object = append(append(object, cborText("attStmt")...), 0xa0)
	object = append(append(object, cborText("authData")...), cborBytes(a.data(v.PublicKey.RP.ID, more))...)
	b, err := json.Marshal(map[string]any{"id": url64(a.id), "rawId": url64(a.id), "type": "public-key",
		"response": map[string]string{"clientDataJSON": url64(a.client("webauthn.create", v.PublicKey.Challenge)), "attestationObject": url64(object)}})
	must(a.t, err)
	return b
}

// get answers navigator.credentials.get.
func (a *authenticator) get(ask any) []byte {
	v := a.read(ask)
	data, client := a.data(v.PublicKey.RPID, nil), a.client("webauthn.get", v.PublicKey.Challenge)
	hash := sha256.Sum256(client)
	sum := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	key := a.key
	if a.forged {
		var err error
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(a.t, err)
	}
	signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	must(a.t, err)
	b, err := json.Marshal(map[string]any{"id": url64(a.id), "rawId": url64(a.id), "type": "public-key",
		"response": map[string]string{"clientDataJSON": url64(client), "authenticatorData": url64(data), "signature": url64(signature), "userHandle": url64(a.user)}})
	must(a.t, err)
	return b
}
