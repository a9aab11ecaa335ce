package activity

import (
	"fmt"
	"strings"
	"time"

	"tizi/curriculum"
	"tizi/internal/activity"
	"tizi/internal/course"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/web/door"
)

// masterclass is the course whose half-day is offered as an activity to begin with, and the module that is that half-day.
const (
	masterclass = "masterclass-femmes"
	halfDay     = "demi-journee"
)

// begins is the hour that a half-day begins at, unless somebody says another.
var begins = time.Date(0, 1, 1, 14, 0, 0, 0, time.UTC)

// template fills the form of a new activity with what the program brings: the masterclass with its plan, one session, places, and
// registration open. What only the organisers know, they fill in.
func (f *Form) template(a *door.Ask) error {
	if a.R.URL.Query().Get("template") != masterclass {
		return nil
	}
	files, err := course.OpenFS(masterclass, curriculum.Course(masterclass))
	if err != nil {
		return err
	}
	defer files.Close()
	c, _, err := files.Check(nil)
	if err != nil {
		return err
	}
	for _, m := range c.Modules {
		if m.Name != halfDay {
			continue
		}
		end := begins
		for _, l := range m.Lessons {
			end = end.Add(time.Duration(l.Minutes) * time.Minute)
		}
		for _, l := range i18n.Langs {
			f.V["title_"+string(l)] = c.Title[l]
			if m.Summary[l] == "" {
				continue
			}
			about := []string{m.Summary[l]}
			at := begins
			for _, x := range m.Lessons {
				if title := x.Title[l]; title != "" {
					about = append(about, at.Format("15:04")+" "+title)
				}
				at = at.Add(time.Duration(x.Minutes) * time.Minute)
			}
			if l != i18n.ZGH {
				about = append(about, i18n.For(l).T("activity.masterclass_after"))
			}
			f.V["about_"+string(l)] = strings.Join(about, "\n")
		}
		f.Rows = append(f.Rows, SessionRow{ID: id.New().String(), From: begins.Format("15:04"), To: end.Format("15:04")})
	}
	f.V["kind"], f.V["pillar"], f.V["state"], f.V["capacity"] = "masterclass", "training", activity.Open, fmt.Sprint(seats)
	return nil
}

// seats are how many women one team can look after.
const seats = 30
