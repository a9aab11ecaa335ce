package node

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"tizi/internal/blob"
	"tizi/internal/release"
)

// A new program goes the way of facts, from the node that is called to the one that calls: after everything else, in parts, so
// slowly as the plan says, and by bundles too. Whoever brings it, it is run only if it is signed as a release.

// Arch is the kind of machine that this program runs on.
const Arch = runtime.GOOS + "/" + runtime.GOARCH

const (
	// programTime is how long one exchange brings programs: facts that were written meanwhile are not to wait for them.
	programTime = 10 * time.Minute
	// maxArches bounds the kinds of machines that are named.
	maxArches = 8
)

// arches are the kinds of machines that this node takes releases for.
func (n *Nodes) arches(ctx context.Context) []string {
	if !n.Releases.Trusts() {
		return nil
	}
	out := []string{Arch}
	peers, err := n.Peers(ctx, n.log.DB)
	if err != nil {
		return out
	}
	for _, p := range peers {
		if v := p.Vitals; !p.Up && v != nil && v.Arch != "" && !slices.Contains(out, v.Arch) && len(out) < maxArches {
			out = append(out, v.Arch)
		}
	}
	return out
}

// offers are the newest releases for some kinds of machines. That one cannot be read now is no reason not to answer.
func (n *Nodes) offers(arches []string) []offered {
	var out []offered
	for _, arch := range arches[:min(len(arches), maxArches)] {
		if r := n.newest(arch); r != nil {
			out = append(out, offered{arch, r.Version})
		}
	}
	return out
}

func (n *Nodes) newest(arch string) *release.Release {
	if !n.Releases.Trusts() {
		return nil
	}
	r, err := n.Releases.Newest(arch)
	if err != nil {
		return nil
	}
	return r
}

// offer answers with the note of a release.
func (n *Nodes) offer(body []byte) ([]byte, error) {
	var o offered
	if err := decode(body, &o); err != nil {
		return nil, err
	}
	if r := n.newest(o.Arch); r != nil && r.Version == o.Version {
		return r.Note(), nil
	}
	return nil, fmt.Errorf("%w: the release %q for %q is not here any more", ErrMessage, o.Version, o.Arch)
}

// giveProgram answers with a part of the program of a release.
func (n *Nodes) giveProgram(body []byte) ([]byte, error) {
	var p place
	if err := decode(body, &p); err != nil {
		return nil, err
	}
	if !n.Releases.Trusts() || !n.Releases.Coming(p.File) {
		return nil, fmt.Errorf("%w: no release has the file %s", ErrMessage, p.File)
	}
	b, size, err := n.Releases.Files.ReadPart(p.File, p.Offset, partBytes)
	if err != nil {
		return nil, err
	}
	p.Size = size
	return partOf(p, b), nil
}

// wants says whether a release that is offered is one to take.
func (n *Nodes) wants(o offered) bool {
	if o.Arch == Arch && !release.Newer(o.Version, n.Program) {
		return false
	}
	r := n.newest(o.Arch)
	return r == nil || release.Newer(o.Version, r.Version)
}

// programs fetches releases that are newer than those here, and returns the version of the last that came whole.
func (x *exchange) programs(ctx context.Context) (came string, err error) {
	if !x.peer.Up || !x.n.Releases.Trusts() {
		return "", nil
	}
	until := time.Now().Add(programTime)
	for _, o := range x.offers[:min(len(x.offers), maxArches)] {
		if !x.n.wants(o) {
			continue
		}
		signed, err := x.link.Ask(ctx, OpRelease, encode(o))
		if err != nil {
			return came, err
		}
		r, err := x.n.Releases.Begin(signed)
		if err != nil {
			return came, err
		}
		whole, err := x.program(ctx, r, until)
		if err != nil || !whole {
			return came, err
		}
		came = r.Version
		if err := x.n.Releases.Tidy(); err != nil {
			return came, err
		}
	}
	return came, nil
}

// program fetches the parts of one release until it is whole or the time is over.
func (x *exchange) program(ctx context.Context, r *release.Release, until time.Time) (whole bool, err error) {
	files := x.n.Releases.Files
	for tries := 0; ; {
		at, whole := files.Part(r.Packed)
		if whole {
			return true, nil
		}
		if time.Now().After(until) {
			return false, nil
		}
		answer, err := x.link.Ask(ctx, OpProgram, encode(place{File: r.Packed, Offset: at}))
		if err != nil {
			return false, err
		}
		_, b, err := readPart(answer)
		if err != nil {
			return false, err
		}
		// How long it is was signed.
		if len(b) == 0 || at+int64(len(b)) > r.PackedBytes {
			return false, fmt.Errorf("%w: a program does not go on as it was signed", ErrMessage)
		}
		err = files.Append(r.Packed, at, b, at+int64(len(b)) == r.PackedBytes)
		if errors.Is(err, blob.ErrDamaged) && tries == 0 {
			tries++ // once more from the beginning
			continue
		}
		if err != nil {
			return false, err
		}
	}
}

// bundled is the release that a bundle brings to a node that calls: one that is newer than it runs and than it has.
func (n *Nodes) bundled(p *Peer) *release.Release {
	if p == nil || p.Up || p.Vitals == nil {
		return nil
	}
	r := n.newest(p.Vitals.Arch)
	if r == nil || !release.Newer(r.Version, p.Program) || p.Vitals.Ready == r.Version {
		return nil
	}
	return r
}

// bundleRelease writes a release into a bundle.
func (n *Nodes) bundleRelease(f *frames, r *release.Release) error {
	if err := f.write(frameRelease, r.Note()); err != nil {
		return err
	}
	for at := int64(0); at < r.PackedBytes; {
		b, _, err := n.Releases.Files.ReadPart(r.Packed, at, bundlePart)
		if err != nil {
			return err
		}
		if err := f.write(frameProgram, partOf(place{r.Packed, at, r.PackedBytes}, b)); err != nil {
			return err
		}
		at += int64(len(b))
	}
	return nil
}

// takeRelease takes what a bundle brings of a release. One that this node does not trust is passed over, and keeps nothing else
// from being taken.
func (n *Nodes) takeRelease(kind byte, body []byte) error {
	if !n.Releases.Trusts() {
		return nil
	}
	if kind == frameRelease {
		_, err := n.Releases.Begin(body)
		if errors.Is(err, release.ErrUnknown) || errors.Is(err, release.ErrDamaged) {
			return nil
		}
		return err
	}
	p, b, err := readPart(body)
	if err != nil || !n.Releases.Coming(p.File) {
		return err
	}
	last := p.Offset+int64(len(b)) == p.Size
	err = n.Releases.Files.Append(p.File, p.Offset, b, last)
	if errors.Is(err, blob.ErrPart) || errors.Is(err, blob.ErrDamaged) { // more of it is here already, or it comes another time
		return nil
	}
	if err == nil && last {
		err = n.Releases.Tidy()
	}
	return err
}
