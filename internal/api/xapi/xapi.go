// Package xapi is the door of the learning record store: xAPI 1.0.3 and 2.0 over HTTP.
package xapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/record"
	"tizi/internal/statement"
	"tizi/internal/store"
)

// Path is where the store answers.
const Path = "/xapi/"

// maxBody is how many bytes a request may have, attachments among them.
const maxBody = 32 << 20

// versions are those of xAPI that the door speaks, as it says so.
var versions = []string{"1.0.0", "1.0.1", "1.0.2", "1.0.3"}

const (
	headerVersion = "X-Experience-API-Version"
	headerThrough = "X-Experience-API-Consistent-Through"
	headerHash    = "X-Experience-API-Hash"
)

// fault is an answer that says what is wrong.
type fault struct {
	status int
	why    string
}

func (f *fault) Error() string { return f.why }

func bad(why string, args ...any) error {
	return &fault{http.StatusBadRequest, fmt.Sprintf(why, args...)}
}

// Door answers tools.
type Door struct {
	records *record.Records
	errors  *slog.Logger
}

// New returns the door of a node's records.
func New(r *record.Records, errors *slog.Logger) *Door { return &Door{r, errors} }

// ask is one request.
type ask struct {
	*http.Request
	w       http.ResponseWriter
	d       *Door
	query   url.Values
	body    []byte
	key     *record.Key
	version statement.Version
}

// ServeHTTP implements http.Handler.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'") // documents are whatever a tool sent
	// A tool in a page of another site comes with its key, never with the session of whoever is signed in here.
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "ETag, Last-Modified, "+headerVersion+", "+headerThrough)
	if r.Method == http.MethodOptions {
		h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, DELETE")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match, If-None-Match, Accept-Language, "+headerVersion)
		h.Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	h.Set(headerVersion, "1.0.3")
	a := &ask{Request: r, w: w, d: d}
	if err := a.answer(); err != nil {
		a.refuse(err)
	}
}

// refuse answers with what is wrong.
func (a *ask) refuse(err error) {
	var f *fault
	var wrong *statement.Error
	var conflict *record.ConflictError
	var large *http.MaxBytesError
	status, why := http.StatusInternalServerError, "this node could not do it; its log says why, and nothing was stored"
	switch {
	case errors.As(err, &f):
		status, why = f.status, f.why
	case errors.As(err, &wrong):
		status, why = http.StatusBadRequest, wrong.Error()
	case errors.As(err, &conflict):
		status, why = http.StatusConflict, conflict.Error()
	case errors.As(err, &large):
		status, why = http.StatusRequestEntityTooLarge, fmt.Sprintf("a request may have %d bytes; nothing was stored", large.Limit)
	case errors.Is(err, record.ErrTooLong):
		status, why = http.StatusRequestEntityTooLarge, record.ErrTooLong.Error()
	case errors.Is(err, record.ErrUnknown), errors.Is(err, record.ErrNoDocument):
		status, why = http.StatusNotFound, err.Error()
	case errors.Is(err, record.ErrStale):
		status, why = http.StatusPreconditionFailed, record.ErrStale.Error()
	case errors.Is(err, record.ErrBlind):
		status, why = http.StatusConflict, record.ErrBlind.Error()
	case errors.Is(err, record.ErrUnsaid):
		status, why = http.StatusBadRequest, record.ErrUnsaid.Error()
	case errors.Is(err, record.ErrNotMerged):
		status, why = http.StatusBadRequest, record.ErrNotMerged.Error()
	case errors.Is(err, fact.ErrNotHere), errors.Is(err, fact.ErrUpgrade):
		status, why = http.StatusForbidden, err.Error()
	case errors.Is(err, store.ErrFull):
		status, why = http.StatusInsufficientStorage, store.ErrFull.Error()
	case errors.Is(err, store.ErrBusy), errors.Is(err, fact.ErrClosed):
		status, why = http.StatusServiceUnavailable, "this node is busy; send it again in a moment"
	case a.Context().Err() != nil:
		return
	default:
		a.d.errors.Error("a tool could not be answered", "method", a.Method, "path", a.URL.Path, "err", err)
	}
	if status == http.StatusUnauthorized {
		a.w.Header().Set("WWW-Authenticate", `Basic realm="xAPI", charset="UTF-8"`)
	}
	b, _ := json.Marshal(map[string]string{"error": why})
	a.write(status, "application/json", b)
}

func (a *ask) write(status int, mediaType string, b []byte) {
	if mediaType != "" {
		a.w.Header().Set("Content-Type", mediaType)
	}
	if status != http.StatusNoContent {
		a.w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	}
	a.w.WriteHeader(status)
	a.w.Write(b)
}

var versionForm = regexp.MustCompile(`^([12])\.0(\.\d+)?$`)

// answer does what is asked.
func (a *ask) answer() error {
	if !strings.Contains(a.Header.Get("Content-Type"), "multipart/") && a.Method != http.MethodGet && a.ContentLength > maxBody {
		return &http.MaxBytesError{Limit: maxBody}
	}
	body, err := io.ReadAll(http.MaxBytesReader(a.w, a.Body, maxBody))
	if err != nil {
		return err
	}
	a.body = body
	if a.query, err = url.ParseQuery(a.URL.RawQuery); err != nil {
		return bad("the address has a parameter that cannot be read")
	}
	method := a.Method
	if a.query.Has("method") {
		if method, err = a.alternate(); err != nil {
			return err
		}
	}
	if method == http.MethodHead {
		method = http.MethodGet // the server leaves out the body
	}
	resource := strings.TrimPrefix(a.URL.Path, Path)
	if resource == "statements" && method == http.MethodGet {
		a.w.Header().Set(headerThrough, time.Now().Add(-time.Minute).UTC().Format(time.RFC3339Nano)) // until the centre is known
	}
	if resource == "about" {
		if method != http.MethodGet {
			return notAllowed("GET")
		}
		return a.about()
	}
	m := versionForm.FindStringSubmatch(a.Header.Get(headerVersion))
	if m == nil {
		return bad("the header %s must name a version of xAPI that is spoken here, such as 1.0.3", headerVersion)
	}
	if m[1] == "2" {
		a.version = statement.V2
		a.w.Header().Set(headerVersion, "2.0.0")
		if a.Method == http.MethodPost && a.URL.Query().Has("method") {
			return bad("xAPI 2.0 has no alternate request syntax")
		}
	}
	name, secret, ok := a.BasicAuth()
	if !ok {
		return &fault{http.StatusUnauthorized, "send the key and its secret by Basic authentication"}
	}
	if a.key, err = a.d.records.Authenticate(a.Context(), name, secret); err != nil {
		if errors.Is(err, record.ErrSecret) {
			return &fault{http.StatusUnauthorized, record.ErrSecret.Error()}
		}
		return err
	}
	for name, values := range a.query {
		if len(values) > 1 {
			return bad("the parameter %s stands there twice", name)
		}
	}
	do := resources[resource][method]
	if do == nil {
		if resources[resource] == nil {
			return &fault{http.StatusNotFound, "there is no such resource of xAPI"}
		}
		return notAllowed("other methods")
	}
	return do(a)
}

func notAllowed(which string) error {
	return &fault{http.StatusMethodNotAllowed, "this resource answers " + which + " only"}
}

// resources are what is answered, by path and method.
var resources map[string]map[string]func(*ask) error

func init() {
	resources = map[string]map[string]func(*ask) error{
		"statements": {"GET": (*ask).getStatements, "POST": (*ask).postStatements, "PUT": (*ask).putStatement},
		"activities": {"GET": (*ask).getActivity},
		"agents":     {"GET": (*ask).getAgent},
	}
	for path, r := range map[string]*documents{"activities/state": states, "activities/profile": activityProfiles, "agents/profile": agentProfiles} {
		resources[path] = map[string]func(*ask) error{"GET": r.get, "PUT": r.put, "POST": r.post, "DELETE": r.delete}
	}
}

// formHeaders are the headers that may stand in the form of an alternate request.
var formHeaders = []string{"Authorization", headerVersion, "Content-Type", "Content-Length", "If-Match", "If-None-Match", "Accept-Language"}

// alternate takes apart a request that stands whole in a form, and returns its method.
func (a *ask) alternate() (string, error) {
	method := a.query.Get("method")
	if a.Method != http.MethodPost || len(a.query) != 1 || !slices.Contains([]string{"GET", "HEAD", "PUT", "POST", "DELETE"}, method) {
		return "", bad("the alternate request syntax is a POST with the parameter method in its address and nothing else")
	}
	if t, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type")); t != "application/x-www-form-urlencoded" {
		return "", bad("the alternate request syntax is a form, of the type application/x-www-form-urlencoded")
	}
	form, err := url.ParseQuery(string(a.body))
	if err != nil {
		return "", bad("the form of the alternate request cannot be read")
	}
	a.Header.Set("Content-Type", "application/json")
	for _, name := range formHeaders {
		for given := range form {
			if strings.EqualFold(given, name) {
				a.Header.Set(name, form.Get(given))
				delete(form, given)
			}
		}
	}
	if method == http.MethodPut || method == http.MethodPost {
		if !form.Has("content") {
			return "", bad("the form has no content")
		}
		a.body = []byte(form.Get("content"))
	} else if form.Has("content") {
		return "", bad("a %s has no content", method)
	} else {
		a.body = nil
	}
	form.Del("content")
	a.query = form
	return method, nil
}

// only refuses parameters that a resource does not know.
func (a *ask) only(names ...string) error {
	for name := range a.query {
		if !slices.Contains(names, name) {
			return bad("the parameter %q is not known here", name)
		}
	}
	return nil
}

func (a *ask) need(g record.Grant) error {
	if !a.key.May(g) {
		return &fault{http.StatusForbidden, "this key may not do that: it lacks " + string(g)}
	}
	return nil
}

func (a *ask) source() record.Source {
	return record.Source{Centre: a.key.Centre, Key: a.key.ID, Version: a.version}
}

func (a *ask) json(status int, v *statement.Value) {
	a.write(status, "application/json", v.Append(nil))
}

// agent reads the parameter agent; nil where it is missing.
func (a *ask) agent() (*statement.Value, error) {
	text, ok := a.query["agent"]
	if !ok {
		return nil, nil
	}
	v, err := statement.Parse([]byte(text[0]))
	if err == nil {
		err = statement.CheckAgent(v, "agent")
	}
	if err != nil {
		return nil, bad("the parameter agent: %v", err)
	}
	return v, nil
}

func (a *ask) uuid(name string) (id.ID, error) {
	if !a.query.Has(name) {
		return id.Nil, nil
	}
	v, err := statement.UUID(a.query.Get(name))
	if err != nil {
		return v, bad("the parameter %s: %v", name, err)
	}
	return v, nil
}

func (a *ask) time(name string) (time.Time, error) {
	if !a.query.Has(name) {
		return time.Time{}, nil
	}
	t, err := statement.ParseTime(a.query.Get(name))
	if err != nil {
		return t, bad("the parameter %s: %v", name, err)
	}
	return t, nil
}

func (a *ask) iri(name string, required bool) (string, error) {
	v := a.query.Get(name)
	switch {
	case !a.query.Has(name) && required:
		return "", bad("the parameter %s is missing", name)
	case a.query.Has(name) && !statement.IsIRI(v):
		return "", bad("the parameter %s must be an IRI with a scheme", name)
	}
	return v, nil
}

func (a *ask) flag(name string) (bool, error) {
	switch v := a.query.Get(name); {
	case v == "true":
		return true, nil
	case v == "false", !a.query.Has(name):
		return false, nil
	}
	return false, bad("the parameter %s must be true or false", name)
}

// about says what is spoken here.
func (a *ask) about() error {
	all := append(slices.Clone(versions), "2.0.0")
	if !strings.HasPrefix(a.Header.Get(headerVersion), "2.") {
		all = versions // a tool of version 1 knows no other
	} else {
		a.w.Header().Set(headerVersion, "2.0.0")
	}
	b, err := json.Marshal(map[string]any{"version": all})
	if err != nil {
		return err
	}
	a.write(http.StatusOK, "application/json", b)
	return nil
}

func (a *ask) getActivity() error {
	if err := errors.Join(a.only("activityId"), a.need(record.Own)); err != nil {
		return err
	}
	name, err := a.iri("activityId", true)
	if err != nil {
		return err
	}
	d, err := a.d.records.Activity(a.Context(), a.key.Centre, name)
	if err != nil {
		return err
	}
	v := statement.Object("objectType", statement.Str("Activity"), "id", statement.Str(name))
	if d != nil {
		v.Set("definition", d)
	}
	a.json(http.StatusOK, v)
	return nil
}

func (a *ask) getAgent() error {
	if err := errors.Join(a.only("agent"), a.need(record.Own)); err != nil {
		return err
	}
	v, err := a.agent()
	if err != nil {
		return err
	}
	if v == nil {
		return bad("the parameter agent is missing")
	}
	p, err := a.d.records.Person(a.Context(), a.key.Centre, v)
	if err != nil {
		return err
	}
	a.json(http.StatusOK, p)
	return nil
}

// mediaType is what a request says its body is.
func (a *ask) mediaType() (string, map[string]string) {
	t, params, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if err != nil {
		return "", nil
	}
	return t, params
}

func isUTF8(params map[string]string) bool {
	c, ok := params["charset"]
	return !ok || strings.EqualFold(c, "utf-8") || strings.EqualFold(c, "us-ascii")
}

// parse reads JSON, a mark at its beginning left out.
func parse(b []byte) (*statement.Value, error) {
	if len(bytes.TrimSpace(b)) == 0 {
		return nil, bad("the request has no content")
	}
	return statement.Parse(b)
}
