package bench

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"tizi/internal/demo"
	"tizi/internal/house"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/web"
	"tizi/internal/web/door"
)

// Why a page is not measured.
const (
	once   = "it is asked for once in the life of an account or of a node"
	upload = "it needs an uploaded list; the import has figures of its own"
	file   = "it is a file, not a page"
	own    = "it is a learner's, whose session no account has"
	rare   = "it needs something to be decided or asked for, which the simulation need not hold"
	learns = "it is a learner's, who has no account to sign in with here"
	form   = "it is a form of one thing, read by its id as the pages that lead to it"
)

// left are the pages of people who are signed in that are not measured, and why.
var left = map[string]string{
	"/lessons/{course}/{module}/{lesson}":    rare,
	"/my":                                    learns,
	"/my/star":                               learns,
	"/my/work":                               learns,
	"/my/work/{piece}":                       file,
	"/my/known":                              learns,
	"/my/courses/{course}":                   learns,
	"/my/tests/{course}/{test}":              learns,
	"/my/courses/{course}/{module}/{lesson}": learns,
	"/my/courses/{course}/{module}/{lesson}/{step}":               learns,
	"/groups/{group}/learning/{person}":                           rare,
	"/groups/{group}/learning/{person}/{piece}/marks":             rare,
	"/groups/{group}/learning/{person}/{piece}":                   file,
	"/children/{person}/works/{piece}":                            file,
	"/door/in":                                                    own,
	"/door/password":                                              own,
	"/me/code":                                                    once,
	"/me/passphrase":                                              once,
	"/records.jsonl":                                              file,
	"/audit.csv":                                                  file,
	"/me/sheet":                                                   once,
	"/me/passkey":                                                 once,
	"/setup/centre":                                               once,
	"/setup/done":                                                 once,
	"/network/join":                                               once,
	"/network/invite":                                             once,
	"/import/{upload}/columns":                                    upload,
	"/import/{upload}/plan":                                       upload,
	"/import/{upload}/report":                                     upload,
	"/people/{person}/dossier.json":                               file,
	"/consents/scans/{scan}/page":                                 file,
	"/people/{person}/photo":                                      file,
	"/import/example.csv":                                         file,
	"/import/{upload}/rejects.csv":                                file,
	"/agreements/{agreement}/papers/{paper}":                      file,
	"/activities/{activity}/outputs/{output}":                     file,
	"/children/{person}/photo":                                    file,
	"/recordings/{recording}":                                     file,
	"/network/nodes/{node}/receipt":                               file,
	"/same/{a}/{b}":                                               rare,
	"/activities/{activity}/notice":                               rare,
	"/consents/scans/{scan}":                                      rare,
	"/joint/{joint}":                                              rare,
	"/groups/{group}/draw/slips":                                  rare,
	"/referrals/{referral}/answer":                                rare,
	"/people/{person}/appeal/{phase}":                             rare,
	"/people/{person}/refusal/{phase}":                            rare,
	"/appeals/{appeal}":                                           rare,
	"/conflicts/consents/{register}":                              rare,
	"/conflicts/groups/{group}":                                   rare,
	"/conflicts/people/{person}":                                  rare,
	"/conflicts/seats/{enrolment}":                                rare,
	"/conflicts/sheets/{session}":                                 rare,
	"/requests/{request}":                                         rare,
	"/programmes/{code}/targets/{target}":                         rare,
	"/programmes/{code}/rollout/{plan}":                           rare,
	"/programmes/{code}/rollout/{plan}/adopt":                     rare,
	"/activities/{activity}/feedback/{meeting}":                   rare,
	"/sessions/{session}/lesson":                                  rare,
	"/sessions/{session}/teams":                                   rare,
	"/groups/{group}/rehearse/{course}/{module}/{lesson}":         rare,
	"/groups/{group}/rehearse/{course}/{module}/{lesson}/{step}":  rare,
	"/groups/{group}/wall":                                        rare,
	"/my/wall":                                                    learns,
	"/my/wall/{piece}":                                            file,
	"/sessions/{session}/feedback":                                rare,
	"/children/{person}/appeal/{phase}":                           rare,
	"/authoring/{draft}":                                          rare,
	"/authoring/{draft}/file":                                     rare,
	"/authoring/{draft}/discard":                                  rare,
	"/authoring/{draft}/zip":                                      file,
	"/authoring/{draft}/preview":                                  rare,
	"/authoring/{draft}/preview/{test}":                           rare,
	"/authoring/{draft}/preview/{module}/{lesson}":                rare,
	"/authoring/{draft}/preview/{module}/{lesson}/{step}":         rare,
	"/authoring-files/{draft}":                                    file,
	"/safeguarding/{case}":                                        rare,
	"/network/nodes/{node}":                                       rare,
	"/people/{person}/dossier":                                    rare,
	"/groups/{group}/absences/{person}":                           rare,
	"/groups/{group}/leave/{person}":                              form,
	"/groups/{group}/move/{person}":                               form,
	"/centres/{centre}/rooms/{room}":                              form,
	"/centres/{centre}/devices/{device}":                          form,
	"/centres/{centre}/devices/{device}/edit":                     form,
	"/centres/{centre}/rounds/{round}":                            form,
	"/programmes/{code}/phases/{phase}":                           form,
	"/programmes/{code}/phases/{phase}/rule":                      form,
	"/staff/{account}/role":                                       form,
	"/staff/{account}/withdraw/{grant}":                           form,
	"/staff/{account}/close":                                      form,
	"/staff/{account}/reset":                                      form,
	"/openings/new":                                               form,
	"/agreements/{agreement}/commitments/{commitment}":            form,
	"/organisations/{organisation}":                               form,
	"/organisations/{organisation}/offices/{office}":              form,
	"/organisations/{organisation}/offices/{office}/terms/{term}": form,
	"/organisations/{organisation}/withdraw":                      form,
	"/agreements/{agreement}/commitments/{commitment}/edit":       form,
	"/agreements/{agreement}/commitments/{commitment}/judge":      form,
	"/agreements/{agreement}/money/{entry}":                       form,
	"/agreements/{agreement}/mandates/{mandate}/edit":             form,
	"/agreements/{agreement}/decisions/{decision}/edit":           form,
	"/activities/{activity}/speakers/{speaker}":                   form,
	"/activities/{activity}/outputs/{output}/edit":                form,
}

// A page that is read is measured, or it is said why it is not.
func TestEveryPageIsMeasured(t *testing.T) {
	place := testnode.Place(t, store.SQLite)
	h, err := house.Create(t.Context(), house.Config{Dir: t.TempDir(), Store: &place, Now: func() time.Time { return testnode.Epoch }})
	testnode.Must(t, err)
	defer h.Close()
	testnode.Must(t, demo.Run(t.Context(), h, demo.Options{Seed: 1, Children: 300}))
	handler, err := web.New(h, web.Options{Demo: true})
	if err != nil {
		t.Skip(err) // the interface is not built
	}
	srv := httptest.NewServer(handler)
	defer srv.Close()
	todo, err := pagesOf(srv.URL)
	testnode.Must(t, err)
	mux := http.NewServeMux()
	for _, r := range handler.Routes {
		if r.Method == "GET" {
			mux.HandleFunc("GET "+r.Path, func(http.ResponseWriter, *http.Request) {})
		}
	}
	measured := map[string]bool{}
	for _, w := range todo {
		if _, status, err := get(w.client, srv.URL+w.path); err != nil || status != http.StatusOK {
			t.Errorf("%s as %s answers %d, %v", w.path, w.role, status, err)
		}
		u, err := url.Parse(w.path)
		testnode.Must(t, err)
		_, pattern := mux.Handler(&http.Request{Method: "GET", URL: &url.URL{Path: u.Path}, Host: "x"})
		measured[pattern] = true
	}
	known := map[string]bool{}
	for _, r := range handler.Routes {
		if r.Method != "GET" || r.Action == door.Public {
			continue
		}
		known[r.Path] = true
		switch why := left[r.Path]; {
		case !measured["GET "+r.Path] && why == "":
			t.Errorf("%s (%s) is not measured: put it into discover, or say in left why not", r.Path, r.Action)
		case measured["GET "+r.Path] && why != "":
			t.Errorf("%s is measured, and left says why it is not: %s", r.Path, why)
		}
	}
	for path := range left {
		if !known[path] {
			t.Errorf("left names %s, which there is not", path)
		}
	}
}
