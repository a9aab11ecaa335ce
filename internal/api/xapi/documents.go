package xapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"tizi/internal/record"
	"tizi/internal/statement"
)

// documents is one of the three document resources.
type documents struct {
	resource record.Resource
	activity bool   // it is about an activity
	agent    bool   // it is about an agent
	name     string // the parameter that names a document
}

var (
	states           = &documents{record.State, true, true, "stateId"}
	activityProfiles = &documents{record.ActivityProfile, true, false, "profileId"}
	agentProfiles    = &documents{record.AgentProfile, false, true, "profileId"}
)

// address reads which document is meant.
func (d *documents) address(a *ask, more ...string) (at record.Address, err error) {
	known := append([]string{d.name}, more...)
	if d.activity {
		known = append(known, "activityId")
	}
	if d.agent {
		known = append(known, "agent")
	}
	if d.resource == record.State {
		known = append(known, "registration")
	}
	if err := errors.Join(a.only(known...), a.need(record.Docs)); err != nil {
		return at, err
	}
	at.Resource = d.resource
	if d.activity {
		if at.Activity, err = a.iri("activityId", true); err != nil {
			return at, err
		}
	}
	if d.agent {
		if at.Agent, err = a.agent(); err != nil {
			return at, err
		}
		if at.Agent == nil {
			return at, bad("the parameter agent is missing")
		}
	}
	if at.Registration, err = a.uuid("registration"); err != nil {
		return at, err
	}
	if at.Name = a.query.Get(d.name); a.query.Has(d.name) && at.Name == "" || strings.ContainsRune(at.Name, 0) {
		return at, bad("the parameter %s must be a text", d.name)
	}
	return at, nil
}

func (d *documents) get(a *ask) error {
	at, err := d.address(a, "since")
	if err != nil {
		return err
	}
	since, err := a.time("since")
	if err != nil {
		return err
	}
	if at.Name != "" {
		if a.query.Has("since") {
			return bad("since is asked of lists, where no %s is named", d.name)
		}
		x, err := a.d.records.Document(a.Context(), a.key.Centre, at)
		if err != nil {
			return err
		}
		a.w.Header().Set("ETag", x.ETag())
		a.modified(x.Updated)
		a.write(http.StatusOK, x.Type, x.Content)
		return nil
	}
	names, last, err := a.d.records.Documents(a.Context(), a.key.Centre, at, since)
	if err != nil {
		return err
	}
	if !last.IsZero() {
		a.modified(last)
	}
	b, err := json.Marshal(names)
	if err != nil {
		return err
	}
	a.w.Header().Set("ETag", (&record.Document{Content: b}).ETag())
	a.write(http.StatusOK, "application/json", b)
	return nil
}

func (d *documents) put(a *ask) error  { return d.set(a, false) }
func (d *documents) post(a *ask) error { return d.set(a, true) }

func (d *documents) set(a *ask, merge bool) error {
	at, err := d.address(a)
	if err != nil {
		return err
	}
	if at.Name == "" {
		return bad("the parameter %s is missing", d.name)
	}
	x := record.Document{Name: at.Name, Type: a.Header.Get("Content-Type"), Content: a.body}
	if x.Type == "" {
		x.Type = "application/octet-stream"
	}
	if len(x.Content) > record.MaxDocument {
		return &http.MaxBytesError{Limit: record.MaxDocument}
	}
	if t, _ := a.mediaType(); t == "application/json" {
		if _, err := statement.Parse(x.Content); err != nil {
			return err
		}
	}
	c := a.condition()
	c.Careful = !merge && (d.resource != record.State || a.version == statement.V2)
	c.Strict = !merge && d.resource != record.State
	if err := a.d.records.SetDocument(a.Context(), a.source(), at, x, c, merge); err != nil {
		return err
	}
	a.write(http.StatusNoContent, "", nil)
	return nil
}

func (d *documents) delete(a *ask) error {
	at, err := d.address(a)
	if err != nil {
		return err
	}
	if at.Name == "" && d.resource != record.State {
		return bad("the parameter %s is missing", d.name)
	}
	if err := a.d.records.DeleteDocument(a.Context(), a.key.Centre, at, a.condition()); err != nil {
		return err
	}
	a.write(http.StatusNoContent, "", nil)
	return nil
}

// condition reads under which condition a document is changed.
func (a *ask) condition() record.Condition {
	tags := func(header string) []string {
		v := a.Header.Get(header)
		if v == "" {
			return nil
		}
		var out []string
		for t := range strings.SplitSeq(v, ",") {
			out = append(out, strings.TrimPrefix(strings.TrimSpace(t), "W/"))
		}
		return out
	}
	return record.Condition{Match: tags("If-Match"), None: tags("If-None-Match")}
}
