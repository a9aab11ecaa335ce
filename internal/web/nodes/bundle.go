package nodes

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"regexp"
	"strings"

	"tizi/internal/house"
	"tizi/internal/node"
	"tizi/internal/seal"
	"tizi/internal/web/door"
)

// MaxBundle is how large a bundle may be that a browser brings. Larger ones are taken in by tizi bundle import.
const MaxBundle = 2 << 30

func attach(a *door.Ask, name string) {
	h := a.W.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
	h.Set("Cache-Control", "no-store")
}

// plain is a name that any file system takes.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, s)
}

// bundle gives the browser what a node is not known to hold, sealed for it. It is made whole before the first byte goes out, so
// that what stops in the middle is an error and no half file.
func bundle(a *door.Ask) error {
	p, g, err := peerOf(a)
	if err != nil {
		return err
	}
	if g.Revoked != nil {
		return fs.ErrNotExist
	}
	f, err := os.CreateTemp(a.H.Config.Dir, "bundle-*.part")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := a.H.Nodes.Bundle(a.R.Context(), p.Node, f); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	attach(a, "tizi-"+plain(nameOf(a, p.Node))+"-"+a.Today()+".tizi")
	io.Copy(a.W, f)
	return nil
}

func receipt(a *door.Ask) error {
	p, _, err := peerOf(a)
	if err != nil {
		return err
	}
	r, err := a.H.Nodes.Receipt(a.R.Context(), p.Node)
	if err != nil {
		return err
	}
	attach(a, "tizi-"+plain(nameOf(a, p.Node))+"-"+a.Today()+".receipt")
	return json.NewEncoder(a.W).Encode(r)
}

// take takes in a bundle or a receipt that somebody carried here.
func take(a *door.Ask) error {
	f, name, err := uploaded(a)
	if err != nil {
		return err
	}
	if f == nil {
		return wrong(a, "network.bundle_missing")
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if strings.HasSuffix(name, ".receipt") {
		b, err := io.ReadAll(io.LimitReader(f, 8<<20))
		if err != nil {
			return err
		}
		switch _, err := a.H.Nodes.Confirm(a.R.Context(), b); {
		case errors.Is(err, node.ErrReceipt) || errors.Is(err, node.ErrNobody):
			return wrong(a, "network.receipt_wrong")
		case err != nil:
			return err
		}
		a.Notify("good", "network.receipt_taken")
		return a.Go("/network")
	}
	if strings.HasSuffix(name, ".person") {
		record, err := a.H.TakePerson(a.R.Context(), a.Actor(), f)
		switch {
		case errors.Is(err, node.ErrPerson):
			return wrong(a, "move.damaged")
		case errors.Is(err, house.ErrNotForHere):
			return wrong(a, "move.not_here")
		case err != nil:
			return err
		}
		a.Notify("good", "move.took")
		return a.Go("/people/" + record.String())
	}
	r, faults, err := a.H.TakeBundle(a.R.Context(), f)
	switch {
	case errors.Is(err, node.ErrBundle):
		return wrong(a, "network.bundle_damaged", "place", place(err))
	case errors.Is(err, node.ErrNobody) || errors.Is(err, node.ErrAnother) || errors.Is(err, node.ErrStranger) || errors.Is(err, seal.ErrNotFor):
		return wrong(a, "network.bundle_stranger")
	case err != nil:
		return err
	}
	if len(faults) > 0 {
		a.Notify("help", "network.bundle_partly", "n", r.Added)
	} else {
		a.Notify("good", "network.bundle_taken", "n", r.Added)
	}
	return a.Go("/network/nodes/" + r.To.String())
}

var atByte = regexp.MustCompile(`at byte (\d+)`)

// place is where a bundle is damaged.
func place(err error) string {
	if m := atByte.FindStringSubmatch(err.Error()); m != nil {
		return m[1]
	}
	return "?"
}

func wrong(a *door.Ask, key string, args ...any) error {
	v, err := networkView(a)
	if err != nil {
		return err
	}
	v.Errors["bundle"] = a.P.T(key, args...)
	return a.Again("network/list", v)
}

// uploaded puts the file of a form into one of this node's, or returns nil where there is none.
func uploaded(a *door.Ask) (*os.File, string, error) {
	a.R.Body = http.MaxBytesReader(a.W, a.R.Body, MaxBundle)
	m, err := a.R.MultipartReader()
	if err != nil {
		return nil, "", nil
	}
	for {
		p, err := m.NextPart()
		if err != nil {
			var large *http.MaxBytesError
			if errors.As(err, &large) {
				return nil, "", err
			}
			return nil, "", nil
		}
		if p.FormName() != "bundle" || p.FileName() == "" {
			continue
		}
		f, err := os.CreateTemp(a.H.Config.Dir, "bundle-*.part")
		if err != nil {
			return nil, "", err
		}
		if _, err = io.Copy(f, p); err == nil {
			_, err = f.Seek(0, io.SeekStart)
		}
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			return nil, "", err
		}
		return f, p.FileName(), nil
	}
}
