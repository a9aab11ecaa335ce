package agreement

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"tizi/internal/access"
	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/picture"
	"tizi/internal/source"
	"tizi/internal/store"
)

// ErrUnknown is returned for what is not there, or not there for the one who asks.
var ErrUnknown = errors.New("there is no such agreement, or nothing of that name in it")

// Agreements is the area.
type Agreements struct {
	log   *fact.Log
	blobs *blob.Store
}

// New returns the area on a node's log.
func New(l *fact.Log, b *blob.Store) *Agreements { return &Agreements{l, b} }

// ID is the same for a code on every node: the ones that the programme brings are known so.
func ID(code string) id.ID { return id.Named("agreement", code) }

// PartyID names a party: two nodes that state it mean the same one.
func PartyID(agreement, organisation id.ID) id.ID {
	return id.Named("party", agreement.String()+"/"+organisation.String())
}

// turn is what all commands of this area have in common: agreements are changed by few people, now and then, and their
// rules look across subjects, so that one runs after the other.
var turn = id.Named("agreement", "turn")

// rule says what is wrong with a statement, as things stand. It may complete what follows from them.
type rule func(ctx context.Context, q store.Querier, f *Faults) error

// put states *b about a subject, which must be new or of the same kinds of fact. What is so already writes nothing.
func put[T fact.Body](ctx context.Context, s *Agreements, name string, actor id.ID, k *fact.Kind, subject id.ID, b *T, kin func(*fact.Fact) bool, r rule) error {
	if err := (*b).Check(); err != nil {
		return err
	}
	stream := k.Streams[0]
	_, err := s.log.Do(ctx, fact.Command{Name: name, Stream: stream, Keys: []id.ID{turn, subject}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		old, err := s.log.Of(ctx, q, subject)
		if err != nil {
			return fact.Outcome{}, err
		}
		if slices.ContainsFunc(old, func(f *fact.Fact) bool { return !kin(f) }) {
			return fact.Outcome{}, ErrUnknown
		}
		var f Faults
		if err := r(ctx, q, &f); err != nil {
			return fact.Outcome{}, err
		}
		if err := f.Err(); err != nil || fact.Says(old, *b) {
			return fact.Outcome{}, err
		}
		return fact.Outcome{Facts: []fact.New{{Stream: stream, Kind: k, Subject: subject, Actor: actor, Body: *b, Prev: fact.HeadsOf(old)}}}, nil
	}})
	return err
}

// of reports whether a fact is of a kind, or a verdict about one.
func of(kinds ...*fact.Kind) func(*fact.Fact) bool {
	return func(f *fact.Fact) bool {
		name, _, _ := fact.SplitKind(f.Kind)
		return slices.ContainsFunc(kinds, func(k *fact.Kind) bool { return k.Name == name }) || len(name) > 5 && name[:5] == "fact."
	}
}

// SetOrganisation describes an organisation.
func (s *Agreements) SetOrganisation(ctx context.Context, actor, v id.ID, o OrganisationDescribed) error {
	return put(ctx, s, "describe an organisation", actor, KindOrganisation, v, &o, of(KindOrganisation), func(ctx context.Context, q store.Querier, f *Faults) error {
		all, err := s.Organisations(ctx, q)
		if err != nil {
			return err
		}
		parents := map[id.ID]id.ID{}
		for _, x := range all {
			parents[x.ID] = x.Is.Parent
		}
		_, known := parents[o.Parent]
		f.Add(!o.Parent.IsNil() && !known && o.Parent != v, "parent", "agree.fault.missing")
		for p, n := o.Parent, 0; !p.IsNil() && n <= len(all); p, n = parents[p], n+1 {
			if p == v {
				f.Add(true, "parent", "agree.fault.circle")
				break
			}
		}
		return nil
	})
}

// SetOffice describes an office of an organisation.
func (s *Agreements) SetOffice(ctx context.Context, actor, v id.ID, o OfficeDescribed) error {
	return put(ctx, s, "describe an office", actor, KindOffice, v, &o, of(KindOffice), func(ctx context.Context, q store.Querier, f *Faults) error {
		if old, err := get[OfficeDescribed](ctx, q, officeTable, v); err != nil || old != nil && old.Is.Organisation != o.Organisation {
			return cmpErr(err, ErrUnknown)
		}
		org, err := get[OrganisationDescribed](ctx, q, organisationTable, o.Organisation)
		f.Add(err == nil && org == nil, "organisation", "agree.fault.missing")
		return err
	})
}

// cmpErr is the first error that there is.
func cmpErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// SetTerm states who held an office, from when to when. What was signed in it must lie within.
func (s *Agreements) SetTerm(ctx context.Context, actor, v id.ID, h OfficeHeld) error {
	return put(ctx, s, "state a term of office", actor, KindTerm, v, &h, of(KindTerm), func(ctx context.Context, q store.Querier, f *Faults) error {
		office, err := get[OfficeDescribed](ctx, q, officeTable, h.Office)
		if err != nil || office == nil {
			return cmpErr(err, ErrUnknown)
		}
		terms, err := s.Terms(ctx, q, h.Office)
		if err != nil {
			return err
		}
		for _, t := range terms {
			f.Add(!h.Withdrawn && t.ID != v && overlap(h.From, h.To, t.Is.From, t.Is.To), "from", "agree.fault.held_twice", "from", t.Is.From, "to", t.Is.To)
		}
		signed, err := s.signed(ctx, q, "p.term = ?", v)
		for _, x := range signed {
			f.Add(h.Withdrawn || !held(h, x.on), "from", "agree.fault.signed_outside", "code", x.code, "date", x.on)
		}
		return err
	})
}

// overlap reports whether two spans of days share one; an empty end is open.
func overlap(from1, to1, from2, to2 string) bool {
	return (to2 == "" || from1 <= to2) && (to1 == "" || from2 <= to1)
}

// held reports whether somebody held an office on a date, or on one of the days that it may mean.
func held(h OfficeHeld, date string) bool {
	first, last := source.Span(date)
	return overlap(h.From, h.To, first, last)
}

// signature is when a party signed what.
type signature struct {
	agreement, party id.ID
	code, on         string
	term             id.ID
	left             bool
}

// signed returns signatures by office: a party signs when the agreement is signed, or when it joins.
func (s *Agreements) signed(ctx context.Context, q store.Querier, where string, args ...any) ([]signature, error) {
	var out []signature
	err := q.Each(ctx, "SELECT a.id, a.code, a.body, p.id, p.term, p.body FROM agreement_party p JOIN agreement a ON a.id = p.agreement WHERE "+where+" ORDER BY p.id", args, func(r store.Row) error {
		var x signature
		var a, p string
		if err := r.Scan(&x.agreement, &x.code, &a, &x.party, &x.term, &p); err != nil {
			return err
		}
		st, err1 := read[AgreementStated](a)
		pt, err2 := read[PartyStated](p)
		x.on, x.left = signedOn(st, pt), pt.Left != ""
		out = append(out, x)
		return errors.Join(err1, err2)
	})
	return out, err
}

func signedOn(a AgreementStated, p PartyStated) string {
	if p.Joined != "" {
		return p.Joined
	}
	return a.Signed
}

// Set states an agreement.
func (s *Agreements) Set(ctx context.Context, actor, v id.ID, a AgreementStated) error {
	return put(ctx, s, "state an agreement", actor, KindAgreement, v, &a, of(KindAgreement, KindRenewed), func(ctx context.Context, q store.Querier, f *Faults) error {
		all, err := s.list(ctx, q, "code = ? OR parent = ? OR id = ?", a.Code, v, a.Parent)
		if err != nil {
			return err
		}
		kind := ""
		for _, x := range all {
			f.Add(x.ID != v && x.Code == a.Code, "code", "agree.fault.code_taken")
			// Nothing hangs from an amendment, and of what hangs from a specific agreement all are amendments.
			f.Add(x.Parent == v && (a.Kind == Amendment || a.Kind == Specific && x.Kind == Specific), "kind", "agree.fault.has_below", "code", x.Code)
			if x.ID == a.Parent && x.ID != v {
				kind = x.Kind
			}
		}
		f.Add(!a.Parent.IsNil() && kind == "", "parent", "agree.fault.missing")
		f.Add(a.Kind == Specific && kind != "" && kind != Framework, "parent", "agree.fault.not_a_framework")
		f.Add(a.Kind == Amendment && kind == Amendment, "parent", "agree.fault.amends_amendment")
		parties, err := s.Parties(ctx, q, v)
		if err != nil {
			return err
		}
		early := 0 // parties that came or went before
		for _, p := range parties {
			if first, _ := source.Span(a.Signed); p.Is.Joined != "" && p.Is.Joined < first || p.Is.Left != "" && p.Is.Left < first {
				early++
			}
			if p.Is.Term.IsNil() {
				continue
			}
			t, err := get[OfficeHeld](ctx, q, termTable, p.Is.Term)
			if err != nil {
				return err
			}
			on := signedOn(a, p.Is)
			f.Add(t != nil && (on == "" || !held(t.Is, on)), "signed", "agree.fault.signatory_then")
		}
		f.Add(early > 0, "signed", "agree.fault.parties_before", "n", early)
		return nil
	})
}

// Renew states that an agreement goes on.
func (s *Agreements) Renew(ctx context.Context, actor, v id.ID, r AgreementRenewed) error {
	if err := r.Check(); err != nil {
		return err
	}
	_, err := s.log.Do(ctx, fact.Command{Name: "renew an agreement", Stream: "commons", Keys: []id.ID{turn, v}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		a, err := s.Get(ctx, q, access.Everywhere(), v)
		if err != nil {
			return fact.Outcome{}, err
		}
		var f Faults
		f.Add(a.Renewal == "", "to", "agree.fault.no_renewal")
		f.Add(!r.Withdrawn && r.To <= a.Until, "to", "agree.fault.not_longer", "date", a.Until)
		if err := f.Err(); err != nil {
			return fact.Outcome{}, err
		}
		return fact.Outcome{Facts: []fact.New{{Stream: "commons", Kind: KindRenewed, Subject: v, Actor: actor, Body: r}}}, nil
	}})
	return err
}

// SetParty states a party of an agreement. Office, where it is not Nil, is the one that signed: the term in which it was
// held on the day of the signature signs, and stays who signed. New refuses an organisation that is a party already.
func (s *Agreements) SetParty(ctx context.Context, actor id.ID, p PartyStated, office id.ID, anew bool) error {
	v := PartyID(p.Agreement, p.Organisation)
	return put(ctx, s, "state a party", actor, KindParty, v, &p, of(KindParty), func(ctx context.Context, q store.Querier, f *Faults) error {
		a, err := s.Get(ctx, q, access.Everywhere(), p.Agreement)
		if err != nil {
			return err
		}
		org, err := get[OrganisationDescribed](ctx, q, organisationTable, p.Organisation)
		if err != nil {
			return err
		}
		f.Add(org == nil, "organisation", "agree.fault.missing")
		old, err := get[PartyStated](ctx, q, partyTable, v)
		if err != nil {
			return err
		}
		f.Add(anew && old != nil, "organisation", "agree.fault.party_twice")
		if source.IsDate(a.Signed) {
			first, _ := source.Span(a.Signed)
			f.Add(p.Joined != "" && p.Joined < first, "joined", "agree.fault.joined_before", "date", a.Signed)
			f.Add(p.Left != "" && p.Left < first, "left", "agree.fault.left_before", "date", a.Signed)
		}
		p.Term = id.Nil
		if !office.IsNil() {
			o, err := get[OfficeDescribed](ctx, q, officeTable, office)
			if err != nil {
				return err
			}
			f.Add(o == nil || o.Is.Organisation != p.Organisation, "office", "agree.fault.other_office")
			if p.Term, err = s.termOn(ctx, q, office, signedOn(a.AgreementStated, p), f); err != nil {
				return err
			}
		}
		if p.Withdrawn {
			owed, err := s.commitments(ctx, q, "agreement = ?", p.Agreement)
			owed = slices.DeleteFunc(owed, func(c Commitment) bool { return c.Debtor != p.Organisation && c.Creditor != p.Organisation })
			f.Add(len(owed) > 0, "", "agree.fault.party_owes", "n", len(owed))
			if err != nil {
				return err
			}
			entries, err := items[EntryStated](ctx, q, entryTable, "agreement = ?", p.Agreement)
			entries = slices.DeleteFunc(entries, func(e Item[EntryStated]) bool { return e.Is.Organisation != p.Organisation })
			f.Add(len(entries) > 0, "", "agree.fault.party_pays", "n", len(entries))
			return err
		}
		return nil
	})
}

// termOn is the term in which an office was held on a date.
func (s *Agreements) termOn(ctx context.Context, q store.Querier, office id.ID, date string, f *Faults) (id.ID, error) {
	if date == "" {
		f.Add(true, "office", "agree.fault.not_signed_yet")
		return id.Nil, nil
	}
	terms, err := s.Terms(ctx, q, office)
	// Of a month or a year, whoever held the office last in it.
	for _, t := range slices.Backward(terms) {
		if held(t.Is, date) {
			return t.ID, err
		}
	}
	f.Add(true, "office", "agree.fault.not_held", "date", date)
	return id.Nil, err
}

// among reports whether an organisation is a party of an agreement, or of the one above it.
func (s *Agreements) among(ctx context.Context, q store.Querier, a *Agreement, organisation id.ID) (bool, error) {
	n, err := count(ctx, q, "SELECT count(*) FROM agreement_party WHERE organisation = ? AND (agreement = ? OR agreement = ?)", organisation, a.ID, a.Parent)
	return n > 0, err
}

// leftOn is the day on which a party left an agreement, or the one above it where it is a party of that alone; "" of one that did not.
func leftOn(ctx context.Context, q store.Querier, a *Agreement, organisation id.ID) (string, error) {
	for _, v := range []id.ID{a.ID, a.Parent} {
		p, err := get[PartyStated](ctx, q, partyTable, PartyID(v, organisation))
		if err != nil || p != nil {
			if p == nil {
				return "", err
			}
			return p.Is.Left, err
		}
	}
	return "", nil
}

// born is the day before which an agreement was not there, "" where that is not known.
func (a AgreementStated) born() string {
	first, _ := source.Span(a.Signed)
	if first == "" || a.From != "" && a.From < first {
		first = a.From
	}
	return first
}

// SetCommitment states what a party owes.
func (s *Agreements) SetCommitment(ctx context.Context, actor, v id.ID, c CommitmentStated) error {
	return put(ctx, s, "state a commitment", actor, KindCommitment, v, &c, of(KindCommitment, KindJudged), func(ctx context.Context, q store.Querier, f *Faults) error {
		a, err := s.Get(ctx, q, access.Everywhere(), c.Agreement)
		if err != nil {
			return err
		}
		if old, err := s.Commitment(ctx, q, access.Everywhere(), v); err == nil && old.Agreement != c.Agreement {
			return ErrUnknown
		} else if err != nil && !errors.Is(err, ErrUnknown) {
			return err
		}
		for field, o := range map[string]id.ID{"debtor": c.Debtor, "creditor": c.Creditor} {
			if o.IsNil() {
				continue
			}
			in, err := s.among(ctx, q, a, o)
			if err != nil {
				return err
			}
			f.Add(!in, field, "agree.fault.no_party")
			left, err := leftOn(ctx, q, a, o)
			if err != nil {
				return err
			}
			f.Add(left != "" && c.Due > left && !c.Withdrawn, "due", "agree.fault.party_left", "date", left)
			f.Add(left != "" && c.Due == "" && !c.Withdrawn, "due", "agree.fault.party_left_undated", "date", left)
		}
		return nil
	})
}

// Judge says how a commitment stands, and what shows it.
func (s *Agreements) Judge(ctx context.Context, actor, v id.ID, j CommitmentJudged) error {
	if err := j.Check(); err != nil {
		return err
	}
	_, err := s.log.Do(ctx, fact.Command{Name: "judge a commitment", Stream: "commons", Keys: []id.ID{turn, v}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		c, err := s.Commitment(ctx, q, access.Everywhere(), v)
		if err != nil {
			return fact.Outcome{}, err
		}
		a, err := s.Get(ctx, q, access.Everywhere(), c.Agreement)
		if err != nil {
			return fact.Outcome{}, err
		}
		var f Faults
		f.Add(j.On > s.today(), "on", "agree.fault.future")
		f.Add(j.On < a.born(), "on", "agree.fault.before_signed", "date", a.born())
		if !j.Paper.IsNil() {
			p, err := get[PaperFiled](ctx, q, paperTable, j.Paper)
			if err != nil {
				return fact.Outcome{}, err
			}
			f.Add(p == nil || p.Is.Agreement != c.Agreement, "paper", "agree.fault.missing")
		}
		old, err := s.log.Of(ctx, q, v)
		if err == nil {
			err = f.Err()
		}
		if err != nil {
			return fact.Outcome{}, err
		}
		return fact.Outcome{Facts: []fact.New{{Stream: "commons", Kind: KindJudged, Subject: v, Actor: actor, Body: j, Prev: fact.HeadsOf(old)}}}, nil
	}})
	return err
}

func (s *Agreements) today() string { return s.log.Clock.Now().Format(time.DateOnly) }

// SetEntry states an entry in the books.
func (s *Agreements) SetEntry(ctx context.Context, actor, v id.ID, e EntryStated) error {
	return put(ctx, s, "state an entry", actor, KindEntry, v, &e, of(KindEntry), func(ctx context.Context, q store.Querier, f *Faults) error {
		a, err := s.Get(ctx, q, access.Everywhere(), e.Agreement)
		if err != nil {
			return err
		}
		old, err := get[EntryStated](ctx, q, entryTable, v)
		if err != nil {
			return err
		}
		if old != nil && (old.Is.Agreement != e.Agreement || old.Is.Sort != e.Sort) {
			return ErrUnknown
		}
		below, err := items[EntryStated](ctx, q, entryTable, "line = ?", v)
		if err != nil {
			return err
		}
		f.Add(e.Withdrawn && len(below) > 0, "", "agree.fault.entry_used", "n", len(below))
		f.Add(slices.ContainsFunc(below, func(x Item[EntryStated]) bool { return x.Is.Currency != e.Currency }), "currency", "agree.fault.currency_used")
		if !e.Of.IsNil() {
			line, err := get[EntryStated](ctx, q, entryTable, e.Of)
			if err != nil {
				return err
			}
			right := map[string]string{Receipt: Promise, Expense: Budget}[e.Sort]
			switch {
			case line == nil || line.Is.Agreement != e.Agreement || line.Is.Sort != right:
				f.Add(true, "of", "agree.fault.missing")
			default:
				f.Add(line.Is.Currency != e.Currency, "currency", "agree.fault.other_currency", "currency", line.Is.Currency)
			}
		}
		f.Add((e.Sort == Receipt || e.Sort == Expense) && e.On > s.today(), "on", "agree.fault.future")
		if e.Sort == Promise {
			in, err := s.among(ctx, q, a, e.Organisation)
			if err != nil {
				return err
			}
			f.Add(!in, "organisation", "agree.fault.no_party")
			left, err := leftOn(ctx, q, a, e.Organisation)
			f.Add(left != "" && e.On > left && !e.Withdrawn, "on", "agree.fault.promise_left", "date", left)
			return err
		}
		return nil
	})
}

// SetMandate gives an operator a mandate. Two operators cannot hold the same one on the same day.
func (s *Agreements) SetMandate(ctx context.Context, actor, v id.ID, m MandateGiven) error {
	return put(ctx, s, "give a mandate", actor, KindMandate, v, &m, of(KindMandate), func(ctx context.Context, q store.Querier, f *Faults) error {
		a, err := s.Get(ctx, q, access.Everywhere(), m.Agreement)
		if err != nil {
			return err
		}
		left, err := leftOn(ctx, q, a, m.Operator)
		if err != nil {
			return err
		}
		f.Add(left != "" && m.To > left && !m.Withdrawn, "to", "agree.fault.operator_left", "date", left)
		old, err := get[MandateGiven](ctx, q, mandateTable, v)
		if err != nil || old != nil && old.Is.Agreement != m.Agreement {
			return cmpErr(err, ErrUnknown)
		}
		org, err := get[OrganisationDescribed](ctx, q, organisationTable, m.Operator)
		if err != nil {
			return err
		}
		f.Add(org == nil, "operator", "agree.fault.missing")
		others, err := items[MandateGiven](ctx, q, mandateTable, "place = ? AND programme = ?", m.Place, m.Programme)
		if err != nil {
			return err
		}
		for _, x := range others {
			if m.Withdrawn || x.ID == v || x.Is.Operator == m.Operator || !overlap(m.From, m.To, x.Is.From, x.Is.To) {
				continue
			}
			o, err := get[OrganisationDescribed](ctx, q, organisationTable, x.Is.Operator)
			if err != nil {
				return err
			}
			name := i18n.Text{}
			if o != nil {
				name = o.Is.Name
			}
			f.Add(true, "from", "agree.fault.mandate_overlap", "operator", name, "from", x.Is.From, "to", x.Is.To)
		}
		return nil
	})
}

// SetDecision states what a committee decided.
func (s *Agreements) SetDecision(ctx context.Context, actor, v id.ID, d DecisionTaken) error {
	return put(ctx, s, "state a decision", actor, KindDecision, v, &d, of(KindDecision), func(ctx context.Context, q store.Querier, f *Faults) error {
		a, err := s.Get(ctx, q, access.Everywhere(), d.Agreement)
		if err != nil {
			return err
		}
		old, err := get[DecisionTaken](ctx, q, decisionTable, v)
		if err != nil || old != nil && old.Is.Agreement != d.Agreement {
			return cmpErr(err, ErrUnknown)
		}
		f.Add(d.On > s.today(), "on", "agree.fault.future")
		f.Add(d.On < a.born() && !d.Withdrawn, "on", "agree.fault.before_signed", "date", a.born())
		f.Add(d.Done > s.today(), "done", "agree.fault.future")
		return nil
	})
}

// FilePaper keeps an attachment: a PDF or a picture. It is kept as it came, since its digest is what proves it.
func (s *Agreements) FilePaper(ctx context.Context, actor, agreement id.ID, name string, b []byte) error {
	p := PaperFiled{Agreement: agreement, Type: http.DetectContentType(b), Size: int64(len(b)), Name: name, On: s.today()}
	if p.Size > MaxPaper {
		return Faults{{Field: "file", Key: "agree.fault.file_large", Args: []any{"mb", MaxPaper >> 20}}}
	}
	if p.Type != "application/pdf" {
		if _, err := picture.Read(b); err != nil {
			return Faults{{Field: "file", Key: "agree.fault.file_kind"}}
		}
	}
	if _, err := s.Get(ctx, s.log.DB, access.Everywhere(), agreement); err != nil {
		return err
	}
	var err error
	if p.Blob, _, err = s.blobs.Put(bytes.NewReader(b)); err != nil {
		return err
	}
	return s.setPaper(ctx, actor, p)
}

// DropPaper takes an attachment out of the list. Its file stays, for facts may name it.
func (s *Agreements) DropPaper(ctx context.Context, actor, agreement, paper id.ID) error {
	p, err := s.Paper(ctx, s.log.DB, agreement, paper)
	if err != nil {
		return err
	}
	p.Withdrawn = true
	return s.setPaper(ctx, actor, p)
}

func (s *Agreements) setPaper(ctx context.Context, actor id.ID, p PaperFiled) error {
	v := id.Named("paper", fmt.Sprint(p.Agreement, p.Blob))
	return put(ctx, s, "file a paper", actor, KindPaper, v, &p, of(KindPaper), func(context.Context, store.Querier, *Faults) error { return nil })
}

// OpenPaper opens the file of an attachment.
func (s *Agreements) OpenPaper(p PaperFiled) (blob.File, error) { return s.blobs.Open(p.Blob) }
