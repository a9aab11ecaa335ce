package countries

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path"
	"strings"
)

// Names are what a simulation calls its people. They are drawn one by one, so
// whoever comes out is invented.
type Names struct {
	Female []Name `json:"female"`
	Male   []Name `json:"male"`
	Family []Name `json:"family"`
}

// Name is one name in both scripts, as it stands on papers.
type Name struct {
	AR string `json:"ar"`
	FR string `json:"fr"`
	// Variants are other Latin spellings of the same name in use: what makes
	// finding one person twice hard.
	Variants []string `json:"variants,omitempty"`
	// Weight is roughly how common the name is beside the others.
	Weight int `json:"weight"`
}

// Names reads the country's names for simulations.
func (c *Country) Names() (*Names, error) {
	b, err := folders.ReadFile(path.Join(strings.ToLower(c.Code), "names.json"))
	if err != nil {
		return nil, fmt.Errorf("read the names of %s: %w", c.Code, err)
	}
	var n Names
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if err := d.Decode(&n); err != nil {
		return nil, fmt.Errorf("read the names of %s: %w", c.Code, err)
	}
	return &n, nil
}

// Pick draws a name by the weights. The same source draws the same names, which
// is what makes a simulation repeatable. The list must not be empty.
func Pick(list []Name, r *rand.Rand) Name {
	total := 0
	for _, n := range list {
		total += n.Weight
	}
	at := r.IntN(total)
	for _, n := range list {
		if at -= n.Weight; at < 0 {
			return n
		}
	}
	return list[len(list)-1]
}

// Spelling draws one of the Latin spellings of the name, mostly the usual one.
func (n Name) Spelling(r *rand.Rand) string {
	if len(n.Variants) == 0 || r.IntN(4) > 0 {
		return n.FR
	}
	return n.Variants[r.IntN(len(n.Variants))]
}
