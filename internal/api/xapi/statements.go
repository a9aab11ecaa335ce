package xapi

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"tizi/internal/blob"
	"tizi/internal/id"
	"tizi/internal/record"
	"tizi/internal/seal"
	"tizi/internal/statement"
)

// postStatements keeps one statement or several.
func (a *ask) postStatements() error {
	if err := errors.Join(a.only(), a.need(record.Write)); err != nil {
		return err
	}
	v, files, err := a.content()
	if err != nil {
		return err
	}
	batch := v.IsArray()
	var in []*statement.Statement
	for i, x := range v.Items() {
		field := ""
		if batch {
			field = fmt.Sprintf("statements[%d]", i)
		}
		s, err := a.read(x, field)
		if err != nil {
			return err
		}
		in = append(in, s)
	}
	ids, err := a.put(in, files)
	if err != nil {
		return err
	}
	names := make([]string, len(ids))
	for i, v := range ids {
		names[i] = v.String()
	}
	b, err := json.Marshal(names)
	if err != nil {
		return err
	}
	a.write(http.StatusOK, "application/json", b)
	return nil
}

// putStatement keeps one statement under an id.
func (a *ask) putStatement() error {
	if err := errors.Join(a.only("statementId"), a.need(record.Write)); err != nil {
		return err
	}
	if !a.query.Has("statementId") {
		return bad("the parameter statementId is missing")
	}
	name, err := a.uuid("statementId")
	if err != nil {
		return err
	}
	v, files, err := a.content()
	if err != nil {
		return err
	}
	if !v.IsObject() {
		return bad("one statement is put at a time, as an object")
	}
	s, err := a.read(v, "")
	if err != nil {
		return err
	}
	if !s.ID.IsNil() && s.ID != name {
		return bad("id: the parameter statementId names another statement")
	}
	s.ID = name
	if _, err := a.put([]*statement.Statement{s}, files); err != nil {
		return err
	}
	a.write(http.StatusNoContent, "", nil)
	return nil
}

func (a *ask) read(v *statement.Value, field string) (*statement.Statement, error) {
	return statement.New(v, a.version, field)
}

// put checks files against what statements say of them, and keeps all.
func (a *ask) put(in []*statement.Statement, files map[string][]byte) ([]id.ID, error) {
	used := map[string]bool{}
	for i, s := range in {
		for j, f := range s.Attachments() {
			field := fmt.Sprintf("statements[%d].attachments[%d]", i, j)
			content, here := files[f.SHA2]
			used[f.SHA2] = here
			if f.Usage == statement.SignatureUsage {
				if f.Type != "application/octet-stream" {
					return nil, &statement.Error{Field: field + ".contentType", Why: "a signature is of the type application/octet-stream"}
				}
				if !here {
					return nil, &statement.Error{Field: field, Why: "the signature did not come with the request"}
				}
				if err := statement.CheckSignature(s, content, field); err != nil {
					return nil, err
				}
			}
			if !here && !f.Remote {
				return nil, &statement.Error{Field: field, Why: "it has no fileUrl, and no part of the request has its sha2"}
			}
		}
	}
	for hash := range files {
		if !used[hash] {
			return nil, bad("a part of the request with the %s %s is of no attachment", headerHash, hash)
		}
	}
	return a.d.records.Put(a.Context(), a.source(), in, files)
}

// content reads what a request sends: statements, and files by their digests.
func (a *ask) content() (*statement.Value, map[string][]byte, error) {
	t, params := a.mediaType()
	switch {
	case t == "application/json" && isUTF8(params):
		v, err := parse(a.body)
		return v, nil, err
	case t == "multipart/mixed" && params["boundary"] != "":
		return a.parts(multipart.NewReader(bytes.NewReader(a.body), params["boundary"]))
	}
	return nil, nil, bad("Content-Type: statements come as application/json in UTF-8, or, with attachments, as multipart/mixed with a boundary")
}

// maxParts is how many files a request may have.
const maxParts = 1000

func (a *ask) parts(in *multipart.Reader) (*statement.Value, map[string][]byte, error) {
	var v *statement.Value
	files := map[string][]byte{}
	for n := 0; ; n++ {
		p, err := in.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil || n > maxParts {
			return nil, nil, bad("part %d of the request cannot be read: it is no multipart/mixed with this boundary", n+1)
		}
		b, err := io.ReadAll(p)
		if err != nil {
			return nil, nil, bad("part %d of the request ends too early", n+1)
		}
		if n == 0 {
			if t, _, _ := strings.Cut(p.Header.Get("Content-Type"), ";"); !strings.EqualFold(strings.TrimSpace(t), "application/json") {
				return nil, nil, bad("Content-Type: the first part of the request holds the statements, as application/json")
			}
			if v, err = parse(b); err != nil {
				return nil, nil, err
			}
			continue
		}
		hash := p.Header.Get(headerHash)
		switch {
		case hash == "":
			return nil, nil, bad("part %d of the request lacks the header %s", n+1, headerHash)
		case !strings.EqualFold(p.Header.Get("Content-Transfer-Encoding"), "binary"):
			return nil, nil, bad("Content-Transfer-Encoding: part %d of the request must be binary", n+1)
		case !isDigest(hash, b):
			return nil, nil, bad("%s: part %d of the request is not the file of this digest", headerHash, n+1)
		}
		files[hash] = b
	}
	if v == nil {
		return nil, nil, bad("the request has no part with statements")
	}
	return v, files, nil
}

// isDigest reports whether a text is a SHA-2 digest of some bytes, in hexadecimal or in base64.
func isDigest(text string, b []byte) bool {
	s224, s256, s384, s512 := sha256.Sum224(b), sha256.Sum256(b), sha512.Sum384(b), sha512.Sum512(b)
	for _, sum := range [][]byte{s256[:], s224[:], s384[:], s512[:]} {
		if strings.EqualFold(text, hex.EncodeToString(sum)) || text == base64.StdEncoding.EncodeToString(sum) {
			return true
		}
	}
	return false
}

// filters are the parameters of a list of statements.
var filters = []string{"agent", "verb", "activity", "registration", "related_activities", "related_agents", "since", "until", "limit", "format", "attachments", "ascending"}

// page is how a list goes on: what was asked, and where the page before ended.
type page struct {
	Query string `json:"q"`
	From  int64  `json:"f"`
}

// getStatements answers with a statement or a list of them.
func (a *ask) getStatements() error {
	through, err := a.d.records.Through(a.Context(), a.key.Centre)
	if err != nil {
		return err
	}
	a.w.Header().Set(headerThrough, through.UTC().Format("2006-01-02T15:04:05.000000Z"))
	if err := a.need(record.Own); err != nil {
		return err
	}
	var from int64
	if a.query.Has("more") {
		var p page
		b, err := base64.RawURLEncoding.DecodeString(a.query.Get("more"))
		if err != nil || len(a.query) != 1 || json.Unmarshal(b, &p) != nil {
			return bad("more: this is no page that was given out here")
		}
		if a.query, err = url.ParseQuery(p.Query); err != nil {
			return bad("more: this is no page that was given out here")
		}
		from = p.From
	}
	if err := a.only(append([]string{"statementId", "voidedStatementId"}, filters...)...); err != nil {
		return err
	}
	own := id.Nil
	if !a.key.May(record.Read) {
		own = a.key.ID
	}
	format := a.query.Get("format")
	if a.query.Has("format") && format != "exact" && format != "ids" && format != "canonical" {
		return bad("the parameter format must be exact, ids or canonical")
	}
	attachments, err := a.flag("attachments")
	if err != nil {
		return err
	}
	if a.query.Has("statementId") || a.query.Has("voidedStatementId") {
		return a.one(own, format, attachments)
	}
	x := record.Query{Centre: a.key.Centre, Key: own, From: from}
	if x.Agent, err = a.agent(); err != nil {
		return err
	}
	if x.Verb, err = a.iri("verb", false); err != nil {
		return err
	}
	if x.Activity, err = a.iri("activity", false); err != nil {
		return err
	}
	if x.Registration, err = a.uuid("registration"); err != nil {
		return err
	}
	if x.Since, err = a.time("since"); err != nil {
		return err
	}
	if x.Until, err = a.time("until"); err != nil {
		return err
	}
	for name, into := range map[string]*bool{"related_activities": &x.RelatedActivities, "related_agents": &x.RelatedAgents, "ascending": &x.Ascending} {
		if *into, err = a.flag(name); err != nil {
			return err
		}
	}
	if a.query.Has("limit") {
		if x.Limit, err = strconv.Atoi(a.query.Get("limit")); err != nil || x.Limit < 0 {
			return bad("the parameter limit must be a whole number, 0 for as many as there may be")
		}
	}
	rows, values, next, err := a.d.records.Find(a.Context(), x)
	if err != nil {
		return err
	}
	if values, err = a.format(format, values); err != nil {
		return err
	}
	more := ""
	if next > 0 {
		b, err := json.Marshal(page{a.query.Encode(), next})
		if err != nil {
			return err
		}
		more = Path + "statements?more=" + base64.RawURLEncoding.EncodeToString(b)
	}
	if len(rows) > 0 {
		a.modified(time.UnixMicro(rows[0].Stored))
	}
	v := statement.Object("statements", statement.Array(values...), "more", statement.Str(more))
	return a.send(v, rows, attachments)
}

func (a *ask) modified(t time.Time) {
	a.w.Header().Set("Last-Modified", t.UTC().Format(http.TimeFormat))
}

// one answers with the statement that is named.
func (a *ask) one(own id.ID, format string, attachments bool) error {
	if err := a.only("statementId", "voidedStatementId", "format", "attachments"); err != nil {
		return bad("with statementId or voidedStatementId stand attachments and format only")
	}
	if a.query.Has("statementId") && a.query.Has("voidedStatementId") {
		return bad("statementId and voidedStatementId exclude each other")
	}
	name := "statementId"
	if a.query.Has("voidedStatementId") {
		name = "voidedStatementId"
	}
	which, err := a.uuid(name)
	if err != nil {
		return err
	}
	row, v, err := a.d.records.Get(a.Context(), a.key.Centre, own, which)
	if err != nil {
		return err
	}
	if row.Voided != (name == "voidedStatementId") {
		return record.ErrUnknown
	}
	values, err := a.format(format, []*statement.Value{v})
	if err != nil {
		return err
	}
	a.modified(time.UnixMicro(row.Stored))
	return a.send(values[0], []*record.Row{row}, attachments)
}

// format puts statements into a format of xAPI.
func (a *ask) format(format string, values []*statement.Value) ([]*statement.Value, error) {
	switch format {
	case "ids":
		for i, v := range values {
			values[i] = statement.WithoutDisplay(v)
		}
	case "canonical":
		known := map[string]*statement.Value{}
		var failed error
		wanted, _, _ := language.ParseAcceptLanguage(a.Header.Get("Accept-Language"))
		for i, v := range values {
			values[i] = statement.Canonical(v, func(name string) *statement.Value {
				d, ok := known[name]
				if !ok {
					var err error
					d, err = a.d.records.Activity(a.Context(), a.key.Centre, name)
					failed = errors.Join(failed, err)
					known[name] = d
				}
				return d
			}, func(tags []string) string { return choose(wanted, tags) })
		}
		return values, failed
	}
	return values, nil
}

// choose returns the tag of a text that a reader wants most; the first where none is wanted.
func choose(wanted []language.Tag, tags []string) string {
	have := make([]language.Tag, len(tags))
	for i, t := range tags {
		have[i] = language.Make(t)
	}
	if len(wanted) == 0 {
		return tags[0]
	}
	_, i, _ := language.NewMatcher(have).Match(wanted...)
	return tags[i]
}

// send answers with JSON, and with the files of statements if they are wanted.
func (a *ask) send(v *statement.Value, rows []*record.Row, attachments bool) error {
	if !attachments {
		a.json(http.StatusOK, v)
		return nil
	}
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	part := func(h textproto.MIMEHeader, b []byte) error {
		p, err := w.CreatePart(h)
		if err == nil {
			_, err = p.Write(b)
		}
		return err
	}
	if err := part(textproto.MIMEHeader{"Content-Type": {"application/json"}}, v.Append(nil)); err != nil {
		return err
	}
	var sent []string
	for _, row := range rows {
		for _, f := range row.Files {
			if slices.Contains(sent, f.SHA2) {
				continue
			}
			b, err := a.d.records.Open(a.Context(), f)
			if errors.Is(err, blob.ErrMissing) || errors.Is(err, seal.ErrNoKey) { // on its way, or of somebody who was erased
				continue
			}
			if err != nil {
				return err
			}
			sent = append(sent, f.SHA2)
			h := textproto.MIMEHeader{"Content-Type": {f.Type}, "Content-Transfer-Encoding": {"binary"}, headerHash: {f.SHA2}}
			if err := part(h, b); err != nil {
				return err
			}
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	a.write(http.StatusOK, "multipart/mixed; boundary="+w.Boundary(), out.Bytes())
	return nil
}
