package countries

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"tizi/internal/i18n"
	"tizi/internal/source"
)

// Strategy is a plan of a country or of the world that a programme may serve. It is contributed to: a programme's own
// records never measure it.
type Strategy struct {
	Code string    `json:"code"`
	Name i18n.Text `json:"name"`
	URL  string    `json:"url,omitempty"`
}

// Initiative is something that was published about digital skills in a country: an agreement, an event, a centre, or a
// criticism. It names organisations and no person.
type Initiative struct {
	Code       string          `json:"code"`
	Kind       string          `json:"kind"` // agreement, event, centre, criticism
	Title      i18n.Text       `json:"title"`
	On         string          `json:"on"` // of signature or event, as far as it is known: see source.IsDate
	Until      string          `json:"until,omitempty"`
	Where      i18n.Text       `json:"where,omitempty"`
	Parties    []i18n.Text     `json:"parties,omitempty"`
	Stated     []i18n.Text     `json:"stated"` // one statement each, in French and Arabic at least
	Strategies []string        `json:"strategies,omitempty"`
	Sources    []source.Source `json:"sources"`
}

// InitiativeKinds are what an initiative is.
var InitiativeKinds = []string{"agreement", "event", "centre", "criticism"}

// loadPublished reads strategies.json of the world and of the country, and the country's initiatives.json. A country may
// have neither.
func (c *Country) loadPublished(folder string) error {
	for _, name := range []string{path.Join(folder, "strategies.json"), "strategies.json"} {
		var l []Strategy
		if err := readJSON(name, &l); err != nil {
			return err
		}
		c.Strategies = append(c.Strategies, l...)
	}
	if err := readJSON(path.Join(folder, "initiatives.json"), &c.Initiatives); err != nil {
		return err
	}
	for _, x := range c.Initiatives {
		if err := x.check(c.Strategies); err != nil {
			return fmt.Errorf("initiatives.json: %s: %w", x.Code, err)
		}
	}
	return nil
}

func readJSON(name string, into any) error {
	b, err := folders.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (x Initiative) check(strategies []Strategy) error {
	switch {
	case x.Code == "" || !slices.Contains(InitiativeKinds, x.Kind) || !source.IsDate(x.On) || x.Until != "" && !source.IsDate(x.Until):
		return errors.New("an initiative needs a code, a kind and a date")
	case len(x.Sources) == 0 || len(x.Stated) == 0:
		return errors.New("an initiative needs a source and what it states")
	}
	for _, s := range x.Sources {
		if err := s.Check(); err != nil {
			return err
		}
	}
	for _, t := range slices.Concat([]i18n.Text{x.Title}, x.Stated, x.Parties) {
		if t[i18n.FR] == "" || t[i18n.AR] == "" {
			return fmt.Errorf("%q is not said in French and in Arabic", t)
		}
	}
	for _, code := range x.Strategies {
		if !slices.ContainsFunc(strategies, func(s Strategy) bool { return s.Code == code }) {
			return fmt.Errorf("there is no strategy %q", code)
		}
	}
	return nil
}
