package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"tizi/curriculum"
	"tizi/internal/access"
	"tizi/internal/course"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/progress"
	"tizi/internal/quiz"
	"tizi/internal/record"
	"tizi/internal/statement"
)

// ChildrenCourse is the course that groups at the centre of the players follow.
const ChildrenCourse = "enfants-8-14"

// taught is a group that learned, or learns, with the course.
type taught struct {
	cohort  id.ID
	members []id.ID
	trainer id.ID
	current bool // it meets today
}

// learners is how many children of a group learned on devices from the first lesson to the last test.
const learners = 19

// whole is how many lessons, the latest, have each step in their trace. Of those before it is said when they were begun and completed, and
// what was made: what a trainer looks up a month later.
const whole = 3

// learning takes in the courses that the program brings, and lets two groups at the centre of the players have learned with one: a group
// that is through, with both tests, and the group of today, which is on its way.
func (s *simulation) learning(ctx context.Context) error {
	for i, code := range curriculum.Codes() {
		f, err := course.OpenFS(code, curriculum.Course(code))
		if err != nil {
			return err
		}
		_, err = s.h.Courses.Import(ctx, s.manager, f)
		if f.Close(); err != nil {
			return err
		}
		s.progress("courses", i+1, len(curriculum.Codes()))
	}
	v, err := s.h.Courses.Find(ctx, s.h.DB, ChildrenCourse, 0)
	if err != nil {
		return err
	}
	c, err := s.h.Courses.Load(ctx, s.h.DB, *v)
	if err != nil {
		return err
	}
	if len(s.taught) == 0 {
		return nil // too few children for a group
	}
	now := slices.IndexFunc(s.taught, func(t taught) bool { return t.current })
	if now < 0 {
		now = len(s.taught) - 1
	}
	groups := []taught{s.taught[now]}
	groups[0].current = true
	before := slices.Clone(s.taught[:now])
	slices.SortStableFunc(before, func(a, b taught) int { // at best one of the same trainer, and a whole class
		rate := func(t taught) (n int) {
			if t.trainer == s.taught[now].trainer {
				n++
			}
			if len(t.members) >= learners {
				n += 2
			}
			return n
		}
		return rate(a) - rate(b)
	})
	if n := len(before); n > 0 {
		groups = append(groups, before[n-1])
	}
	for i, g := range groups {
		l := &class{simulation: s, course: c, version: v.ID, group: g, centre: place.ID(played), rng: rand.New(rand.NewPCG(s.o.Seed, uint64(700+i)))}
		if err := l.learn(ctx); err != nil {
			return err
		}
		s.progress("learning", i+1, len(groups))
	}
	return nil
}

// class is one group as it learns.
type class struct {
	*simulation
	course  *course.Course
	version id.ID
	group   taught
	centre  id.ID
	rng     *rand.Rand

	deeds []progress.Deed
	made  []work // by the learner whose turn it is
	labs  []*statement.Statement
	files map[string][]byte
}

// work is what a learner handed in, and how it is judged.
type work struct {
	progress.Handed
	rubric []course.Criterion
}

// learn writes down what the children did at each session up to yesterday.
func (l *class) learn(ctx context.Context) error {
	if err := l.h.Courses.Assign(ctx, l.manager, person.Stream(l.centre), l.group.cohort, ChildrenCourse, l.version); err != nil {
		return err
	}
	sessions, err := l.h.Training.SessionsOf(ctx, l.h.DB, access.At(l.centre), l.group.cohort)
	if err != nil {
		return err
	}
	lacks, err := l.h.Training.Lacking(ctx, l.h.DB, l.group.members)
	if err != nil {
		return err
	}
	members := slices.DeleteFunc(slices.Clone(l.group.members), func(v id.ID) bool { return lacks[v] })
	members = members[:min(len(members), learners)]
	var days []time.Time
	for _, x := range sessions {
		if at, err := time.ParseInLocation("2006-01-02 15:04", x.Date+" "+x.Starts, time.UTC); err == nil && at.Before(l.today.AddDate(0, 0, -1)) {
			days = append(days, at)
		}
	}
	if len(days) == 0 {
		return nil
	}
	lessons := l.course.Lessons()
	for n, v := range members {
		l.deeds, l.made, l.labs, l.files = nil, nil, nil, map[string][]byte{}
		knows := min(.6, max(.12, .34+.11*l.rng.NormFloat64())) // of what is asked, before
		gains := min(.75, max(.1, .44+.12*l.rng.NormFloat64())) // of what was missing
		at := days[0].Add(time.Duration(l.rng.IntN(180)) * time.Second)
		at = l.test(v, progress.Pretest, l.course.Pre, knows, at)
		upto := len(lessons)
		if l.group.current {
			upto = min(len(days), len(lessons)) - n%3 // some are behind
		}
		for i, x := range lessons[:max(0, upto)] {
			begin := days[i*len(days)/len(lessons)].Add(time.Duration(i%2)*50*time.Minute + time.Duration(30+l.rng.IntN(600))*time.Second)
			if l.group.current {
				begin = days[min(i, len(days)-1)].Add(time.Duration(30+l.rng.IntN(600)) * time.Second)
			}
			if begin.Before(at) {
				begin = at.Add(time.Minute)
			}
			at = l.lesson(v, x, n, knows+gains*(1-knows), begin, i >= upto-whole)
		}
		if !l.group.current {
			l.test(v, progress.Posttest, l.course.Post, knows+gains*(1-knows), at.Add(2*time.Minute))
		}
		if n < 3 { // a lab that no lesson of this course has, in a free hour
			l.lab(v, "next-word", "", l.course.Lessons()[0].Competencies, days[len(days)-1].Add(100*time.Minute))
		}
		if err := l.h.Progress.Put(ctx, l.centre, l.deeds, l.files); err != nil {
			return err
		}
		if err := l.judge(ctx, days[len(days)-1]); err != nil {
			return err
		}
		if len(l.labs) > 0 {
			if _, err := l.h.Records.Put(ctx, record.Source{Centre: l.centre, Key: record.Tool("lab"), Version: statement.V2}, l.labs, l.files); err != nil {
				return err
			}
		}
	}
	return nil
}

// judge lets the trainer judge what was handed in before the last session; what came at that one waits.
func (l *class) judge(ctx context.Context, last time.Time) error {
	for i, w := range l.made {
		if len(w.rubric) == 0 || !w.On.Before(last) {
			continue
		}
		levels, tops := make([]int, len(w.rubric)), make([]int, len(w.rubric))
		for k, c := range w.rubric {
			tops[k] = len(c.Levels)
			levels[k] = max(1, tops[k]-l.rng.IntN(2))
		}
		comment := ""
		if i%2 == 0 {
			comment = praise[l.rng.IntN(len(praise))]
		}
		if err := l.h.Teaching.Mark(ctx, l.group.trainer, l.centre, w.Handed, l.version, levels, tops, comment, ""); err != nil {
			return err
		}
	}
	return nil
}

// praise is what a trainer writes beside the levels.
var praise = []string{"أحسنت، وضحت السبب بكلماتك.", "فكرة جميلة. في المرة القادمة أضف مثالا آخر.", "عملك مرتب، وعددت الأخطاء بدقة.", "شكرا لأنك سألت صديقك رأيه."}

func (l *class) deed(v id.ID, at progress.At, verb string, mark int, on time.Time) progress.Deed {
	return progress.Deed{ID: progress.EventID(v, fmt.Sprint("demo ", verb, mark, at.IRI())), Person: v, At: at, Verb: verb, Version: l.version, Group: l.group.cohort, Lang: "ar", On: on}
}

// answer is one answer to a question, right with some probability.
func (l *class) answer(v id.ID, at progress.At, it *quiz.Item, knows float64, try int, on time.Time) progress.Deed {
	resp := it.Solved()
	if l.rng.Float64() >= knows {
		resp = missed(it)
	}
	m := it.Mark(resp)
	d := l.deed(v, at, progress.Answered, try, on)
	d.Scored, d.Score, d.Right, d.Response, d.Competencies = m.Scored, m.Score, m.Correct, progress.FormatResponse(resp), it.Competencies
	return d
}

// missed is an answer that is wrong.
func missed(it *quiz.Item) quiz.Response {
	r := it.Solved()
	wrong := func(ids []string) string {
		for _, x := range ids {
			if !slices.Contains(it.Right(), x) {
				return x
			}
		}
		return ""
	}
	switch it.Kind {
	case quiz.Choice, quiz.Multiple:
		var ids []string
		for _, c := range it.Choices {
			ids = append(ids, c.ID)
		}
		if it.Kind == quiz.Choice {
			return quiz.Response{"": wrong(ids)}
		}
		return quiz.Response{wrong(ids): "on"}
	case quiz.Hotspot:
		var ids []string
		for _, c := range it.Spots {
			ids = append(ids, c.ID)
		}
		return quiz.Response{"": wrong(ids)}
	case quiz.Order:
		n := len(it.Sequence)
		for i, o := range it.Sequence {
			r[o.ID] = fmt.Sprint((i+1)%n + 1)
		}
	case quiz.Match:
		for i, p := range it.Pairs {
			r[p.ID] = it.Pairs[(i+1)%len(it.Pairs)].ID
		}
	case quiz.Gap, quiz.Written:
		for k := range r {
			r[k] = "—"
		}
	case quiz.Number:
		r[""] = fmt.Sprint(*it.Answer + it.Within + 1)
	}
	return r
}

// test is one of the two tests, and returns when it ended.
func (l *class) test(v id.ID, which string, q *quiz.Quiz, knows float64, on time.Time) time.Time {
	at := progress.At{Course: ChildrenCourse, Lesson: which}
	whole := l.deed(v, at, progress.Completed, 0, on)
	for _, asked := range progress.Form(q, v, at).Items {
		on = on.Add(time.Duration(12+l.rng.IntN(35)) * time.Second)
		it := q.Item(asked.ID)
		d := l.answer(v, progress.At{Course: ChildrenCourse, Lesson: which, Step: it.ID}, it, knows, 0, on)
		if d.Scored {
			whole.Of++
			whole.Raw += d.Score
		}
		l.deeds = append(l.deeds, d)
	}
	whole.On = on.Add(5 * time.Second)
	l.deeds = append(l.deeds, whole)
	return whole.On
}

// lesson is one lesson from its first step to its last, with all of them or with what was made alone. It returns when it ended.
func (l *class) lesson(v id.ID, x *course.Lesson, n int, knows float64, on time.Time, all bool) time.Time {
	at := progress.At{Course: ChildrenCourse, Lesson: x.Path()}
	l.deeds = append(l.deeds, l.deed(v, at, progress.Began, 0, on))
	right, of := 0, 0
	for _, a := range x.Activities {
		step := at
		step.Step = a.ID
		if !all && a.Kind == course.Quiz {
			of += len(a.Items.Items)
			for range a.Items.Items {
				if l.rng.Float64() < knows+.2 {
					right++
				}
			}
			continue
		}
		switch a.Kind {
		case course.Lab:
			if !all && n%3 != 0 {
				continue
			}
			on = on.Add(time.Duration(240+l.rng.IntN(50)) * time.Second)
			l.lab(v, a.Lab, step.IRI(), x.Competencies, on)
		case course.Quiz:
			for _, asked := range progress.Form(a.Items, v, step).Items {
				it := a.Items.Item(asked.ID)
				step.Step = a.ID + "/" + it.ID
				for try := range 2 {
					on = on.Add(time.Duration(15+l.rng.IntN(40)) * time.Second)
					d := l.answer(v, step, it, knows+.35*float64(try), try, on)
					l.deeds = append(l.deeds, d)
					if try == 0 && d.Scored {
						of++
					}
					if d.Right {
						right++
					}
					if d.Right || !d.Scored {
						break
					}
				}
			}
		case course.Project:
			on = on.Add(time.Duration(120+l.rng.IntN(120)) * time.Second)
			if !all && (n+len(x.Name))%6 != 0 {
				continue
			}
			d := l.deed(v, step, progress.Submitted, 0, on)
			if d.Response = kept[l.rng.IntN(len(kept))]; (n+len(x.Name))%6 == 0 {
				b := sketch(l.rng)
				sum := fmt.Sprintf("%x", sha256.Sum256(b))
				d.Files, l.files[sum] = []progress.Attached{{Type: "image/jpeg", SHA2: sum, Length: len(b)}}, b
			}
			l.deeds = append(l.deeds, d)
			l.made = append(l.made, work{progress.Handed{Work: progress.Work{ID: d.ID, Centre: l.centre, At: step, On: on}, Person: v}, a.Rubric})
		default:
			if on = on.Add(time.Duration(60+l.rng.IntN(150)) * time.Second); all {
				l.deeds = append(l.deeds, l.deed(v, step, progress.Read, 0, on))
			}
		}
	}
	d := l.deed(v, at, progress.Completed, 0, on.Add(time.Second))
	d.Raw, d.Of, d.Competencies = float64(right), of, x.Competencies
	l.deeds = append(l.deeds, d)
	return d.On
}

// kept is what children write beside what they keep.
var kept = []string{"الآلة أخطأت مع رسم صغير جدا.", "تعلمنا أن الأمثلة المختلفة تساعد.", "صديقي رسم البيت بطريقة أخرى.", "القرار لنا نحن.", "جربنا مرتين وعددنا الأخطاء.", "سأسأل قبل أن أشارك صورة."}

// lab is what a lab says when its portfolio is kept, with its artefact. within is the step of a lesson, "" outside of any.
func (l *class) lab(v id.ID, name, within string, competencies []string, on time.Time) {
	part := func(from, to float64) float64 { return math.Round((from+(to-from)*l.rng.Float64())*100) / 100 }
	var measures map[string]float64
	artefact := map[string]any{}
	switch name {
	case "drawing":
		right := 5 + l.rng.IntN(4)
		artefact["matrix"], artefact["matrixAfter"] = [][]int{{right, 10 - right}, {9 - right, right + 1}}, [][]int{{9, 1}, {0, 10}}
		measures = map[string]float64{"classes": 2, "drawings": float64(16 + l.rng.IntN(14)), "accuracy": float64(2*right+1) / 20, "accuracyAfter": .95, "sureOfStrange": part(.5, .95)}
	case "unfair":
		town, village := part(.9, 1), part(.35, .6)
		after := part(.85, 1)
		measures = map[string]float64{"recallTownBefore": town, "recallVillageBefore": village, "gapBefore": math.Round((town-village)*100) / 100, "recallTownAfter": town, "recallVillageAfter": after, "gapAfter": math.Round(math.Abs(town-after)*100) / 100, "tries": float64(1 + l.rng.IntN(3))}
	case "feed":
		// What the lab gives whoever likes one or two topics of eight, over four rounds of eight posts.
		fallen := part(.3, .4)
		likes, watched := 6+l.rng.IntN(9), l.rng.IntN(4)
		artefact["rounds"], artefact["after"] = []float64{1, part(.75, .92), part(.45, .65), fallen}, 1.0
		artefact["acts"] = map[string]int{"like": likes, "watch": watched, "skip": 32 - likes - watched}
		measures = map[string]float64{"diversityFirst": 1, "diversityFallen": fallen, "diversityAfterReset": 1, "diversityUnfollowed": 1, "likes": float64(likes), "watched": float64(watched), "skipped": float64(32 - likes - watched)}
	case "next-word":
		measures = map[string]float64{"claims": 5, "claimsChecked": 5, "claimsInvented": 3, "inventedBelieved": float64(l.rng.IntN(3)), "tokensFr": 19, "tokensAr": 16, "tokensZgh": 166, "tokensEn": 15}
	}
	artefact["measures"] = measures
	right := l.rng.IntN(2) + 2
	artefact["answers"] = map[string][]string{"own": {kept[l.rng.IntN(len(kept))]}}
	artefact["shown"] = map[string]any{"lines": shown(name, measures)}
	b, _ := json.Marshal(artefact) // of texts and numbers
	sum := fmt.Sprintf("%x", sha256.Sum256(b))
	l.files[sum] = b
	grouping := []any{}
	for _, c := range competencies {
		grouping = append(grouping, map[string]any{"id": progress.CompetencyIRI(c)})
	}
	activities := map[string]any{"grouping": grouping}
	if within != "" {
		activities["parent"] = []any{map[string]any{"id": within}}
	}
	said, _ := json.Marshal(map[string]any{
		"id": progress.EventID(v, "demo lab "+name+within).String(), "timestamp": on.UTC().Format(time.RFC3339),
		"verb":        map[string]any{"id": progress.Verb(progress.Completed), "display": map[string]any{"en": "completed"}},
		"object":      map[string]any{"objectType": "Activity", "id": "urn:tizi:lab:" + name},
		"result":      map[string]any{"completion": true, "duration": fmt.Sprintf("PT%dS", 200+l.rng.IntN(60)), "score": map[string]any{"raw": right, "min": 0, "max": 3, "scaled": math.Round(float64(right)/3*1000) / 1000}, "extensions": map[string]any{"urn:tizi:lab:" + name + ":measures": measures}},
		"context":     map[string]any{"platform": "Tizi", "language": "ar", "contextActivities": activities},
		"attachments": []any{map[string]any{"usageType": "urn:tizi:artefact", "display": map[string]any{"en": name}, "contentType": "application/json", "length": len(b), "sha2": sum}},
	})
	value, err := statement.Parse(said)
	if err != nil {
		panic(err) // said above
	}
	value.Set("actor", statement.Person(v))
	x, err := statement.New(value, statement.V2, "")
	if err != nil {
		panic(err)
	}
	l.labs = append(l.labs, x)
}

// shown are the lines of a lab in the portfolio, as the lab says them in Arabic.
func shown(name string, m map[string]float64) [][2]string {
	percent := func(part float64) string { return fmt.Sprintf("%.0f%%", part*100) }
	both := func(town, village float64) string {
		return "المدينة " + percent(town) + " · القرية " + percent(village)
	}
	switch name {
	case "drawing":
		return [][2]string{{"رسوم للتعلّم", fmt.Sprint(m["drawings"])}, {"ثقتها أمام رسم مجهول", percent(m["sureOfStrange"])}}
	case "unfair":
		return [][2]string{{"ما تعرّفت عليه من قبل", both(m["recallTownBefore"], m["recallVillageBefore"])}, {"ما تعرّفت عليه بعد الإصلاح", both(m["recallTownAfter"], m["recallVillageAfter"])}, {"المحاولات", fmt.Sprint(m["tries"])}}
	case "feed":
		return [][2]string{{"خيطي في البداية", percent(m["diversityFirst"])}, {"خيطي في أضيق حالاته", percent(m["diversityFallen"])}, {"بعد محو الصورة", percent(m["diversityAfterReset"])}}
	}
	return [][2]string{{"الأقوال التي حكمت عليها", fmt.Sprint(m["claims"])}, {"منها المختلق", fmt.Sprint(m["claimsInvented"])}}
}

// sketch is a picture of a drawing: a house of a few strokes, never twice alike.
func sketch(rng *rand.Rand) []byte {
	m := image.NewGray(image.Rect(0, 0, 200, 160))
	for i := range m.Pix {
		m.Pix[i] = 250
	}
	j := func(v float64) float64 { return v + rng.NormFloat64()*5 }
	line := func(x0, y0, x1, y1 float64) {
		for t := 0.0; t <= 1; t += .004 {
			for d := range 9 {
				m.SetGray(int(x0+(x1-x0)*t)+d%3, int(y0+(y1-y0)*t)+d/3, color.Gray{40})
			}
		}
	}
	left, right, top, bottom := j(50), j(150), j(80), j(140)
	line(left, top, left, bottom)
	line(right, top, right, bottom)
	line(left, bottom, right, bottom)
	line(left, top, right, top)
	if rng.IntN(3) > 0 { // some houses have a flat roof
		peak := j(100)
		line(left, top, peak, j(35))
		line(right, top, peak, j(35))
	}
	door := j(92)
	line(door, bottom, door, j(112))
	line(door+18, bottom, door+18, j(112))
	var b bytes.Buffer
	jpeg.Encode(&b, m, &jpeg.Options{Quality: 60}) // into memory
	return b.Bytes()
}
