// Command sbom writes what a program of Tizi is made of as a CycloneDX document: the Go modules that are linked into it, as it says
// itself, and the npm packages whose files it serves, as the lock file pins them; each with its licences. The same program gives the same document.
package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/CycloneDX/cyclonedx-gomod/pkg/generate/bin"
	"github.com/google/uuid"
	"github.com/rs/zerolog"
)

func main() {
	program := flag.String("program", "", "the program")
	version := flag.String("version", "", "its version")
	lock := flag.String("lock", "", "package-lock.json of the pages")
	at := flag.Int64("at", 0, "when it was made, in seconds since 1970")
	out := flag.String("out", "", "the file to write")
	flag.Parse()
	if err := write(*program, *version, *lock, *out, time.Unix(*at, 0).UTC()); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func write(program, version, lock, out string, at time.Time) error {
	g, err := bin.NewGenerator(program, bin.WithIncludeStdlib(true), bin.WithShortPURLS(true), bin.WithVersionOverride("v"+version), bin.WithLicenseDetector(licences{}), bin.WithLogger(zerolog.Nop()))
	if err != nil {
		return err
	}
	bom, err := g.Generate()
	if err != nil {
		return err
	}
	if err := state(*bom.Components); err != nil {
		return err
	}
	pages, err := packages(lock)
	if err != nil {
		return err
	}
	all := append(*bom.Components, pages...)
	bom.Components = &all
	main := bom.Metadata.Component
	main.Name, main.Licenses = "tizi", &cdx.Licenses{{License: &cdx.License{ID: "Apache-2.0"}}}
	if bom.Dependencies != nil {
		for i, d := range *bom.Dependencies {
			if d.Ref == main.BOMRef && d.Dependencies != nil {
				refs := *d.Dependencies
				for _, p := range pages {
					refs = append(refs, p.BOMRef)
				}
				(*bom.Dependencies)[i].Dependencies = &refs
			}
		}
	}
	bom.Metadata.Timestamp = at.Format(time.RFC3339)
	body, err := json.Marshal(bom)
	if err != nil {
		return err
	}
	bom.SerialNumber = "urn:uuid:" + uuid.NewSHA1(uuid.NameSpaceURL, body).String()
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	if err := cdx.NewBOMEncoder(f, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cdx.SpecVersion1_6); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// packages reads the npm packages whose files are served.
func packages(lock string) ([]cdx.Component, error) {
	b, err := os.ReadFile(lock)
	if err != nil {
		return nil, err
	}
	var l struct {
		Packages map[string]struct {
			Version, Integrity, License string
			Dev                         bool // it builds and tests the pages, and is no part of them
		}
	}
	if err := json.Unmarshal(b, &l); err != nil {
		return nil, err
	}
	var out []cdx.Component
	for path, p := range l.Packages {
		name, ok := strings.CutPrefix(path, "node_modules/")
		if !ok || p.Dev {
			continue
		}
		sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(p.Integrity, "sha512-"))
		if err != nil {
			return nil, fmt.Errorf("the sum of %s: %w", name, err)
		}
		purl := "pkg:npm/" + strings.Replace(name, "@", "%40", 1) + "@" + p.Version
		out = append(out, cdx.Component{
			BOMRef: purl, Type: cdx.ComponentTypeLibrary, Name: name, Version: p.Version, PackageURL: purl, Scope: cdx.ScopeRequired,
			Hashes:   &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA512, Value: hex.EncodeToString(sum)}},
			Licenses: &cdx.Licenses{{License: &cdx.License{ID: p.License}}},
		})
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s names no packages that are served", lock)
	}
	slices.SortFunc(out, func(a, b cdx.Component) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}
