package centre

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tizi/countries"
	"tizi/internal/access"
	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/node"
	"tizi/internal/place"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

// Routes adds the routes of this door.
func Routes(d *door.Door) {
	d.Handle("GET /setup", door.Public, setupCountry)
	d.Handle("POST /setup", door.Public, setupCountryChosen)
	d.Handle("GET /setup/owner", door.Public, setupOwner)
	d.Handle("POST /setup/owner", door.Public, setupOwnerGiven)
	d.Handle("GET /setup/centre", access.WritePlaces, setupCentre)
	d.Handle("POST /setup/centre", access.WritePlaces, setupCentreGiven)
	d.Handle("GET /setup/done", access.ReadPeople, setupDone)
	peopleRoutes(d)
	privacyRoutes(d)
	consentRoutes(d)
	familyRoutes(d)
	importRoutes(d)
	groupRoutes(d)
	textRoutes(d)
	centreRoutes(d)
	timetableRoutes(d)
	stayRoutes(d)
	closingRoutes(d)
	drawRoutes(d)
	referralRoutes(d)
	eligibleRoutes(d)
	conflictRoutes(d)
	departRoutes(d)
}

// empty lets only the first visit of an empty node pass: from this machine, or from another device with the code that the machine
// shows, since anybody on its network could be first.
func empty(a *door.Ask) (bool, error) {
	founded, err := a.D.Founded(a.R.Context())
	if err != nil {
		return false, err
	}
	if founded {
		return false, a.Go("/")
	}
	if a.OnMachine() || subtle.ConstantTimeCompare([]byte(node.Clean(code(a))), []byte(node.Clean(a.H.Code()))) == 1 {
		return true, nil
	}
	if code(a) == "" {
		return false, a.Render("setup/code", SetupCode{})
	}
	return false, a.Again("setup/code", SetupCode{Code: code(a), Errors: map[string]string{"code": a.P.T("setup.code.wrong")}})
}

// code is what was typed on another device; it goes along from page to page.
func code(a *door.Ask) string { return a.R.FormValue("code") }

func setupCountry(a *door.Ask) error {
	if ok, err := empty(a); !ok {
		return err
	}
	if a.H.Prepared() {
		return a.Go(door.With("/setup/owner", "code", code(a)))
	}
	return setupCountryShow(a, nil)
}

func setupCountryShow(a *door.Ask, errs map[string]string) error {
	v := SetupCountry{Errors: errs}
	for _, code := range countries.Codes() {
		c, err := countries.Load(code)
		if err != nil {
			return err
		}
		x := Country{Code: code, Name: c.Name}
		for _, p := range c.Places {
			if p.Type == "region" {
				x.Regions++
			}
			if p.Type != "centre" {
				x.Places++
			}
		}
		v.Countries = append(v.Countries, x)
	}
	if len(v.Countries) == 1 {
		v.Country = v.Countries[0].Code
	}
	if errs != nil {
		return a.Again("setup/country", v)
	}
	return a.Render("setup/country", v)
}

func setupCountryChosen(a *door.Ask) error {
	if ok, err := empty(a); !ok {
		return err
	}
	country := a.R.FormValue("country")
	if _, err := countries.Load(country); err != nil {
		return setupCountryShow(a, map[string]string{"country": a.P.T("setup.country_missing")})
	}
	return a.Go(door.With("/setup/owner", "country", country, "code", code(a)))
}

func setupOwner(a *door.Ask) error {
	if ok, err := empty(a); !ok {
		return err
	}
	v := ownerForm(a)
	if v.Country == "" && !a.H.Prepared() {
		return a.Go(door.With("/setup", "code", code(a)))
	}
	return a.Render("setup/owner", v)
}

// ownerForm is the form of who answers for the node. On a box that headquarters prepared it is the only one.
func ownerForm(a *door.Ask) SetupOwner {
	v := SetupOwner{MinPassphrase: access.MinPassphrase}
	if !a.H.Prepared() {
		v.Back, v.Country = door.With("/setup", "code", code(a)), a.R.FormValue("country")
	}
	return v
}

func setupOwnerGiven(a *door.Ask) error {
	if ok, err := empty(a); !ok {
		return err
	}
	ctx := a.R.Context()
	f := house.Founding{Country: a.R.FormValue("country"), Owner: a.R.FormValue("name"), Login: a.R.FormValue("login"), Passphrase: a.R.FormValue("passphrase"), Lang: string(a.Lang)}
	v := ownerForm(a)
	v.Name, v.Login = f.Owner, f.Login
	if s := a.TooLong(f.Owner); s != "" {
		v.Errors = map[string]string{"name": s}
		return a.Again("setup/owner", v)
	}
	err := a.H.Found(ctx, f)
	if field, sentence, ok := a.SignInError(err); ok {
		v.Errors = map[string]string{field: sentence}
		return a.Again("setup/owner", v)
	}
	if errors.Is(err, countries.ErrUnknown) {
		return a.Go(door.With("/setup", "code", code(a)))
	}
	if err != nil {
		return err
	}
	token, err := a.H.Access.SignIn(ctx, f.Login, f.Passphrase, a.R.UserAgent(), a.Address())
	if err != nil {
		return err
	}
	a.SignIn(token)
	if a.H.Prepared() {
		return a.Go("/")
	}
	return a.Go("/setup/centre")
}

// mayPlace reports whether the account may open a centre in a place.
func mayPlace(a *door.Ask, p *place.Place) bool {
	return slices.ContainsFunc(a.Account.Roles, func(h access.Held) bool {
		return access.Allows(h.Role, access.WritePlaces) && a.Tree.Holds(h.On.ID, p.ID)
	})
}

// provinces are where the account may open a centre, under their regions.
func provinces(a *door.Ask) []shell.Option {
	var out []shell.Option
	for _, r := range a.Tree.Of("region") {
		region, _ := r.Name.In(a.Lang)
		for _, p := range a.Tree.Children(r.ID) {
			if (p.Type == "province" || p.Type == "prefecture") && mayPlace(a, p) {
				name, _ := p.Name.In(a.Lang)
				out = append(out, shell.Option{Value: p.Code, Label: region + " · " + name})
			}
		}
	}
	return out
}

// centreForm is the form of a centre that opens, and its screen: the last step of the first visit, or the one of a centre more.
func centreForm(a *door.Ask) (string, SetupCentre) {
	v := SetupCentre{Kind: "youth", Provinces: provinces(a), Back: "/", Errors: map[string]string{}}
	if len(a.Tree.Of("centre")) == 0 {
		return "setup/centre", v
	}
	v.Back = "/centres"
	return "centres/new", v
}

func setupCentre(a *door.Ask) error {
	screen, v := centreForm(a)
	return a.Render(screen, v)
}

// centreKinds are the kinds of centres that the form offers.
var centreKinds = []string{"youth", "second_chance", "school", "university", "cooperative", "mobile", "headquarters"}

func setupCentreGiven(a *door.Ask) error {
	screen, v := centreForm(a)
	v.NameFR, v.NameAR, v.Kind = strings.TrimSpace(a.R.FormValue("name_fr")), strings.TrimSpace(a.R.FormValue("name_ar")), a.R.FormValue("kind")
	v.Province, v.Milieu = a.R.FormValue("province"), a.R.FormValue("milieu")
	parent := a.Tree.Code(v.Province)
	if v.NameFR == "" && v.NameAR == "" {
		v.Errors["name_fr"] = a.P.T("setup.centre_name_missing")
	}
	if parent == nil || parent.Type != "province" && parent.Type != "prefecture" || !mayPlace(a, parent) {
		v.Errors["province"] = a.P.T("setup.province_missing")
	}
	if !slices.Contains(centreKinds, v.Kind) {
		v.Errors["kind"] = a.P.T("error.choose", "field", a.P.T("centre.kind"))
	}
	if v.Milieu != "urban" && v.Milieu != "rural" {
		v.Errors["milieu"] = a.P.T("setup.milieu_missing")
	}
	if len([]rune(v.NameFR)) > 120 || len([]rune(v.NameAR)) > 120 {
		v.Errors["name_fr"] = a.P.T("setup.centre_name_long")
	}
	if len(v.Errors) > 0 {
		return a.Again(screen, v)
	}
	d := place.Described{Code: freeCode(a.Tree, parent), Parent: parent.Code, Type: "centre", Kind: v.Kind, Name: i18n.Text{}, Milieu: v.Milieu, Lat: parent.Lat, Lon: parent.Lon}
	if v.NameFR != "" {
		d.Name[i18n.FR] = v.NameFR
	}
	if v.NameAR != "" {
		d.Name[i18n.AR] = v.NameAR
	}
	if _, _, err := a.H.Places.Describe(a.R.Context(), a.Actor(), []place.Described{d}); err != nil {
		return err
	}
	if screen == "setup/centre" {
		return a.Go(door.With("/setup/done", "centre", d.Code))
	}
	a.Notify("good", "centres.opened")
	return a.Go("/centres/" + place.ID(d.Code).String())
}

// freeCode is the first unused code of a centre in a province.
func freeCode(t *place.Tree, parent *place.Place) string {
	for n := 1; ; n++ {
		if code := fmt.Sprintf("%s-C%d", parent.Code, n); t.Code(code) == nil {
			return code
		}
	}
}

func setupDone(a *door.Ask) error {
	c, err := a.Tree.Find(a.R.FormValue("centre"))
	if err != nil {
		return a.Go("/")
	}
	return a.Render("setup/done", SetupDone{
		Centre: c.Name, ImportURL: door.With("/import", "centre", c.ID.String()), GroupURL: door.With("/groups/new", "centre", c.ID.String()), TodayURL: "/today",
		ProgrammeURL: "/programmes/new", TrustURL: a.D.Trust,
	})
}
