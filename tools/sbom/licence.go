package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/licensecheck"
)

// covered is how much of a file the texts of known licences are at least, in percent, for it to be one.
const covered = 75

// licences finds which licences a module's own files are (licensedetect.Detector).
type licences struct{}

// Detect implements licensedetect.Detector.
func (licences) Detect(path, version, dir string) ([]cdx.License, error) {
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("%s %s is not in the module cache: %w", path, version, err)
	}
	var ids []string
	for _, n := range names {
		upper := strings.ToUpper(n.Name())
		if n.IsDir() || !strings.HasPrefix(upper, "LICENSE") && !strings.HasPrefix(upper, "LICENCE") && !strings.HasPrefix(upper, "COPYING") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, n.Name()))
		if err != nil {
			return nil, err
		}
		c := licensecheck.Scan(text)
		if c.Percent < covered {
			continue
		}
		for _, m := range c.Match {
			if !m.IsURL {
				ids = append(ids, m.ID)
			}
		}
	}
	slices.Sort(ids)
	var out []cdx.License
	for _, v := range slices.Compact(ids) {
		out = append(out, cdx.License{ID: v})
	}
	return out, nil
}

// state says of each module which licences were found, and fails for one of which none was: nothing is shipped whose licence
// nobody knows.
func state(all []cdx.Component) error {
	for i := range all {
		c := &all[i]
		switch {
		case c.Name == "std": // it is no module of the cache
			c.Licenses = &cdx.Licenses{{License: &cdx.License{ID: "BSD-3-Clause"}}}
		case c.Evidence != nil && c.Evidence.Licenses != nil && len(*c.Evidence.Licenses) > 0:
			c.Licenses, c.Evidence = c.Evidence.Licenses, nil
		default:
			return fmt.Errorf("no licence is known of %s %s", c.Name, c.Version)
		}
	}
	return nil
}
