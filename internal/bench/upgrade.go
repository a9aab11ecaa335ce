package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/node"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/release"
)

// Upgrade is the result of taking a new program in, from when somebody wants it until it serves.
type Upgrade struct {
	Machine
	Facts   int64    `json:"facts"`
	Bytes   int64    `json:"bytes"` // of the database, which is saved beside
	Folds   []string `json:"folds"` // that the new program derives otherwise; null: all
	FillS   float64  `json:"fill_s"`
	Packed  int64    `json:"packed_bytes"` // of the program, as it travels
	TakeS   float64  `json:"take_s"`       // unpacked, database saved, got ready and tried
	ServeS  float64  `json:"serve_s"`      // then it serves
	Seconds float64  `json:"seconds"`      // in all
	Floor   float64  `json:"floor_s"`      // for a million facts
	Checked bool     `json:"checked"`
}

// MeasureUpgrade fills a node in a folder and takes this very program in as if it were a newer one, of which some folds derive other
// rows: all where none is named.
func MeasureUpgrade(ctx context.Context, dir, version string, facts int, folds []string, check bool, progress func(part string) func(done, total int64)) (*Upgrade, error) {
	r := &Upgrade{Machine: machine("sqlite"), Folds: folds, Floor: 60}
	at := house.Config{Dir: filepath.Join(dir, "node")}
	h, err := house.Create(ctx, at)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	err = func() error {
		if err := h.Found(ctx, house.Founding{Country: "ma", Owner: "Bench", Login: "bench", Passphrase: "un deux trois soleil", Lang: "fr"}); err != nil {
			return err
		}
		b := &factBench{h: h, centre: place.ID("MA-ERR-MJ1"), prog: programme.ID("BENCH"), phase: id.New(), text: id.New(), rng: rand.New(rand.NewPCG(1, 1))}
		if err := b.begin(ctx); err != nil {
			return err
		}
		if err := b.fill(ctx, facts, progress("facts written")); err != nil {
			return err
		}
		if r.Facts, err = h.Log.Count(ctx, h.DB); err != nil {
			return err
		}
		if r.Bytes, err = h.DB.Size(ctx); err != nil {
			return err
		}
		outdated := folds
		if outdated == nil {
			for _, f := range h.Log.Registry.Folds() {
				outdated = append(outdated, f.Name)
			}
		}
		return h.Log.Outdate(ctx, outdated...)
	}()
	if err = errors.Join(err, h.Close()); err != nil {
		return nil, err
	}
	r.FillS = time.Since(start).Seconds()
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	l, err := selfRelease(self, version, at.Dir, r)
	if err != nil {
		return nil, err
	}
	start = time.Now()
	path, err := l.Choose(ctx)
	if err != nil {
		return nil, err
	}
	r.TakeS = time.Since(start).Seconds()
	s, err := release.ReadState(at.Dir)
	if err != nil {
		return nil, err
	}
	if o := s.Last(); o == nil || o.Failed != "" || path == self {
		return nil, fmt.Errorf("the program was not taken in: %+v", o)
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	serve, err := serveHub(ctx, dir, at, address)
	if err != nil {
		return nil, err
	}
	r.Seconds = time.Since(start).Seconds()
	r.ServeS = r.Seconds - r.TakeS
	if err := serve.stop(); err != nil || !check {
		return r, err
	}
	if h, err = house.Open(ctx, at); err != nil {
		return nil, err
	}
	defer h.Close()
	rep, err := h.Check(ctx, progress("facts checked"))
	if err == nil && !rep.OK {
		err = fmt.Errorf("the check found faults: %v", rep.Faults)
	}
	r.Checked = err == nil
	return r, err
}

// selfRelease signs this program as a later version, puts it on the node's shelf and wants it.
func selfRelease(self, version, data string, r *Upgrade) (*release.Launcher, error) {
	const later = "9999.0.0"
	private, public, err := release.NewKey()
	if err != nil {
		return nil, err
	}
	keys, err := release.ReadKeys(public)
	if err != nil {
		return nil, err
	}
	program, err := os.Open(self)
	if err != nil {
		return nil, err
	}
	defer program.Close()
	var file bytes.Buffer
	rel, err := release.Sign(program, later, time.Now().Format(time.DateOnly), private, &file)
	if err != nil {
		return nil, err
	}
	r.Packed = rel.PackedBytes
	shelf, err := release.OpenShelf(data, keys)
	if err != nil {
		return nil, err
	}
	if _, err := shelf.Add(&file); err != nil {
		return nil, err
	}
	return &release.Launcher{
		Data: data, Database: house.DBFile, Installed: version, Self: self, Arch: node.Arch, Shelf: shelf, Now: time.Now,
		Tell: func(string, ...any) {}, Trial: []string{"upgrade", "try", "--data", data}, Calls: func(string) string { return version },
	}, release.Want(data, later, version, false)
}
