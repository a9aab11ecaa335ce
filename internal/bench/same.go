package bench

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"time"

	"tizi/internal/access"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/person/same/pairs"
	"tizi/internal/sheet"
)

// Same is the result of measuring the search for duplicates and the search for names.
type Same struct {
	Machine
	People        int64              `json:"people"`
	FillSeconds   float64            `json:"fill_s"`
	SeekSeconds   float64            `json:"seek_s"`
	Compared      int                `json:"compared"`
	Pairs         int                `json:"pairs"`
	AgainSeconds  float64            `json:"again_s"`     // the next search, with nobody new
	OneP95        float64            `json:"one_p95_ms"`  // the duplicates of one who was just saved
	LikeP95       float64            `json:"like_p95_ms"` // who may be the same, while one types
	SearchP50     float64            `json:"search_p50_ms"`
	SearchP95     float64            `json:"search_p95_ms"`
	SearchWorst   string             `json:"search_worst"`
	SearchWorstMS float64            `json:"search_worst_ms"`
	Searches      map[string]float64 `json:"searches_p95_ms"`
	CrossFound    bool               `json:"cross_found"` // Muhammad finds محمد and the other way round
}

// searches are what people type: names common and rare, in both scripts, in spellings that no record has, and beginnings.
var searches = []string{"Mohammed", "محمد", "Muhamad", "M'hamed", "Fatima Zahra", "فاطمة", "Fatimazahra", "Aït Hammou", "ايت حمو", "Aithamou", "Abd El Kader", "عبدالقادر",
	"El Alaoui", "العلوي", "Alawi", "Khadidja Bennani", "خديجة بناني", "Yusuf", "يوسف", "Wafaa", "Ouafae", "Guedira", "Chraïbi", "شرايبي", "moh", "fat", "ben", "al", "Ali", "علي", "Aya", "zz", "Mohammed Alaoui", "Said", "Rachida Ouazani"}

// FillSame brings people in, some of them twice.
func FillSame(ctx context.Context, h *house.House, people int, progress func(done, total int64)) error {
	files := map[string]*bytes.Buffer{}
	writers := map[string]*csv.Writer{}
	for _, r := range pairs.People(people, 2026) {
		w := writers[r.Centre]
		if w == nil {
			files[r.Centre] = &bytes.Buffer{}
			w = csv.NewWriter(files[r.Centre])
			w.Comma = ';'
			writers[r.Centre] = w
			w.Write([]string{"Prénom", "Nom", "الاسم الشخصي", "النسب", "Nom complet", "Date de naissance", "Sexe", "Tuteur", "Téléphone du tuteur"})
		}
		birth := r.Birth
		if d, err := time.Parse(time.DateOnly, birth); err == nil {
			birth = d.Format("02/01/2006")
		}
		w.Write([]string{r.GivenLatin, r.FamilyLatin, r.GivenArabic, r.FamilyArabic, r.FullLatin, birth, r.Sex, r.Guardian, r.GuardianPhone})
	}
	done := int64(0)
	for name, b := range files {
		writers[name].Flush()
		data := b.Bytes()
		rep, err := h.People.Import(ctx, person.Import{
			File: func(o sheet.Options) (*sheet.Reader, error) {
				return sheet.New(bytes.NewReader(data), int64(len(data)), "liste.csv", o)
			},
			Centre: id.Named("bench", name), Today: h.Log.Clock.Now(),
		})
		if err != nil {
			return err
		}
		done += int64(rep.Rows)
		progress(done, int64(people))
	}
	return nil
}

// MeasureSame searches the whole node for duplicates, then looks for single people and names.
func MeasureSame(ctx context.Context, h *house.House, progress func(done, total int64)) (*Same, error) {
	r := &Same{Machine: machine(string(h.DB.Engine))}
	var err error
	all := access.Everywhere()
	if r.People, err = h.People.Count(ctx, h.DB, all); err != nil {
		return nil, err
	}
	start := time.Now()
	s, err := h.People.Seek(ctx, progress)
	if err != nil {
		return nil, err
	}
	r.SeekSeconds, r.Compared, r.Pairs = time.Since(start).Seconds(), s.Compared, s.Pairs
	start = time.Now()
	if _, err := h.People.Seek(ctx, nil); err != nil {
		return nil, err
	}
	r.AgainSeconds = time.Since(start).Seconds()
	page, err := h.People.List(ctx, h.DB, all, person.Filter{Size: 100})
	if err != nil {
		return nil, err
	}
	timed := func(n int, fn func(i int) error) ([]float64, error) {
		var out []float64
		for i := range n {
			start := time.Now()
			if err := fn(i); err != nil {
				return nil, err
			}
			out = append(out, float64(time.Since(start).Microseconds())/1000)
		}
		return out, nil
	}
	one, err := timed(len(page.People), func(i int) error { return h.People.SeekFor(ctx, page.People[i].ID) })
	if err != nil {
		return nil, err
	}
	like, err := timed(len(page.People), func(i int) error {
		x := page.People[i]
		_, err := h.People.Like(ctx, h.DB, person.Details{"first_latin": x.Details["first_latin"], "last_latin": x.Details["last_latin"], "birth": x.Details["birth"]}, x.Centre, 5)
		return err
	})
	if err != nil {
		return nil, err
	}
	r.OneP95, r.LikeP95 = at(one, 95), at(like, 95)
	r.Searches = map[string]float64{}
	var times []float64
	for _, q := range searches {
		l, err := timed(40, func(int) error {
			_, err := h.People.List(ctx, h.DB, all, person.Filter{Search: q})
			return err
		})
		if err != nil {
			return nil, err
		}
		times = append(times, l...)
		r.Searches[q] = at(l, 95)
		if p := at(l, 95); p > r.SearchWorstMS {
			r.SearchWorst, r.SearchWorstMS = q, p
		}
	}
	r.SearchP50, r.SearchP95 = at(times, 50), at(times, 95)
	r.CrossFound = true
	for search, script := range map[string]string{"Muhamad": "ar", "امحمد": "latin"} {
		page, err := h.People.List(ctx, h.DB, all, person.Filter{Search: search})
		if err != nil {
			return nil, err
		}
		r.CrossFound = r.CrossFound && slices.ContainsFunc(page.People, func(p *person.Person) bool { return p.Details["first_"+script] != "" })
	}
	return r, nil
}

// at is a percentile.
func at(times []float64, p int) float64 {
	s := slices.Clone(times)
	slices.Sort(s)
	return s[min(len(s)*p/100, len(s)-1)]
}

// String is the result for people.
func (r *Same) String() string {
	return fmt.Sprintf("on %s, %d cores, %d people\n  all duplicates: %.1f s (%d pairs weighed, %d likely); again with nobody new: %.2f s\n  of one who was saved: p95 %.1f ms; while one types: p95 %.1f ms\n  search: p50 %.1f ms, p95 %.1f ms; worst %q, %.1f ms",
		r.Engine, r.Cores, r.People, r.SeekSeconds, r.Compared, r.Pairs, r.AgainSeconds, r.OneP95, r.LikeP95, r.SearchP50, r.SearchP95, r.SearchWorst, r.SearchWorstMS)
}
