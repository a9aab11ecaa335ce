package i18n

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"sort"
	"strings"
	"sync"
)

//go:embed catalogue
var files embed.FS

// catalogues holds every message of every language, read once.
var catalogues = sync.OnceValue(func() map[Lang]map[string]message {
	all := map[Lang]map[string]message{}
	for _, l := range Langs {
		c, err := read(l)
		if err != nil {
			// The catalogues are part of the program and tested with it, so a
			// broken one is a broken program.
			panic(err)
		}
		all[l] = c
	}
	return all
})

func read(l Lang) (map[string]message, error) {
	dir := path.Join("catalogue", string(l))
	entries, err := files.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the %s catalogue: %w", l, err)
	}
	c := map[string]message{}
	for _, e := range entries {
		b, err := files.ReadFile(path.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read the %s catalogue: %w", l, err)
		}
		group := map[string]message{}
		if err := json.Unmarshal(b, &group); err != nil {
			return nil, fmt.Errorf("read %s/%s: %w", l, e.Name(), err)
		}
		for key, m := range group {
			if _, twice := c[key]; twice {
				return nil, fmt.Errorf("read %s/%s: %q stands in another file too", l, e.Name(), key)
			}
			for f, s := range m.forms {
				m.forms[f] = typeset(l, s)
			}
			c[key] = m
		}
	}
	return c, nil
}

var french = strings.NewReplacer(
	" ;", narrowNoBreak+";", " !", narrowNoBreak+"!", " ?", narrowNoBreak+"?",
	" :", noBreak+":", " %", noBreak+"%", "« ", "«"+noBreak, " »", noBreak+"»",
)

// typeset makes the spaces that French sets before its double punctuation
// unbreakable, so that a translator can type them as plain spaces.
func typeset(l Lang, s string) string {
	if l != FR {
		return s
	}
	return french.Replace(s)
}

// Keys lists every message key of the French catalogue, which is the reference.
func Keys() []string {
	keys := make([]string, 0, len(catalogues()[FR]))
	for k := range catalogues()[FR] {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// Coverage tells how many of all messages a language has.
func Coverage(l Lang) (have, total int) {
	for k := range catalogues()[FR] {
		total++
		if _, ok := catalogues()[l][k]; ok {
			have++
		}
	}
	return have, total
}
