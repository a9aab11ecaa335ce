package api

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"tizi/internal/framework"
	"tizi/internal/store"
)

// CasePath is where competency frameworks are asked for, as CASE 1.0 says (1EdTech): to be read by everybody.
const CasePath = "/ims/case/v1p0/"

// maxDocuments is how many frameworks one answer lists.
const maxDocuments = 100

// Case is the door of frameworks.
type Case struct {
	http.Handler
	frameworks *framework.Frameworks
	db         *store.DB
	errors     *slog.Logger
}

// NewCase returns the door of a node.
func NewCase(f *framework.Frameworks, db *store.DB, errors *slog.Logger) *Case {
	c := &Case{frameworks: f, db: db, errors: errors}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+CasePath+"CFDocuments", c.answer(c.documents))
	mux.HandleFunc("GET "+CasePath+"CFDocuments/{id}", c.answer(c.document))
	mux.HandleFunc("GET "+CasePath+"CFPackages/{id}", c.answer(c.whole))
	mux.HandleFunc("GET "+CasePath+"CFItems/{id}", c.answer(c.item))
	c.Handler = mux
	return c
}

// caseFault is imsx_StatusInfo, in which CASE says what is wrong.
type caseFault struct {
	Major       string `json:"imsx_codeMajor"`
	Severity    string `json:"imsx_severity"`
	Description string `json:"imsx_description"`
}

var errOffset = errors.New("limit is a number from 1 to 100 and offset one from 0")

func (c *Case) answer(ask func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := ask(r)
		status := http.StatusOK
		switch {
		case errors.Is(err, framework.ErrUnknown):
			status = http.StatusNotFound
		case errors.Is(err, errOffset):
			status = http.StatusBadRequest
		case err != nil:
			status = http.StatusInternalServerError
			c.errors.Error("frameworks could not be read", "err", err)
			err = errors.New("the frameworks could not be read; the node's own log says why")
		}
		if err != nil {
			v = caseFault{"failure", "error", err.Error()}
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.WriteHeader(status)
		if raw, ok := v.([]byte); ok {
			w.Write(raw)
			return
		}
		json.NewEncoder(w).Encode(v)
	}
}

func (c *Case) documents(r *http.Request) (any, error) {
	limit, offset := maxDocuments, 0
	for name, n := range map[string]*int{"limit": &limit, "offset": &offset} {
		if s := r.URL.Query().Get(name); s != "" {
			v, err := strconv.Atoi(s)
			if err != nil || v < 0 {
				return nil, errOffset
			}
			*n = v
		}
	}
	if limit < 1 || limit > maxDocuments {
		return nil, errOffset
	}
	l, err := c.frameworks.List(r.Context(), c.db)
	out := []json.RawMessage{}
	for i, f := range l {
		if i >= offset && len(out) < limit {
			out = append(out, f.Document)
		}
	}
	return map[string]any{"CFDocuments": out}, err
}

func (c *Case) document(r *http.Request) (any, error) {
	f, err := c.frameworks.ByDocument(r.Context(), c.db, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return f.Document, nil
}

func (c *Case) whole(r *http.Request) (any, error) {
	f, err := c.frameworks.ByDocument(r.Context(), c.db, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	p, err := c.frameworks.Package(r.Context(), c.db, f.ID)
	if err != nil {
		return nil, err
	}
	return p.JSON()
}

func (c *Case) item(r *http.Request) (any, error) {
	return c.frameworks.RawItem(r.Context(), c.db, r.PathValue("id"))
}
