package house

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/store"
	"tizi/internal/training"
)

// Dossier is what this node knows of a person, for the person: everything that is kept, in words and codes that other
// programs read too.
type Dossier struct {
	Made       string         `json:"made"` // ISO date
	Person     string         `json:"person"`
	Centre     string         `json:"centre"` // its code
	Details    person.Details `json:"details"`
	Mails      []string       `json:"mails,omitempty"` // left at a registration for an activity
	Enrolments []DossierLine  `json:"enrolments"`
	Attendance []DossierLine  `json:"attendance"`
	Visits     []DossierLine  `json:"visits,omitempty"` // to open access, outside of sessions
	Referrals  []DossierLine  `json:"referrals"`        // who sent the person, and why
	Appeals    []DossierLine  `json:"appeals"`          // against a refusal, each followed by its answer
	Cards      []DossierLine  `json:"cards"`            // made for the person; State is holds or ended
	Consents   []DossierLine  `json:"consents"`
	Guardians  []DossierLine  `json:"guardians"`
	Messages   []DossierLine  `json:"messages"`
	Texts      []DossierLine  `json:"texts,omitempty"` // by SMS, from this node
	Learning   []DossierLine  `json:"learning"`        // what was said of it in learning records: What is an answer, State a verb with how it was
	Marks      []DossierLine  `json:"marks"`           // of works, by trainers: What is the comment
	Teams      []DossierLine  `json:"teams"`           // small groups of sessions: State is the number
	Wall       []DossierLine  `json:"wall"`            // works that were shown to the group: State is shown, hidden or barred
	Entry      []DossierLine  `json:"entry"`           // how the person signs in as a learner on this node: State says what, What its name
	Looks      []DossierLine  `json:"looks"`           // who looked at the file or let the person sign in, on this node
	History    []DossierLine  `json:"history"`
	Files      []DossierFile  `json:"files"`
}

// DossierFile is a photo, a signed form, or a work that the person handed in.
type DossierFile struct {
	On   string `json:"on"`   // ISO date
	What string `json:"what"` // photo, form or work
	Type string `json:"type"` // of Data, which JSON has in base64
	Data []byte `json:"data"`
}

// DossierLine is one thing that is known, on a day.
type DossierLine struct {
	On    string `json:"on"` // ISO date
	What  string `json:"what"`
	State string `json:"state,omitempty"`
	Where string `json:"where,omitempty"`
	By    string `json:"by,omitempty"` // the account that wrote it
}

// Dossier gathers all that is known of a person in the scope.
func (h *House) Dossier(ctx context.Context, scope access.Scope, p id.ID) (*Dossier, error) {
	x, err := h.People.Get(ctx, h.DB, scope, p)
	if err != nil {
		return nil, err
	}
	if x == nil {
		return nil, person.ErrUnknown
	}
	d := &Dossier{Made: h.Today(), Person: p.String(), Details: x.Details}
	tree, err := h.Places.Tree(ctx, h.DB)
	if err != nil {
		return nil, err
	}
	if c := tree.Get(x.Centre); c != nil {
		d.Centre = c.Code
	}
	enrolments, err := h.Training.OfPerson(ctx, h.DB, access.Everywhere(), p)
	if err != nil {
		return nil, err
	}
	// Who was written down twice has said things under both names.
	records, err := person.Records(ctx, h.DB, p)
	if err != nil {
		return nil, err
	}
	subjects := slices.Clone(records)
	for _, e := range enrolments {
		subjects = append(subjects, e.ID)
		line := DossierLine{On: e.On, State: e.State}
		prog, err := h.Programmes.Get(ctx, h.DB, e.Programme)
		if err != nil {
			return nil, err
		}
		if prog != nil {
			line.What = prog.Code
		}
		names, err := h.Training.Names(ctx, h.DB, []id.ID{e.Cohort})
		if err != nil {
			return nil, err
		}
		line.Where = names[e.Cohort]
		d.Enrolments = append(d.Enrolments, line)
	}
	visits, err := h.Activities.OfPerson(ctx, h.DB, records)
	if err != nil {
		return nil, err
	}
	for _, r := range visits {
		subjects = append(subjects, r.ID)
		line := DossierLine{On: r.On, State: r.State}
		if a, err := h.Activities.Get(ctx, h.DB, access.Everywhere(), r.Activity); err == nil {
			line.What, _ = a.Title.In(i18n.FR)
		}
		d.Enrolments = append(d.Enrolments, line)
	}
	mails, err := h.Activities.Mails(ctx, h.DB, visits)
	if err != nil {
		return nil, err
	}
	for _, m := range mails {
		d.Mails = append(d.Mails, m)
	}
	slices.Sort(d.Mails)
	d.Mails = slices.Compact(d.Mails)
	came, err := h.Training.AttendanceOf(ctx, h.DB, access.Everywhere(), p, 10_000)
	if err != nil {
		return nil, err
	}
	for _, c := range came {
		d.Attendance = append(d.Attendance, DossierLine{On: c.Date, What: c.Mark, Where: c.Name})
	}
	who := map[id.ID]string{}
	name := func(account id.ID) (string, error) {
		if n, known := who[account]; known || account.IsNil() {
			return n, nil
		}
		acc, err := h.Access.Get(ctx, h.DB, account)
		if err == nil && acc != nil {
			who[account] = acc.Name
		}
		return who[account], err
	}
	dropped, err := h.Centres.DropInsOf(ctx, h.DB, records)
	if err != nil {
		return nil, err
	}
	for _, x := range dropped {
		line := DossierLine{On: x.On, What: "open access", State: x.By}
		if c := tree.Get(x.Centre); c != nil {
			line.Where = c.Code
		}
		d.Visits = append(d.Visits, line)
	}
	texts, err := h.Texts.OfPersons(ctx, h.DB, records)
	if err != nil {
		return nil, err
	}
	for _, t := range texts {
		line := DossierLine{On: t.Made.Format(time.DateOnly), What: t.Words, State: t.State, Where: t.Number}
		if line.By, err = name(t.Actor); err != nil {
			return nil, err
		}
		d.Texts = append(d.Texts, line)
	}
	cards, err := h.Cards.Of(ctx, h.DB, records)
	if err != nil {
		return nil, err
	}
	for _, c := range cards {
		line := DossierLine{On: c.Made.Format(time.DateOnly), What: "card", State: "holds"}
		if !c.Ended.IsZero() {
			line.State = "ended"
		}
		if line.By, err = name(c.Actor); err != nil {
			return nil, err
		}
		d.Cards = append(d.Cards, line)
	}
	sent, err := h.Training.ReferralsOf(ctx, h.DB, p)
	if err != nil {
		return nil, err
	}
	for _, r := range sent {
		d.Referrals = append(d.Referrals, DossierLine{On: r.On, What: strings.Trim(r.School+" · "+r.Note, " ·"), State: r.Why, Where: strings.Trim(r.By+" · "+r.Tel, " ·")})
	}
	appeals, err := h.Training.AppealsOf(ctx, h.DB, p)
	if err != nil {
		return nil, err
	}
	for _, a := range appeals {
		subjects = append(subjects, a.ID)
		line := DossierLine{On: a.On, What: a.Words, State: training.AppealOpen}
		if line.By, err = name(a.Actor); err != nil {
			return nil, err
		}
		d.Appeals = append(d.Appeals, line)
		if a.State != training.AppealOpen {
			line = DossierLine{On: a.Decided, What: a.Answer, State: a.State}
			if line.By, err = name(a.Decider); err != nil {
				return nil, err
			}
			d.Appeals = append(d.Appeals, line)
		}
	}
	for _, r := range records {
		consents, err := h.Consents.History(ctx, h.DB, r)
		if err != nil {
			return nil, err
		}
		for _, c := range consents {
			d.Consents = append(d.Consents, DossierLine{On: c.On, What: string(c.Purpose), State: c.State, By: c.Who.Name})
		}
		guardians, err := h.Family.Guardians(ctx, h.DB, r)
		if err != nil {
			return nil, err
		}
		for _, g := range guardians {
			d.Guardians = append(d.Guardians, DossierLine{What: g.Relation, Where: g.Phone, By: g.Name})
		}
		fetchers, err := h.Family.Fetchers(ctx, h.DB, r)
		if err != nil {
			return nil, err
		}
		for _, f := range fetchers {
			if f.Child != r { // it comes with its own record
				continue
			}
			d.Guardians = append(d.Guardians, DossierLine{What: f.Relation, Where: f.Phone, By: f.Name})
		}
		// Also those of somebody who answers for the child no more.
		l, err := h.Family.Written(ctx, h.DB, r)
		if err != nil {
			return nil, err
		}
		for _, m := range l {
			line := DossierLine{On: m.At.Format(time.DateOnly), What: m.Text}
			if line.By, err = name(m.Sender); err == nil && line.By == "" {
				line.By, err = h.Family.Called(ctx, h.DB, r, m.Sender) // who answers for nobody has no account any more
			}
			if err != nil {
				return nil, err
			}
			d.Messages = append(d.Messages, line)
		}
		pictures, err := h.Consents.Pictures(ctx, h.DB, r)
		if err != nil {
			return nil, err
		}
		for _, k := range pictures {
			what := "form"
			if k.Photo {
				what = "photo"
			}
			d.Files = append(d.Files, DossierFile{k.On, what, "image/jpeg", k.JPEG})
		}
		looks, err := h.Looks.Seen(ctx, h.DB, []id.ID{r}, 1000)
		if err != nil {
			return nil, err
		}
		for _, l := range looks {
			line := DossierLine{On: l.At.Format(time.DateOnly), What: string(l.Action)}
			if line.By, err = name(l.Account); err != nil {
				return nil, err
			}
			d.Looks = append(d.Looks, line)
		}
	}
	if err := h.learned(ctx, d, records, name); err != nil {
		return nil, err
	}
	for _, s := range subjects {
		facts, err := h.Log.Of(ctx, h.DB, s)
		if err != nil {
			return nil, err
		}
		for _, f := range facts {
			by, err := name(f.Actor)
			if err != nil {
				return nil, err
			}
			kind, _, _ := fact.SplitKind(f.Kind)
			d.History = append(d.History, DossierLine{On: f.HLC.Wall().Format(time.DateOnly), What: kind, By: by})
		}
	}
	return d, nil
}

// JSON writes the dossier for other programs.
func (d *Dossier) JSON() ([]byte, error) { return json.MarshalIndent(d, "", "  ") }

// exporter is the executor of exports: what was confirmed may be read for a while by the two.
func (h *House) exporter() access.Executor {
	return access.Executor{
		Check: func(ctx context.Context, q store.Querier, p access.Proposed) error {
			if !slices.Contains(ExportReasons, p.Reason) {
				return access.ErrNoReason
			}
			return h.here(ctx, q, p.Centre, p.Subjects)
		},
		Run: func(context.Context, store.Querier, id.ID, *access.Request) (fact.Outcome, error) {
			return fact.Outcome{}, nil // to be confirmed is all that happens; what follows is reading
		},
	}
}

// ExportReasons are why the data of a person may be exported: words of a list, since a sentence might name somebody.
var ExportReasons = []string{"asked", "guardian_asked", "authority", "transfer"}

// DossierLife is how long a confirmed export may be read.
const DossierLife = 7 * 24 * time.Hour
