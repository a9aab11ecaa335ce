// Package countries holds what Tizi knows of a country before anybody types:
// its places, its holidays, and the names a simulation gives to people. Each
// country is a folder; README.md tells how to add one.
package countries

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"
	"sync"
	"time"

	"tizi/internal/i18n"
	"tizi/internal/source"
)

//go:embed */country.json */places.csv */holidays.csv */names.json strategies.json */strategies.json */initiatives.json */population.json
var folders embed.FS

// Country is one country folder, read.
type Country struct {
	Code        string // ISO 3166-1, two letters
	Name        i18n.Text
	Languages   []i18n.Lang // of the country, the official ones first
	WeekStart   time.Weekday
	Timezone    string  // IANA name
	Currency    string  // ISO 4217
	PhonePrefix string  // with its plus sign
	Prayer      *Prayer // nil: nobody says how the times of prayers are reckoned
	Places      []Place
	Holidays    []Holiday
	Helplines   []Helpline // whom to call when a child is in danger, the one for children first
	Strategies  []Strategy // that programmes may serve: the country's own first, then those of all countries
	Initiatives []Initiative
	Population  Population // zero: nobody wrote it down
}

// Population is how many people live in places, as somebody published it.
type Population struct {
	Source source.Source    `json:"source"`
	People map[string]int64 `json:"people"` // by the code of a place; not all places need one
}

// loadPopulation reads population.json, which a country may not have. Numbers of places that make up another one add up
// to its number.
func (c *Country) loadPopulation(folder string) error {
	if err := readJSON(path.Join(folder, "population.json"), &c.Population); err != nil || len(c.Population.People) == 0 {
		return err
	}
	if err := c.Population.Source.Check(); err != nil || c.Population.Source.IsZero() {
		return errors.Join(errors.New("population.json: a source is needed"), err)
	}
	sums, lacks := map[string]int64{}, map[string]bool{}
	known := 0
	for _, p := range c.Places {
		n, ok := c.Population.People[p.Code]
		if !ok {
			lacks[p.Parent] = true
			continue
		}
		if known++; n < 1 {
			return fmt.Errorf("population.json: %s: nobody lives there", p.Code)
		}
		sums[p.Parent] += n
	}
	if known != len(c.Population.People) {
		return errors.New("population.json: a code is that of no place")
	}
	for code, n := range c.Population.People {
		if s := sums[code]; s > 0 && !lacks[code] && s != n {
			return fmt.Errorf("population.json: the places in %s have %d people, not %d", code, s, n)
		}
	}
	return nil
}

// Helpline is a telephone number for who is in danger.
type Helpline struct {
	Number string    `json:"number"`
	Name   i18n.Text `json:"name"`
	Source string    `json:"source"` // who says so
}

// Prayer is how a country's authority reckons the times of prayers.
type Prayer struct {
	Fajr   float64 `json:"fajr"` // degrees of the sun below the horizon
	Isha   float64 `json:"isha"`
	Noon   int     `json:"noon"`   // minutes after the sun is highest
	Sunset int     `json:"sunset"` // minutes after sunset
}

// ErrUnknown is what Load answers for a country that has no folder.
var ErrUnknown = errors.New("no such country")

// Codes lists the countries that have a folder, in alphabetical order.
func Codes() []string {
	// An embedded folder can always be listed.
	entries, _ := fs.ReadDir(folders, ".")
	codes := make([]string, 0, len(entries))
	for _, e := range entries {
		if !e.IsDir() {
			continue // what is common to all countries
		}
		codes = append(codes, strings.ToUpper(e.Name()))
	}
	sort.Strings(codes)
	return codes
}

var loaded sync.Map // *Country by folder

// Load returns a country, which is read once: pages ask for it again and again. Nobody changes what it returns.
func Load(code string) (*Country, error) {
	folder := strings.ToLower(code)
	if c, ok := loaded.Load(folder); ok {
		return c.(*Country), nil
	}
	c, err := readFolder(folder, code)
	if err != nil {
		return nil, err
	}
	first, _ := loaded.LoadOrStore(folder, c)
	return first.(*Country), nil
}

func readFolder(folder, code string) (*Country, error) {
	b, err := folders.ReadFile(path.Join(folder, "country.json"))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return nil, fmt.Errorf("load country %q: %w", code, ErrUnknown)
	}
	if err != nil {
		return nil, fmt.Errorf("load country %q: %w", code, err)
	}
	c, err := readCountry(b)
	if err != nil {
		return nil, fmt.Errorf("load country %q: country.json: %w", code, err)
	}
	if c.Places, err = loadPlaces(folder); err != nil {
		return nil, fmt.Errorf("load country %q: places.csv: %w", code, err)
	}
	if c.Holidays, err = loadHolidays(folder); err != nil {
		return nil, fmt.Errorf("load country %q: holidays.csv: %w", code, err)
	}
	for _, load := range []func(string) error{c.loadPublished, c.loadPopulation} {
		if err := load(folder); err != nil {
			return nil, fmt.Errorf("load country %q: %w", code, err)
		}
	}
	return c, nil
}

// header is country.json as it is written.
type header struct {
	Code        string      `json:"code"`
	Name        i18n.Text   `json:"name"`
	Languages   []i18n.Lang `json:"languages"`
	Currency    string      `json:"currency"`
	Helplines   []Helpline  `json:"helplines"`
	WeekStart   string      `json:"week_start"`
	Timezone    string      `json:"timezone"`
	PhonePrefix string      `json:"phone_prefix"`
	Prayer      *Prayer     `json:"prayer"`
}

func readCountry(b []byte) (*Country, error) {
	var h header
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if err := d.Decode(&h); err != nil {
		return nil, err
	}
	for _, l := range h.Languages {
		if _, ok := i18n.Parse(string(l)); !ok {
			return nil, fmt.Errorf("the language %q is none of ours", l)
		}
	}
	day, err := weekday(h.WeekStart)
	if err != nil {
		return nil, err
	}
	return &Country{
		Code: h.Code, Name: h.Name, Languages: h.Languages, WeekStart: day,
		Timezone: h.Timezone, Currency: h.Currency, PhonePrefix: h.PhonePrefix, Prayer: h.Prayer, Helplines: h.Helplines,
	}, nil
}

func weekday(name string) (time.Weekday, error) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(d.String(), name) {
			return d, nil
		}
	}
	return 0, fmt.Errorf("%q is no day of the week", name)
}

func loadPlaces(folder string) ([]Place, error) {
	f, err := folders.Open(path.Join(folder, "places.csv"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	places, bad, err := ReadPlaces(f)
	if err != nil {
		return nil, err
	}
	if len(bad) > 0 {
		return nil, bad[0]
	}
	return places, nil
}
