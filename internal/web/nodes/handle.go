// Package nodes is the door of those who keep nodes together: which there are, pairing and revoking them, exchanges and bundles,
// what waits without counting.
package nodes

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/api"
	"tizi/internal/fact"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/node"
	"tizi/internal/person"
	"tizi/internal/web/door"
	"tizi/internal/web/me"
	"tizi/internal/web/shell"
)

// Routes adds the routes of this door.
func Routes(d *door.Door) {
	d.Handle("GET /network", access.ReadNode, network)
	d.Handle("POST /network/call", access.RunNode, call)
	d.Handle("POST /network/pause", access.RunNode, pause)
	d.Handle("GET /network/join", access.RunNode, join)
	d.Handle("POST /network/join", access.RunNode, joinGiven)
	d.Handle("GET /network/invite", access.PairNodes, invite)
	d.Handle("POST /network/invite", access.PairNodes, inviteGiven)
	d.Handle("POST /network/invites/{invite}", access.PairNodes, accept)
	d.Handle("GET /network/nodes/{node}", access.ReadNode, box)
	d.Handle("POST /network/nodes/{node}/plan", access.RunNode, planGiven)
	d.Handle("POST /network/nodes/{node}/revoke", access.PairNodes, revoke)
	d.Handle("POST /network/nodes/{node}/bundle", access.RunNode, bundle)
	d.Handle("GET /network/nodes/{node}/receipt", access.RunNode, receipt)
	d.Handle("POST /network/bundles", access.RunNode, take)
	d.Handle("GET /network/recovery", access.RunNode, recovery)
	d.Handle("POST /network/recovery", access.RunNode, recoveryMade)
	d.Handle("POST /network/nodes/{node}/recovered", access.PairNodes, recovered)
	d.Handle("POST /network/nodes/{node}/sheet", access.PairNodes, sheetRevoked)
	d.Handle("POST /network/forks", access.RunNode, reissue)
	d.Handle("GET /network/held", access.ReadNode, held)
	d.Handle("GET /network/held/facts", access.ReadNode, ofHeld(heldFacts))
	d.Handle("POST /network/held/facts", access.RunNode, ofHeld(heldDecided))
	d.Handle("GET /pair", door.Public, func(a *door.Ask) error {
		return a.Render("network/pair", Pair{Code: a.R.URL.Query().Get("code"), Address: shell.Origin(a.R)})
	})
}

// pageSize is how many boxes stand on a page.
const pageSize = 50

// centres are the centres that a grant names; all is true where it names more than centres.
func centres(g fact.Grantee) (l []id.ID, all bool) {
	for _, s := range g.Streams {
		switch c := fact.CentreOf(s); {
		case !c.IsNil():
			l = append(l, c)
		case s != "commons":
			all = true
		}
	}
	return l, all
}

// within reports whether a node lies in a scope: one of the centres that it is for does.
func within(s access.Scope, g fact.Grantee) bool {
	l, all := centres(g)
	return s.All() || !all && slices.ContainsFunc(l, s.Has)
}

// decides reports whether this node decides which others there are.
func decides(a *door.Ask) bool { return a.H.Log.May(fact.GrantIssued, "commons") }

func peerView(a *door.Ask, p node.Peer, g fact.Grantee) Peer {
	now := a.H.Log.Clock.Now()
	v := Peer{Name: nameOf(a, p.Node), Node: p.Node.Hex(), URL: "/network/nodes/" + p.Node.String(), Up: p.Up, Address: p.Address, Age: shell.Ago(now, p.Done), Program: p.Program, Paused: p.Paused, Copied: p.Copied}
	l, _ := centres(g)
	for _, c := range l {
		v.Centres = append(v.Centres, a.PlaceName(c))
	}
	v.Fault = fault(a, p.Fault)
	if p.Fault != "" {
		v.Detail = p.Fault
	}
	if d := p.Ahead.Abs(); d > 2*time.Minute {
		v.Ahead = a.P.T("network.clock", "n", int(d/time.Minute))
	}
	switch {
	case g.Revoked != nil:
		v.State, v.Fault, v.Detail = "revoked", "", ""
	case g.Provisional:
		v.State = "provisional"
	case p.Paused:
		v.State = "paused"
	case p.Fault != "":
		v.State = "fault"
	case p.Done.IsZero():
		v.State = "never"
	case now.Sub(p.Done) > node.Late:
		v.State = "late"
	default:
		v.State = "good"
	}
	tell(a, &v, p.Vitals)
	return v
}

// rank puts those first that somebody should look at.
func rank(state string) int {
	return slices.Index([]string{"provisional", "fault", "late", "never", "paused", "good", "revoked"}, state)
}

func upView(a *door.Ask, p node.Peer) (*Peer, error) {
	v := peerView(a, p, fact.Grantee{})
	var err error
	if v.Waiting, err = a.H.Nodes.Waiting(a.R.Context(), a.H.DB, p.Node); err != nil {
		return nil, err
	}
	if s, under := a.H.Nodes.Under(); under {
		v.Under = &Progress{s.Sent + s.Got, s.ToSend + s.ToGet, s.Files}
	}
	if a.May(access.RunNode) {
		v.PauseAction = "/network/pause"
		if !p.Paused {
			v.CallAction = "/network/call"
		}
	}
	return &v, nil
}

func networkView(a *door.Ask) (Network, error) {
	ctx, n := a.R.Context(), a.H.Nodes
	v := Network{Own: a.H.Log.Node().Hex(), Query: strings.TrimSpace(a.R.URL.Query().Get("q")), HeldURL: "/network/held", Errors: map[string]string{}}
	if err := a.H.Log.Refresh(ctx); err != nil {
		return v, err
	}
	peers, err := n.Peers(ctx, a.H.DB)
	if err != nil {
		return v, err
	}
	known := map[id.ID]node.Peer{}
	for _, p := range peers {
		if p.Up {
			if v.Up, err = upView(a, p); err != nil {
				return v, err
			}
		}
		known[p.Node] = p
	}
	for _, g := range a.H.Log.Grantees() {
		if g.Node == a.H.Log.Node() || !within(a.Scope, g) || v.Up != nil && g.Node.Hex() == v.Up.Node {
			continue
		}
		p, ok := known[g.Node]
		if !ok {
			p = node.Peer{Node: g.Node}
		}
		if x := peerView(a, p, g); v.Query == "" || strings.Contains(strings.ToLower(x.Name), strings.ToLower(v.Query)) {
			v.Boxes = append(v.Boxes, x)
		}
	}
	if err := restored(a, known, &v); err != nil {
		return v, err
	}
	slices.SortStableFunc(v.Boxes, worse)
	page, err := strconv.Atoi(a.R.URL.Query().Get("page"))
	if err != nil || page < 1 || (page-1)*pageSize >= max(1, len(v.Boxes)) {
		page = 1
	}
	v.Pager.Total = len(v.Boxes)
	at := func(p int) string { return door.With("/network", "q", v.Query, "page", strconv.Itoa(p)) }
	if page > 1 {
		v.Pager.Prev = at(page - 1)
	}
	if page*pageSize < len(v.Boxes) {
		v.Pager.Next = at(page + 1)
	}
	v.Boxes = v.Boxes[min(len(v.Boxes), (page-1)*pageSize):min(len(v.Boxes), page*pageSize)]
	v.Pager.Shown = len(v.Boxes)
	if v.Invites, err = invites(a); err != nil {
		return v, err
	}
	if a.May(access.PairNodes) && decides(a) {
		v.InviteURL = "/network/invite"
	}
	if a.May(access.RunNode) && (v.Up != nil || len(v.Boxes) > 0) {
		v.TakeAction = "/network/bundles"
	}
	if a.May(access.WriteGroups) {
		v.SidesURL = "/conflicts"
	}
	if own, ok := a.H.Log.Grantee(a.H.Log.Node()); ok {
		v.Provisional = own.Provisional
	}
	if a.May(access.RunNode) && n.MayKeep() {
		v.RecoveryURL, v.Kept = "/network/recovery", n.Kept() != nil
	}
	v.Alone = v.Up == nil && len(v.Boxes) == 0 && len(v.Invites) == 0 && v.Query == ""
	if a.May(access.RunNode) && (v.Up != nil || len(a.H.Log.Grantees()) == 0) {
		v.JoinURL = "/network/join"
	}
	if v.Lacking, err = n.Lacking(ctx); err != nil {
		return v, err
	}
	waits, err := waiting(a)
	if err != nil {
		return v, err
	}
	for _, w := range waits {
		v.Held += w.Facts
	}
	forks, err := a.H.Log.Forks(ctx, a.H.DB)
	if err != nil {
		return v, err
	}
	for _, f := range forks {
		if streamIn(a.Scope, f.Stream) {
			v.Forks = append(v.Forks, Fork{Node: nameOf(a, f.Node), Stream: streamName(a, f.Stream)})
		}
	}
	lost, err := a.H.Log.Lost(ctx, a.H.DB)
	if err != nil {
		return v, err
	}
	for _, f := range lost {
		if streamIn(a.Scope, f.Stream) && a.May(access.RunNode) && f.Node != a.H.Log.Node() {
			l, err := a.H.Log.LostFacts(ctx, a.H.DB, f, shown)
			if err != nil {
				return v, err
			}
			v.Lost = append(v.Lost, Fork{nameOf(a, f.Node), streamName(a, f.Stream), f.Node.String(), f.Stream, f.Facts, heldFactRows(a, l), "/network/forks"})
		}
	}
	return v, nil
}

// restored says that headquarters came back from a backup, as long as a box has not called since: it may know of something that
// headquarters does not.
func restored(a *door.Ask, known map[id.ID]node.Peer, v *Network) error {
	since, err := a.H.Log.FollowsSince(a.R.Context(), a.H.DB)
	if err != nil || since.IsZero() {
		return err
	}
	for _, g := range a.H.Log.Grantees() {
		if g.Revoked == nil && within(a.Scope, g) && known[g.Node].Done.Before(since) {
			v.Restored, v.Silent = a.Moment(since), v.Silent+1
		}
	}
	return nil
}

// invited reports whether somebody may see a code: whose scope has every centre that it is for, since who accepts it lets a box hold them all.
func invited(s access.Scope, i node.Invite) bool {
	return !slices.ContainsFunc(i.Streams, func(stream string) bool { return !s.Has(fact.CentreOf(stream)) })
}

func invites(a *door.Ask) ([]Invite, error) {
	if !a.May(access.PairNodes) || !decides(a) {
		return nil, nil
	}
	scope, err := a.ScopeOf(access.PairNodes)
	if err != nil {
		return nil, err
	}
	l, err := a.H.Nodes.Invites(a.R.Context(), a.H.DB)
	if err != nil {
		return nil, err
	}
	var out []Invite
	for _, i := range l {
		if i.Accepted || !invited(scope, i) {
			continue
		}
		x := Invite{Name: i.Name, Until: a.Moment(i.Until)}
		for _, s := range i.Streams {
			x.Centres = append(x.Centres, a.PlaceName(fact.CentreOf(s)))
		}
		if i.Number != "" {
			x.Number, x.Action = i.Number, "/network/invites/"+i.ID.String()
		}
		out = append(out, x)
	}
	return out, nil
}

func network(a *door.Ask) error {
	v, err := networkView(a)
	if err != nil {
		return err
	}
	return a.Render("network/list", v)
}

// gone sends to a page with a sentence: what a button was for is not there any more, or never was on this node.
func gone(a *door.Ask, key, page string) error {
	a.Notify("info", key)
	return a.Go(page)
}

// call begins an exchange at once; the page shows how far it is.
func call(a *door.Ask) error {
	p, err := a.H.Nodes.Up(a.R.Context(), a.H.DB)
	switch {
	case err != nil:
		return err
	case p == nil:
		return gone(a, "network.calls_none", "/network")
	case p.Paused:
		return gone(a, "network.paused_text", "/network")
	}
	a.H.Nodes.Call()
	a.Notify("info", "network.called")
	return a.Go("/network")
}

func pause(a *door.Ask) error {
	p, err := a.H.Nodes.Up(a.R.Context(), a.H.DB)
	if err != nil {
		return err
	}
	if p == nil {
		return gone(a, "network.calls_none", "/network")
	}
	paused := a.R.PostFormValue("paused")
	if paused != "yes" && paused != "no" {
		return fs.ErrNotExist
	}
	if err := a.H.Nodes.Pause(a.R.Context(), p.Node, paused == "yes"); err != nil {
		return err
	}
	if paused == "no" {
		a.H.Nodes.Call()
	}
	return a.Go("/network")
}

// joinable reports whether this node may still be joined to one above: it calls none, and rules none.
func joinable(a *door.Ask) (bool, error) {
	p, err := a.H.Nodes.Up(a.R.Context(), a.H.DB)
	return p != nil || len(a.H.Log.Grantees()) == 0, err
}

func join(a *door.Ask) error {
	if ok, err := joinable(a); err != nil {
		return err
	} else if !ok {
		return gone(a, "network.joined_already", "/network")
	}
	return a.Render("network/join", Join{Action: "/network/join", Errors: map[string]string{}})
}

// read takes apart what somebody pasted who read the QR of a code: the address and the code in one.
func (v Join) read() (hub, code string) {
	hub, code = v.Hub, v.Code
	if u, err := url.Parse(strings.TrimSpace(v.Code)); err == nil && u.Host != "" && u.Query().Get("code") != "" {
		code = u.Query().Get("code")
		if hub == "" {
			hub = u.Scheme + "://" + u.Host
		}
	}
	if hub != "" && !strings.Contains(hub, "://") {
		hub = "http://" + hub
	}
	return strings.TrimSuffix(hub, "/"), code
}

// joinWait is how long headquarters may take to answer.
const joinWait = 20 * time.Second

func joinGiven(a *door.Ask) error {
	if ok, err := joinable(a); err != nil {
		return err
	} else if !ok {
		return gone(a, "network.joined_already", "/network")
	}
	v := Join{Hub: strings.TrimSpace(a.R.PostFormValue("hub")), Code: strings.TrimSpace(a.R.PostFormValue("code")), Typed: a.R.PostFormValue("number"), Action: "/network/join", Errors: map[string]string{}}
	hub, code := v.read()
	if hub == "" {
		v.Errors["hub"] = a.P.T("network.hub_missing")
	}
	if node.Clean(code) == "" {
		v.Errors["code"] = a.P.T("network.code_missing")
	}
	if len(v.Errors) > 0 {
		return a.Again("network/join", v)
	}
	ctx, cancel := context.WithTimeout(a.R.Context(), joinWait)
	defer cancel()
	asked := a.H.Nodes.Asking(code)
	answer, err := api.Pair(ctx, hub, asked)
	switch {
	case errors.Is(err, api.ErrAddress) || errors.Is(err, context.DeadlineExceeded):
		v.Errors["hub"] = a.P.T("network.hub_silent")
	case errors.Is(err, node.ErrCode):
		v.Errors["code"] = a.P.T("network.code_wrong")
	case err != nil:
		return err
	}
	if len(v.Errors) > 0 {
		return a.Again("network/join", v)
	}
	v.Hub, v.Code = hub, code
	v.Name, v.Number = answer.Name, node.Number(asked.Code, asked, answer)
	if v.Typed == "" && !a.R.PostForm.Has("number") {
		return a.Render("network/join", v)
	}
	switch err := a.H.Nodes.Join(ctx, hub, answer, v.Number, v.Typed); {
	case errors.Is(err, node.ErrNumber):
		v.Errors["number"] = a.P.T("network.number_other")
		return a.Again("network/join", v)
	case errors.Is(err, node.ErrPaired):
		v.Errors["hub"] = a.P.T("network.hub_self")
		v.Number = ""
		return a.Again("network/join", v)
	case err != nil:
		return err
	}
	streams := answer.Streams
	if len(streams) == 0 {
		streams = []string{answer.Stream}
	}
	sheet, err := a.H.Nodes.Keep(ctx, a.Actor(), streams...)
	a.H.Nodes.Call()
	if errors.Is(err, node.ErrNoSheet) { // a box that holds no centre keeps none
		a.Notify("good", "network.joined")
		return a.Go("/network")
	}
	if err != nil {
		return err
	}
	return recoveryShown(a, sheet, true)
}

func inviteForm(a *door.Ask) (InviteForm, error) {
	if !decides(a) {
		return InviteForm{}, fact.ErrNotHere
	}
	v := InviteForm{Action: "/network/invite", Centre: a.R.FormValue("centre"), Name: strings.TrimSpace(a.R.FormValue("name")), Errors: map[string]string{}}
	for _, p := range a.Tree.Of("centre") {
		if p.Closed == "" && a.Scope.Has(p.ID) {
			name, _ := p.Name.In(a.Lang)
			v.Centres = append(v.Centres, shell.Option{Value: p.ID.String(), Label: name})
		}
	}
	return v, nil
}

func invite(a *door.Ask) error {
	v, err := inviteForm(a)
	if err != nil {
		return err
	}
	return a.Render("network/invite", v)
}

func inviteGiven(a *door.Ask) error {
	v, err := inviteForm(a)
	if err != nil {
		return err
	}
	centre, err := id.Parse(v.Centre)
	p := a.Tree.Get(centre)
	switch {
	case err != nil || p == nil || !shell.Offers(v.Centres, v.Centre):
		v.Errors["centre"] = a.P.T("people.centre_missing")
	case len([]rune(v.Name)) > 60:
		v.Errors["name"] = a.P.T("error.too_long", "n", 60)
	}
	if len(v.Errors) > 0 {
		return a.Again("network/invite", v)
	}
	code, _, err := a.H.Nodes.Invite(a.R.Context(), a.Actor(), cmp.Or(v.Name, p.Code), person.Stream(centre))
	switch {
	case errors.Is(err, node.ErrHolds):
		v.Errors["centre"] = a.P.T("network.not_held")
		return a.Again("network/invite", v)
	case errors.Is(err, node.ErrLend):
		return fact.ErrNotHere
	case err != nil:
		return err
	}
	out := Invited{Code: code, Address: shell.Origin(a.R), Centre: p.Name, Hours: int(node.InviteLife / time.Hour)}
	out.Pair = out.Address + door.With("/pair", "code", code)
	if out.QR, err = me.QR(out.Pair); err != nil {
		return err
	}
	return a.Render("network/invited", out)
}

func accept(a *door.Ask) error {
	v, err := a.ID("invite")
	if err != nil {
		return err
	}
	l, err := a.H.Nodes.Invites(a.R.Context(), a.H.DB)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(l, func(i node.Invite) bool { return i.ID == v && invited(a.Scope, i) })
	if i < 0 {
		return fs.ErrNotExist
	}
	typed, sentence := a.R.PostFormValue("number"), ""
	_, err = a.H.Nodes.Accept(a.R.Context(), a.Actor(), v, typed)
	switch {
	case err == nil:
		a.Notify("good", "network.accepted", "name", l[i].Name)
		return a.Go("/network")
	case errors.Is(err, node.ErrNumber):
		sentence = a.P.T("network.number_other")
	case errors.Is(err, node.ErrNoInvite):
		sentence = a.P.T("network.nobody_asked")
	case errors.Is(err, node.ErrCode):
		return fs.ErrNotExist
	default:
		return err
	}
	view, err := networkView(a)
	if err != nil {
		return err
	}
	for k := range view.Invites {
		if strings.HasSuffix(view.Invites[k].Action, v.String()) {
			view.Invites[k].Typed, view.Invites[k].Errors = typed, map[string]string{"number": sentence}
		}
	}
	view.Errors["number"] = sentence
	return a.Again("network/list", view)
}

// peerOf returns the node of the path, where the account's scope has it.
func peerOf(a *door.Ask) (node.Peer, fact.Grantee, error) {
	v, err := a.ID("node")
	if err != nil {
		return node.Peer{}, fact.Grantee{}, err
	}
	if err := a.H.Log.Refresh(a.R.Context()); err != nil {
		return node.Peer{}, fact.Grantee{}, err
	}
	p, err := a.H.Nodes.Peer(a.R.Context(), a.H.DB, v)
	if err != nil {
		return node.Peer{}, fact.Grantee{}, err
	}
	g, ok := a.H.Log.Grantee(v)
	switch {
	case p != nil && p.Up:
		return *p, g, nil
	case !ok || !within(a.Scope, g):
		return node.Peer{}, g, fs.ErrNotExist
	case p == nil:
		p = &node.Peer{Node: v}
	}
	return *p, g, nil
}

func boxView(a *door.Ask, p node.Peer, g fact.Grantee) (Box, error) {
	ctx := a.R.Context()
	v := Box{Peer: peerView(a, p, g), Errors: map[string]string{}}
	if p.Up {
		x, err := upView(a, p)
		if err != nil {
			return v, err
		}
		v.Peer = *x
	} else if g.Revoked == nil {
		var err error
		if v.Waiting, err = a.H.Nodes.Waiting(ctx, a.H.DB, p.Node); err != nil {
			return v, err
		}
	}
	if !p.Up {
		kept, err := a.H.Kept.List(p.Node)
		if err != nil {
			return v, err
		}
		if len(kept) > 0 {
			age := shell.Ago(a.H.Log.Clock.Now(), kept[0].At)
			v.Kept = &age
		}
	}
	v.Opens, v.Closes = p.Opens, p.Closes
	if p.Every > 0 {
		v.Every = strconv.Itoa(int(p.Every / time.Minute))
	}
	if p.Cap > 0 {
		v.Cap = strconv.Itoa(p.Cap / 1000)
	}
	path := "/network/nodes/" + p.Node.String()
	if a.May(access.RunNode) && g.Revoked == nil {
		if p.Up {
			v.PlanAction = path + "/plan"
		}
		v.BundleAction, v.ReceiptURL, v.TakeAction = path+"/bundle", path+"/receipt", "/network/bundles"
	}
	if !p.Up && g.Revoked == nil && a.May(access.PairNodes) && decides(a) {
		v.RevokeAction = path + "/revoke"
		if g.Provisional {
			v.RecoveredAction = path + "/recovered"
		}
		if n := a.H.Nodes; n.Keeps(p.Node) {
			v.SheetAction = path + "/sheet"
		}
		for _, r := range reasons {
			v.Reasons = append(v.Reasons, shell.Option{Value: r, Label: a.P.T("network.reason." + r)})
		}
	}
	u, err := a.H.Nodes.Unlocks(ctx, a.H.DB, p.Node)
	if err != nil {
		return v, err
	}
	if u != nil {
		v.Disk = a.P.T("network.disk_ready")
		if u.Openings > 0 {
			v.Disk = a.P.T("network.disk_opened", "n", u.Openings, "at", a.Moment(u.Opened.In(a.H.Log.Clock.Now().Location())))
		}
		if u.Refusals > 0 {
			v.Refused = a.P.T("network.disk_refused", "n", u.Refusals, "at", a.Moment(u.Refused.In(a.H.Log.Clock.Now().Location())))
		}
	}
	flow, err := a.H.Nodes.Flow(ctx, a.H.DB, p.Node, 25)
	if err != nil {
		return v, err
	}
	for _, f := range flow {
		v.Flow = append(v.Flow, Passed{a.Moment(f.HLC.Wall().In(a.H.Log.Clock.Now().Location())), kind(a, f.Kind), nameOf(a, f.Node), f.There})
	}
	return v, nil
}

func box(a *door.Ask) error {
	p, g, err := peerOf(a)
	if err != nil {
		return err
	}
	v, err := boxView(a, p, g)
	if err != nil {
		return err
	}
	return a.Render("network/node", v)
}

func planGiven(a *door.Ask) error {
	p, g, err := peerOf(a)
	if err != nil {
		return err
	}
	if !p.Up {
		return gone(a, "network.calls_none", "/network/nodes/"+p.Node.String())
	}
	v, err := boxView(a, p, g)
	if err != nil {
		return err
	}
	v.Every, v.Cap, v.Opens, v.Closes = strings.TrimSpace(a.R.PostFormValue("every")), strings.TrimSpace(a.R.PostFormValue("cap")), a.R.PostFormValue("opens"), a.R.PostFormValue("closes")
	plan := node.Plan{Opens: v.Opens, Closes: v.Closes}
	number := func(field, s string, max int) int {
		if s == "" {
			return 0
		}
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > max {
			v.Errors[field] = a.P.T("network."+field+"_wrong", "max", max)
		}
		return n
	}
	plan.Every = time.Duration(number("every", v.Every, 7*24*60)) * time.Minute
	plan.Cap = number("cap", v.Cap, 1_000_000) * 1000
	if plan.Check() != nil && len(v.Errors) == 0 {
		v.Errors["opens"] = a.P.T("network.hours_wrong")
	}
	if len(v.Errors) > 0 {
		return a.Again("network/node", v)
	}
	if err := a.H.Nodes.SetPlan(a.R.Context(), p, plan); err != nil {
		return err
	}
	a.Notify("good", "common.saved")
	return a.Go(v.URL)
}

func revoke(a *door.Ask) error {
	p, g, err := peerOf(a)
	if err != nil {
		return err
	}
	if p.Up || g.Revoked != nil {
		return fs.ErrNotExist
	}
	v, err := boxView(a, p, g)
	if err != nil {
		return err
	}
	v.Reason = a.R.PostFormValue("reason")
	if !slices.Contains(reasons, v.Reason) {
		v.Errors["reason"] = a.P.T("error.reason_missing")
	}
	if len(v.Errors) > 0 {
		return a.Again("network/node", v)
	}
	if a.R.PostFormValue("sure") != "yes" {
		v.Confirm = true
		return a.Again("network/node", v)
	}
	if err := a.H.Nodes.Revoke(a.R.Context(), a.Actor(), p.Node, v.Reason); err != nil {
		return err
	}
	a.Notify("good", "network.revoked", "name", v.Name)
	return a.Go("/network")
}

// reasons are why a box is revoked. They name nobody, so they are of a list.
var reasons = []string{"stolen", "lost", "broken", "replaced", "closed"}

// streamIn reports whether a stream lies in a scope: a centre's where the centre does, others where all does.
func streamIn(s access.Scope, stream string) bool {
	c := fact.CentreOf(stream)
	return s.All() || !c.IsNil() && s.Has(c)
}

func streamName(a *door.Ask, stream string) string {
	if c := fact.CentreOf(stream); !c.IsNil() {
		return textIn(a, a.PlaceName(c))
	}
	return a.P.T("network.stream." + stream)
}

func textIn(a *door.Ask, t i18n.Text) string {
	s, _ := t.In(a.Lang)
	return s
}
