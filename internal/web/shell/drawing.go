package shell

import (
	"fmt"
	"html/template"
	"strings"
)

// The drawings that children know themselves by. Each is 48 by 48, of flat colours that hold on a light page, a dark one and on
// paper; its name stands beside it in words, so it says nothing to a screen reader itself.

const ink = "#14213a"

// drawings are the twelve pictures that are chosen (learner.Pictures).
var drawings = map[string]string{
	"palm":     `<path d="M22 44c1-8 2-14 1-22h4c0 8 1 14 3 22z" fill="#a5652a"/><path d="M25 22C18 14 10 14 6 20c6-2 12-1 19 2zM25 22c7-8 15-8 19-2-6-2-12-1-19 2zM25 22C17 19 9 24 9 32c4-6 9-9 16-10zM25 22c8-3 16 2 16 10-4-6-9-9-16-10zM25 22c-3-7-1-14 5-17 0 6-1 11-5 17z" fill="#2e8b57"/><circle cx="22" cy="25" r="2.5" fill="#8a3b12"/><circle cx="28" cy="26" r="2.5" fill="#8a3b12"/>`,
	"teapot":   `<path d="M12 24c0-8 6-12 12-12s12 4 12 12c0 9-4 14-12 14s-12-5-12-14z" fill="#b8bec9"/><path d="M13 22 4 14l-1 3 9 13zM35 20c8-3 10 10 0 12l1-4c4-2 4-6 0-5z" fill="#8b93a3"/><path d="M19 12h10l-2-5h-6z" fill="#8b93a3"/><circle cx="24" cy="5" r="2.5" fill="#f0b429"/><path d="M16 40h16v3H16zM13 25h22" fill="#8b93a3" stroke="#f0b429" stroke-width="2"/>`,
	"star":     `<path d="m24 3 6 14 15 1-11.5 10L37 43l-13-8-13 8 3.5-15L3 18l15-1z" fill="#f0b429" stroke="#b07c00" stroke-width="1.5"/>`,
	"camel":    `<path d="M6 12c0-3 5-4 7-1l1 12c2 1 4 0 5-3 2-6 8-6 10 0 1 3 3 3 4 0 2-5 8-3 9 3 1 5 0 8-1 10v11h-4V34H19v10h-4V33c-4-3-5-8-5-17l-4-1z" fill="#c98a3d"/><circle cx="9.5" cy="13" r="1.2" fill="#14213a"/><path d="M19 24c2-6 8-6 10 0z" fill="#a8401f"/>`,
	"fish":     `<path d="M4 24c6-11 20-13 30-3l10-8c-2 7-2 15 0 22l-10-8C24 37 10 35 4 24z" fill="#2f7fc1"/><circle cx="13" cy="22" r="2.5" fill="#fff"/><circle cx="13" cy="22" r="1.2" fill="#14213a"/><path d="M20 17c3 4 3 10 0 14M26 17c3 4 3 10 0 14" fill="none" stroke="#9fd0f5" stroke-width="2"/>`,
	"drum":     `<path d="M8 15v18c0 9 32 9 32 0V15z" fill="#a8401f"/><path d="m8 18 8 20 8-19 8 19 8-20" fill="none" stroke="#f0b429" stroke-width="2"/><ellipse cx="24" cy="15" rx="16" ry="7" fill="#f6e7c8" stroke="#7a2d14" stroke-width="2"/><path d="m20 14 20-11M28 15 9 4" stroke="#6b4a2b" stroke-width="2.5"/>`,
	"mountain": `<path d="m2 42 16-30 9 16 5-8 14 22z" fill="#7b6a9e"/><path d="m18 12-6 11 4 2 3-3 3 2 2-1zM32 20l-3 5 3 2 3-1z" fill="#fff"/><path d="M2 42h44v3H2z" fill="#5b8c4a"/>`,
	"key":      `<circle cx="14" cy="24" r="9" fill="none" stroke="#c98a1b" stroke-width="6"/><path d="M23 21h22v6h-3v7h-5v-7h-4v5h-5v-5h-5z" fill="#c98a1b"/>`,
	"sun":      `<circle cx="24" cy="24" r="10" fill="#f28c28"/><path d="M24 3v7M24 38v7M3 24h7M38 24h7M9 9l5 5M34 34l5 5M9 39l5-5M34 14l5-5" stroke="#f28c28" stroke-width="4" stroke-linecap="round"/>`,
	"house":    `<path d="M8 20h32v24H8z" fill="#e7b98a"/><path d="M3 21 24 5l21 16z" fill="#a8401f"/><path d="M19 44V33c0-7 10-7 10 0v11z" fill="#0b6457"/><path d="M11 26h6v6h-6zM31 26h6v6h-6z" fill="#3538b0"/>`,
	"book":     `<path d="M24 12C18 7 10 7 4 9v30c6-2 14-2 20 3z" fill="#3538b0"/><path d="M24 12c6-5 14-5 20-3v30c-6-2-14-2-20 3z" fill="#5b5ed0"/><path d="M8 16c4-1 8 0 12 2M8 23c4-1 8 0 12 2M8 30c4-1 8 0 12 2M40 16c-4-1-8 0-12 2M40 23c-4-1-8 0-12 2M40 30c-4-1-8 0-12 2" fill="none" stroke="#fff" stroke-width="2"/>`,
	"olive":    `<path d="M5 43C14 36 28 24 43 6" fill="none" stroke="#7a5a2b" stroke-width="2.5"/><path d="M14 35c-8 1-11-4-10-10 6 1 10 4 10 10zM22 28c-8 0-11-6-9-12 6 2 10 6 9 12zM31 19c-7-1-9-7-7-13 6 3 9 7 7 13zM18 33c2 7 8 9 14 7-2-6-7-9-14-7zM28 24c3 6 9 7 15 4-3-5-9-7-15-4z" fill="#6f8f3a"/><ellipse cx="33" cy="33" rx="5" ry="4" fill="#4b2e5e"/><ellipse cx="10" cy="15" rx="4" ry="5" fill="#4b2e5e"/>`,
}

// animals are those of the avatars (learner.Animals); %s is the colour.
var animals = map[string]string{
	"cat":       `<path d="m9 6 9 7c4-1 8-1 12 0l9-7v20c0 10-7 17-15 17S9 36 9 26z" fill="%s"/>` + eyes(17, 26, 31) + `<path d="m22 31 2 2 2-2zM24 33v3M4 28l9 2M4 35l9-2M44 28l-9 2M44 35l-9-2"/>`,
	"rabbit":    `<path d="M15 20C10 8 11 2 15 2s6 8 6 16h6c0-8 2-16 6-16s5 6 0 18c4 3 6 8 6 12 0 8-7 13-15 13S9 40 9 32c0-4 2-9 6-12z" fill="%s"/>` + eyes(18, 29, 30) + `<path d="m22 35 2 2 2-2zM24 37v4"/>`,
	"hedgehog":  `<path d="m3 35 6-4-2-7 7-1 1-7 7 2 4-6 5 5 6-3 1 7c4 2 7 7 7 14l-2 5H9z" fill="%s"/><path d="M24 40c-5-8 2-16 10-14 5 1 10 7 12 12-3 3-8 4-12 4z" fill="#f6e7c8"/><circle cx="36" cy="32" r="1.5" fill="#14213a"/><circle cx="45" cy="37" r="2" fill="#14213a"/><path d="m14 28 3 4M20 22l2 4M12 35l4 1"/>`,
	"tortoise":  `<path d="M35 27c2-8 11-8 11-1 0 5-4 8-10 8zM9 34h7v7H9zM27 34h7v7h-7z" fill="#d9c79a"/><path d="M4 35C4 20 12 13 21 13s17 7 17 22z" fill="%s"/><path d="m15 22 6-4 6 4v7H15zM15 29l-6 5M27 29l6 5M15 22l-6-1M27 22l6-1M21 18v-4" fill="none"/><circle cx="42" cy="25" r="1.3" fill="#14213a"/>`,
	"bee":       `<path d="M20 20C12 6 2 10 8 20c2 4 8 4 12 0zM28 20c8-14 18-10 12 0-2 4-8 4-12 0z" fill="#dbe7f5"/><path d="M24 14c8 0 12 7 12 15s-6 15-12 15-12-7-12-15 4-15 12-15z" fill="%s"/><path d="M13 25h22M12 32h24M16 39h16" stroke-width="4"/><path d="M20 15c-1-5-4-8-7-8M28 15c1-5 4-8 7-8" fill="none"/>`,
	"donkey":    `<path d="M14 18C8 12 7 3 11 2c5 1 8 7 9 12h8c1-5 4-11 9-12 4 1 3 10-3 16 2 6 1 14-2 18-2 6-14 6-16 0-3-4-4-12-2-18z" fill="%s"/><path d="M16 35c0-7 16-7 16 0s-4 10-8 10-8-3-8-10z" fill="#f6e7c8"/>` + eyes(19, 24, 29) + `<path d="M21 37v1M27 37v1M21 42h6"/>`,
	"owl":       `<path d="M9 4c4 3 8 4 15 4s11-1 15-4v24c0 10-7 17-15 17S9 38 9 28z" fill="%s"/><circle cx="17" cy="20" r="6.5" fill="#fff"/><circle cx="31" cy="20" r="6.5" fill="#fff"/><circle cx="17" cy="20" r="2.5" fill="#14213a"/><circle cx="31" cy="20" r="2.5" fill="#14213a"/><path d="m21 25 3 6 3-6z" fill="#f0b429"/><path d="M17 36l3 3 3-3M25 36l3 3 3-3" fill="none"/>`,
	"sheep":     `<path d="M24 4c4-3 9-1 10 3 5 0 8 4 6 8 4 3 4 8 1 11 1 5-2 8-6 8-2 6-8 8-11 6-3 2-9 0-11-6-4 0-7-3-6-8-3-3-3-8 1-11-2-4 1-8 6-8 1-4 6-6 10-3z" fill="%s"/><path d="M14 21c0-4 20-4 20 0 0 12-4 19-10 19s-10-7-10-19zM14 22c-5-3-9-1-9 2s5 5 9 2zM34 22c5-3 9-1 9 2s-5 5-9 2z" fill="#f6e7c8"/>` + eyes(20, 27, 28) + `<path d="m22 34 2 2 2-2"/>`,
	"butterfly": `<path d="M23 22C16 6 2 4 3 15c1 8 8 11 20 10zM25 22c7-16 21-18 20-7-1 8-8 11-20 10zM23 25C12 25 5 30 8 37c4 8 12 4 15-10zM25 25c11 0 18 5 15 12-4 8-12 4-15-10z" fill="%s"/><path d="M24 16v22" stroke-width="4"/><path d="M24 16c-1-5-4-9-7-10M24 16c1-5 4-9 7-10" fill="none"/><circle cx="12" cy="15" r="2.5" fill="#fff"/><circle cx="36" cy="15" r="2.5" fill="#fff"/>`,
	"frog":      `<path d="M10 16c-2-9 9-12 12-4h4c3-8 14-5 12 4 5 4 7 9 7 14 0 9-10 13-21 13S3 39 3 30c0-5 2-10 7-14z" fill="%s"/><circle cx="15.5" cy="13" r="4" fill="#fff"/><circle cx="32.5" cy="13" r="4" fill="#fff"/><circle cx="15.5" cy="13" r="1.8" fill="#14213a"/><circle cx="32.5" cy="13" r="1.8" fill="#14213a"/><path d="M11 31c8 6 18 6 26 0M21 23v1M27 23v1" fill="none"/>`,
}

// eyes are two of an animal's, white round the pupil, so that they are seen on every colour.
func eyes(x1, y, x2 int) string {
	var b strings.Builder
	for _, x := range []int{x1, x2} {
		fmt.Fprintf(&b, `<circle cx="%d" cy="%d" r="3" fill="#fff" stroke="none"/><circle cx="%d" cy="%d" r="1.6" fill="%s" stroke="none"/>`, x, y, x, y, ink)
	}
	return b.String()
}

// hues are the colours of avatars (learner.Colours).
var hues = map[string]string{"red": "#d64533", "blue": "#3f74d9", "green": "#3f9a52", "yellow": "#f0b429", "black": "#4a4f5c", "white": "#fdfbf5"}

func drawing(name string) (template.HTML, error) {
	d, ok := drawings[name]
	if !ok {
		return "", fmt.Errorf("there is no drawing %q", name)
	}
	return template.HTML(`<svg class="drawing" viewBox="0 0 48 48" aria-hidden="true" focusable="false">` + d + `</svg>`), nil
}

// avatar draws one such as "cat-red".
func avatar(s string) (template.HTML, error) {
	animal, colour, _ := strings.Cut(s, "-")
	d, hue := animals[animal], hues[colour]
	if d == "" || hue == "" {
		return "", fmt.Errorf("there is no avatar %q", s)
	}
	return template.HTML(`<svg class="drawing" viewBox="0 0 48 48" aria-hidden="true" focusable="false"><g stroke="` + ink + `" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round">` + fmt.Sprintf(d, hue) + `</g></svg>`), nil
}

// avatarName says what an avatar is: the animal, then the colour, each by itself, since in some languages one bends to the other.
func (v *voice) avatarName(s string) any {
	animal, colour, _ := strings.Cut(s, "-")
	return mix(v.foreign(v.p.Say("animal."+animal)), " · ", v.foreign(v.p.Say("colour."+colour)))
}
