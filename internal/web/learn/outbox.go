package learn

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"tizi/internal/course"
	"tizi/internal/fact"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/learner"
	"tizi/internal/person"
	"tizi/internal/picture"
	"tizi/internal/progress"
	"tizi/internal/quiz"
	"tizi/internal/record"
	"tizi/internal/statement"
	"tizi/internal/web/door"
)

// MaxLetters is how many letters come at once.
const MaxLetters = 200

// SentHeader says what the clock of a device shows as it sends.
const SentHeader = "X-Tizi-Sent"

// Errors of what a device hands in.
var (
	errLetters = errors.New("this is no batch of letters")
	errMany    = errors.New("a batch has 200 letters at most")
)

// Sorted is the answer to a batch: what is kept, what never will be and why, and what is to be sent again later.
type Sorted struct {
	Taken   []string   `json:"taken"`
	Refused []notTaken `json:"refused"`
	Later   []string   `json:"later"`
}

type notTaken struct {
	ID  string `json:"id"`
	Why string `json:"why"`
}

// letters reads a batch: statements of xAPI, each an object under an id, and the files that they name by digest.
func letters(contentType string, body io.Reader) ([]*statement.Value, map[string][]byte, error) {
	said, files, err := readParts(contentType, body)
	if err != nil {
		return nil, nil, err
	}
	if !said.IsArray() {
		return nil, nil, errLetters
	}
	all := said.Items()
	if len(all) > MaxLetters {
		return nil, nil, errMany
	}
	for _, v := range all {
		if _, err := statement.UUID(v.Get("id").Text()); err != nil {
			return nil, nil, errLetters
		}
	}
	return all, files, nil
}

// handedOver takes what a device has of a learner's, with the pass that it was given, whoever is signed in on it by now. Each letter is
// taken once, however often it comes.
func handedOver(a *door.Ask, labs []Lab) error {
	ctx := a.R.Context()
	refuse := func(status int, why string) error {
		return a.JSONStatus(status, struct {
			Message string `json:"message"`
		}{why})
	}
	token, _ := strings.CutPrefix(a.R.Header.Get("Authorization"), "Bearer ")
	pass, err := a.H.Learners.PassOf(ctx, token)
	if err != nil {
		return err
	}
	if pass == nil {
		return refuse(http.StatusUnauthorized, "the pass of this device does not hold")
	}
	all, files, err := letters(a.R.Header.Get("Content-Type"), a.R.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge), errors.Is(err, errMany):
		return refuse(http.StatusRequestEntityTooLarge, err.Error())
	case errors.Is(err, os.ErrDeadlineExceeded):
		return refuse(http.StatusRequestTimeout, "the letters came too slowly")
	case err != nil:
		return refuse(http.StatusUnprocessableEntity, err.Error())
	}
	in := &inbox{Ask: *a, pass: pass, labs: labs, files: files, clock: clockOf(a.H.Log.Clock.Now(), a.R.Header.Get(SentHeader), pass.Enrolled)}
	in.Learner, in.Account = &learner.Session{Person: pass.Person, Centre: pass.Centre, Device: pass.Device}, nil
	out := Sorted{Taken: []string{}, Refused: []notTaken{}, Later: []string{}}
	for _, v := range all {
		said := v.Get("id").Text()
		err := in.take(v)
		var no refusal
		switch {
		case err == nil:
			out.Taken = append(out.Taken, said)
		case errors.As(err, &no):
			letter, _ := statement.UUID(said)
			if err := a.H.Learners.Refuse(ctx, pass, letter, string(no)); err != nil {
				return err
			}
			out.Refused = append(out.Refused, notTaken{said, a.P.T(string(no))})
		case errors.Is(err, errLater), errors.Is(err, course.ErrComing), errors.Is(err, fact.ErrNotHere), errors.Is(err, fact.ErrUpgrade):
			out.Later = append(out.Later, said)
		default:
			return err
		}
	}
	return a.JSON(out)
}

// refusal is the key of the sentence that says why a letter is never taken.
type refusal string

func (r refusal) Error() string { return "refused: " + string(r) }

// errLater is returned for what this node cannot take yet: a course that is on its way, a centre that is written elsewhere now.
var errLater = errors.New("this cannot be taken yet")

const (
	notKnown  refusal = "offline.not.known"  // the lesson has no such step
	notVerb   refusal = "offline.not.verb"   // nothing that a tablet says
	notAnswer refusal = "offline.not.answer" // no answer, or one that is too long
	notFile   refusal = "offline.not.file"   // the file is missing, or none of its kind
	notOwn    refusal = "offline.not.own"    // another's
	notTime   refusal = "offline.not.time"   // a test that nobody had opened
)

// inbox takes the letters of one batch.
type inbox struct {
	door.Ask // of the learner whose pass it is
	pass     *learner.Pass
	labs     []Lab
	files    map[string][]byte
	clock    clock
}

// clock is what is thought of the clock of a device.
type clock struct {
	now, from time.Time     // of the node; before from nothing was done
	off       time.Duration // by how much the device's is behind
}

// right is by how much a clock may be wrong and is believed.
const right = 2 * time.Minute

func clockOf(now time.Time, sent string, from time.Time) clock {
	c := clock{now: now, from: from}
	if t, err := statement.ParseTime(sent); err == nil {
		if c.off = now.Sub(t); c.off > -right && c.off < right {
			c.off = 0
		}
	}
	return c
}

// when is the moment at which something was done, by what the device said as it did it and as it sent. Where that cannot be, it is zero,
// and the moment at which it is kept stands. said is what the device said, where it is not believed.
func (c clock) when(stamp string) (on time.Time, said string) {
	t, err := statement.ParseTime(stamp)
	if err != nil {
		if len(stamp) > 40 {
			stamp = stamp[:40]
		}
		return time.Time{}, door.Text(stamp)
	}
	if c.off != 0 {
		said = stamp
	}
	on = t.Add(c.off)
	if on.After(c.now.Add(right)) || on.Before(c.from.Add(-right)) {
		return time.Time{}, stamp
	}
	if on.After(c.now) {
		on = c.now
	}
	return on, said
}

// has reports whether a statement is kept already.
func (in *inbox) has(v id.ID) (*statement.Value, error) {
	_, said, err := in.H.Records.Get(in.R.Context(), in.Learner.Centre, id.Nil, v)
	if errors.Is(err, record.ErrUnknown) {
		return nil, nil
	}
	return said, err
}

// take takes one letter.
func (in *inbox) take(v *statement.Value) error {
	if !in.H.Learners.Here(in.pass.Centre) {
		return errLater
	}
	if who, own := statement.OwnPerson(v.Get("actor")); own && who != in.pass.Person {
		return notOwn
	}
	iri := v.Get("object", "id").Text()
	lab, isLab := strings.CutPrefix(iri, "urn:tizi:lab:")
	if isLab {
		iri = ""
		for _, x := range v.Get("context", "contextActivities", "parent").Items() {
			iri = x.Get("id").Text()
		}
	}
	at, ok := progress.ParseAt(iri)
	if !ok {
		return notKnown
	}
	w, err := in.way(v, at)
	if err != nil {
		return err
	}
	l := w.Course.Lesson(at.Lesson)
	switch {
	case l == nil && isLab:
		return notKnown
	case l == nil:
		return in.takeTest(w, at, v)
	case isLab:
		return in.takeLab(w, l, at, lab, v)
	}
	return in.takeDeed(w, l, at, v)
}

// way is the learner in the course that a letter is about: in the version that it names, whatever their group follows by now; where it names
// none, in that which their group follows, or in the newest.
func (in *inbox) way(v *statement.Value, at progress.At) (*way, error) {
	ctx := in.R.Context()
	if l, ok := i18n.Parse(v.Get("context", "language").Text()); ok {
		in.Lang, in.P = l, i18n.For(l)
	}
	newest, err := in.H.Courses.Find(ctx, in.H.DB, at.Course, 0)
	if errors.Is(err, course.ErrUnknown) {
		return nil, errLater // commons come by exchange, and this one has not come
	}
	if err != nil {
		return nil, err
	}
	ver, named := newest, false
	if n, err := id.Parse(v.Get("context", "revision").Text()); err == nil {
		x, err := in.H.Courses.Get(ctx, in.H.DB, n)
		if err != nil && !errors.Is(err, course.ErrUnknown) {
			return nil, err
		}
		if err == nil && x.Code == at.Course {
			ver, named = x, true
		}
	}
	f := followed{version: *ver}
	seats, err := following(&in.Ask)
	if err != nil {
		return nil, err
	}
	for _, s := range seats {
		if s.version.Code == at.Course {
			f.group = s.group
			if !named {
				f.version = s.version
			}
		}
	}
	w, err := f.way(&in.Ask)
	if err != nil {
		return nil, err
	}
	switch there := w.Course.Lesson(at.Lesson) != nil || w.exam(at.Lesson) != nil; {
	case !there && named:
		return nil, notKnown
	case !there:
		return nil, errLater // of a version that has not come
	}
	w.on, w.said = in.clock.when(v.Get("timestamp").Text())
	return w, nil
}

// takeDeed takes what the player of the device says. What an answer is worth is worked out here: the device may say what it likes.
func (in *inbox) takeDeed(w *way, l *course.Lesson, at progress.At, v *statement.Value) error {
	verb := verbSaid(v)
	name, item, isItem := strings.Cut(at.Step, "/")
	var x *course.Activity
	if at.Step != "" {
		if x = l.Activity(name); x == nil {
			return notKnown
		}
	}
	d := w.deed(l.Path(), at.Step, verb)
	response := door.Text(v.Get("result", "response").Text())
	var files map[string][]byte
	switch {
	case verb == progress.Began && x == nil:
	case verb == progress.Read && x != nil && !isItem && x.Kind != course.Project && x.Kind != course.Quiz:
	case verb == progress.Answered && x != nil && isItem && x.Items != nil:
		it := x.Items.Item(item)
		if it == nil {
			return notKnown
		}
		resp := answerOf(it, response)
		m := it.Mark(resp)
		if !m.Answered || tooLong(resp) {
			return notAnswer
		}
		d.Response, d.Scored, d.Score, d.Right, d.Competencies = progress.FormatResponse(resp), m.Scored, m.Score, m.Correct, it.Competencies
	case verb == progress.Submitted && x != nil && x.Kind == course.Project && !isItem:
		if d.Response = strings.TrimSpace(response); len(d.Response) > maxAnswer {
			return notAnswer
		}
		if list := v.Get("attachments").Items(); len(list) > 0 {
			b, kind, err := worked(in.files[list[0].Get("sha2").Text()])
			if err != nil {
				return notFile
			}
			f := attached(b, kind)
			d.Files, files = []progress.Attached{f}, map[string][]byte{f.SHA2: b}
		} else if d.Response == "" {
			return notAnswer
		}
	case x != nil && x.Kind == course.Quiz && !isItem:
		return notKnown
	default:
		return notVerb
	}
	mark, _ := statement.UUID(v.Get("id").Text())
	d.ID = progress.EventID(d.Person, mark.Hex()+d.At.IRI())
	if verb == progress.Began {
		d.ID = progress.EventID(d.Person, "began "+d.At.IRI())
	}
	old, err := in.has(d.ID)
	if err != nil {
		return err
	}
	if old != nil {
		return w.complete(l) // the answer before may have been lost between the two
	}
	err = in.H.Progress.Put(in.R.Context(), in.pass.Centre, []progress.Deed{d}, files)
	var other *record.ConflictError
	if err != nil && !errors.As(err, &other) { // in conflict it came twice at one moment
		return err
	}
	return w.complete(l)
}

// AnswersKey names what was answered in a test: an object of texts by the question, in the result of the letter that says that it was taken.
const AnswersKey = "urn:tizi:answers"

// takeTest takes a test, whole as it was given: what its answers are worth is worked out here. One that was taken already stands.
func (in *inbox) takeTest(w *way, at progress.At, v *statement.Value) error {
	given := v.Get("result", "extensions", AnswersKey)
	switch {
	case at.Step != "":
		return notKnown
	case v.Get("verb", "id").Text() != progress.Verb(progress.Completed):
		return notVerb
	case w.took(at.Lesson):
		return nil
	case !given.IsObject():
		return notAnswer
	}
	ok, err := in.inTime(w, at.Lesson)
	if err != nil {
		return err
	}
	if !ok {
		return notTime
	}
	q, answers := w.exam(at.Lesson), map[string]quiz.Response{}
	for i := range q.Items {
		it := &q.Items[i]
		if s := door.Text(given.Get(it.ID).Text()); s != "" {
			if answers[it.ID] = answerOf(it, s); tooLong(answers[it.ID]) {
				return notAnswer
			}
		}
	}
	deeds, _ := w.sat(at.Lesson, q, answers)
	return w.keep(deeds)
}

// inTime reports whether it was the time for a test when it was taken, which may be long ago: another tablet may have brought lessons
// since, and the trainer may have closed it.
func (in *inbox) inTime(w *way, test string) (bool, error) {
	if w.takes(test) {
		return true, nil
	}
	if _, said := w.tests[test]; test == progress.Pretest && !said {
		return !slices.ContainsFunc(w.Course.Lessons(), func(l *course.Lesson) bool {
			return w.finished(l) && !w.on.IsZero() && w.done[l.Path()].Last.Before(w.on)
		}), nil
	}
	return in.H.Teaching.WasOpen(in.R.Context(), in.H.DB, w.group, w.Version.Code, test, w.on)
}

// shared is the verb of a lab whose result was shown to the group.
const shared = "http://adlnet.gov/expapi/verbs/shared"

// takeLab takes what a lab within a lesson says.
func (in *inbox) takeLab(w *way, l *course.Lesson, at progress.At, lab string, v *statement.Value) error {
	x := l.Activity(at.Step)
	if x == nil || x.Kind != course.Lab || x.Lab != lab {
		return notKnown
	}
	if verb := v.Get("verb", "id").Text(); verb != progress.Verb(progress.Completed) && verb != shared {
		return notVerb
	}
	mark, _ := statement.UUID(v.Get("id").Text())
	old, err := in.has(mark)
	if err != nil {
		return err
	}
	if old != nil {
		who, _ := statement.OwnPerson(old.Get("actor"))
		own, err := person.Records(in.R.Context(), in.H.DB, in.pass.Person)
		switch {
		case err != nil:
			return err
		case !slices.Contains(own, who):
			return notOwn
		}
		return w.complete(l) // the answer before may have been lost between the two
	}
	s, err := labStatement(&in.Ask, v, at, lab)
	if err != nil {
		return notVerb
	}
	if w.on.IsZero() {
		w.on = in.clock.now
	}
	v.Set("timestamp", statement.Str(w.on.UTC().Format("2006-01-02T15:04:05.000Z")))
	if w.said != "" {
		c := v.Get("context")
		if e := c.Get("extensions"); !e.IsObject() {
			c.Set("extensions", statement.Object())
		}
		c.Get("extensions").Set(progress.ClockKey, statement.Str(w.said))
	}
	for _, f := range s.Attachments() {
		if in.files[f.SHA2] == nil {
			return notFile
		}
	}
	_, err = in.H.Records.Put(in.R.Context(), record.Source{Centre: in.pass.Centre, Key: record.Tool("lab"), Version: statement.V2}, []*statement.Statement{s}, in.files)
	var conflict *record.ConflictError
	var wrong *statement.Error
	switch {
	case errors.As(err, &wrong), errors.Is(err, record.ErrTooLong):
		return notVerb
	case err != nil && !errors.As(err, &conflict): // in conflict it came twice at one moment
		return err
	}
	return w.complete(l)
}

// verbSaid is the verb of a letter, as package progress has it; "" of one that a player does not say.
func verbSaid(v *statement.Value) string {
	for _, verb := range []string{progress.Began, progress.Read, progress.Answered, progress.Submitted} {
		if v.Get("verb", "id").Text() == progress.Verb(verb) {
			return verb
		}
	}
	return ""
}

// answerOf reads an answer to a question as one text; where one thing is asked, whatever was typed is that.
func answerOf(it *quiz.Item, s string) quiz.Response {
	switch it.Kind {
	case quiz.Multiple, quiz.Order, quiz.Match, quiz.Gap:
		return progress.ParseResponse(s)
	}
	return quiz.Response{"": s}
}

// tooLong reports whether a part of an answer is longer than a page takes.
func tooLong(r quiz.Response) bool {
	for _, v := range r {
		if len(v) > maxAnswer {
			return true
		}
	}
	return false
}

// worked is a file of a learner's as it is kept: a picture, drawn anew without what the camera wrote into it, or a PDF.
func worked(b []byte) (out []byte, kind string, err error) {
	if len(b) > picture.MaxBytes {
		return nil, "", picture.ErrLarge
	}
	if bytes.HasPrefix(b, []byte("%PDF-")) {
		return b, "application/pdf", nil
	}
	img, err := picture.Read(b)
	if err != nil {
		return nil, "", err
	}
	out, err = picture.Page(img)
	return out, "image/jpeg", err
}

func attached(b []byte, kind string) progress.Attached {
	sum := sha256.Sum256(b)
	return progress.Attached{Type: kind, SHA2: hex.EncodeToString(sum[:]), Length: len(b)}
}

// readParts reads what an outbox sends: statements, and the files they name by their digests, as xAPI has them.
func readParts(contentType string, body io.Reader) (*statement.Value, map[string][]byte, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || !strings.HasPrefix(kind, "multipart/") || params["boundary"] == "" {
		return nil, nil, errLetters
	}
	in := multipart.NewReader(body, params["boundary"])
	var said *statement.Value
	files := map[string][]byte{}
	for {
		p, err := in.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		b, err := io.ReadAll(p)
		if err != nil {
			return nil, nil, err
		}
		if said == nil {
			if said, err = statement.Parse(b); err != nil {
				return nil, nil, err
			}
			continue
		}
		sum := sha256.Sum256(b)
		files[hex.EncodeToString(sum[:])] = b
	}
	if said == nil {
		return nil, nil, errLetters
	}
	return said, files, nil
}

// passGiven gives the device of whoever is signed in a pass for their work, unless it shows one that holds, and says how far they are.
func passGiven(a *door.Ask) error {
	ctx := a.R.Context()
	var out struct {
		Token   string  `json:"token,omitempty"` // a new one
		Courses []Known `json:"courses"`
	}
	out.Courses = []Known{}
	token, _ := strings.CutPrefix(a.R.Header.Get("Authorization"), "Bearer ")
	old, err := a.H.Learners.PassOf(ctx, token)
	if err != nil {
		return err
	}
	if old == nil || old.Person != a.Learner.Person || old.Device != a.Learner.Device {
		if out.Token, err = a.H.Learners.GivePass(ctx, a.Learner); err != nil && !errors.Is(err, learner.ErrNoDevice) {
			return err
		}
	}
	l, err := ways(a)
	if err != nil {
		return err
	}
	for _, w := range l {
		out.Courses = append(out.Courses, w.known())
	}
	return a.JSON(out)
}
