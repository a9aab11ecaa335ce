package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/api"
	"tizi/internal/demo"
	"tizi/internal/house"
	"tizi/internal/lan"
	"tizi/internal/node"
	"tizi/internal/release"
	oidc "tizi/internal/signon"
	"tizi/internal/sms"
	"tizi/internal/web"
	"tizi/internal/web/box"
	"tizi/internal/web/door"
)

// listen says where pages are served.
type listen struct {
	Listen string `help:"The address to serve on." default:":8080" env:"TIZI_LISTEN" placeholder:"HOST:PORT"`
}

type serveCmd struct {
	place
	listen
	secure
	signon
	Metrics string `help:"An address to serve figures for Prometheus on, at /metrics; they name nobody." env:"TIZI_METRICS" placeholder:"localhost:9464"`
	Backup  string `help:"A folder, of another disk or a stick, that the node is saved into every night; see: tizi backup." env:"TIZI_BACKUP" placeholder:"DIR"`
	Leave   bool   `name:"backup-headquarters" help:"Save the node every night with the one that it calls, sealed for the recovery key." env:"TIZI_BACKUP_HEADQUARTERS"`
	SMS     string `name:"sms" help:"A file that says through which gateway texts go to telephones; see docs/sms.md." env:"TIZI_SMS" type:"path" placeholder:"FILE"`
}

// secure says how HTTPS is served beside plain HTTP.
type secure struct {
	HTTPS string         `help:"The address to serve HTTPS on as well, under a certificate of the box's own or one that is brought." env:"TIZI_HTTPS" placeholder:"HOST:PORT"`
	Name  []string       `help:"What the box is called on the network of the centre (with --https); the first time it is asked for." env:"TIZI_NAME" placeholder:"tizi-errachidia.local"`
	Files string         `name:"files-name" help:"A second name of this node, from which files of courses are served without the cookies of its pages; a box with an authority of its own has one by itself." env:"TIZI_FILES_NAME" placeholder:"NAME"`
	Cert  string         `help:"A certificate that is brought, with those that vouch for it (PEM); it is read again when it is renewed." env:"TIZI_CERT" type:"existingfile" placeholder:"FILE"`
	Key   string         `help:"Its key (PEM)." env:"TIZI_KEY" type:"existingfile" placeholder:"FILE"`
	Proxy []netip.Prefix `help:"Addresses of a proxy before this node, which is to be believed on who asks and how (X-Forwarded-For, -Proto, -Host)." env:"TIZI_PROXY" placeholder:"127.0.0.1/32"`
}

// open prepares HTTPS for the node in a folder; without an address there is none.
func (c secure) open(dir string, now func() time.Time) (*tls.Config, *box.HTTPS, error) {
	if c.HTTPS == "" {
		if c.Cert != "" || c.Key != "" || len(c.Name) > 0 {
			return nil, nil, usageError{errors.New("--cert, --key and --name go with --https HOST:PORT")}
		}
		return nil, nil, nil
	}
	_, port, err := net.SplitHostPort(c.HTTPS)
	if err != nil {
		return nil, nil, usageError{fmt.Errorf("--https: %w", err)}
	}
	if (c.Cert == "") != (c.Key == "") {
		return nil, nil, usageError{errors.New("--cert and --key go together")}
	}
	if c.Files != "" && c.Cert == "" {
		return nil, nil, usageError{errors.New("--files-name goes with --cert, or with --proxy and without --https; a box with an authority of its own has such a name by itself")}
	}
	if c.Cert != "" {
		b, err := lan.Bring(c.Cert, c.Key)
		if err != nil {
			return nil, nil, err
		}
		return b.Config(), &box.HTTPS{Port: port}, nil
	}
	names := c.Name
	if len(names) == 0 && !lan.Exists(dir) {
		host, err := os.Hostname()
		if err != nil {
			return nil, nil, err
		}
		host, _, _ = strings.Cut(strings.ToLower(host), ".")
		names = []string{host + ".local"}
	}
	a, err := lan.Open(dir, cmp.Or(strings.TrimSuffix(cmp.Or(names...), ".local"), "box"), names, now)
	if errors.Is(err, lan.ErrOther) { // plain HTTP must not end with it
		fmt.Fprintln(os.Stderr, "There is no HTTPS:", err)
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	return a.Config(), &box.HTTPS{Authority: a, Port: port}, nil
}

// signon says which provider vouches for people (OpenID Connect). Its secret is read from a file, since the words of a
// command are seen by everybody on the machine.
type signon struct {
	Issuer     string `name:"oidc-issuer" help:"The address of a provider of single sign-on (OpenID Connect)." env:"TIZI_OIDC_ISSUER" placeholder:"https://…"`
	Client     string `name:"oidc-client" help:"What the provider calls this program." env:"TIZI_OIDC_CLIENT" placeholder:"ID"`
	SecretFile string `name:"oidc-secret-file" help:"A file whose first line is the secret shared with the provider." env:"TIZI_OIDC_SECRET_FILE" type:"existingfile" placeholder:"FILE"`
	Claim      string `name:"oidc-claim" help:"Which of the provider's words is a person's login here." env:"TIZI_OIDC_CLAIM" default:"preferred_username" placeholder:"NAME"`
	Label      string `name:"oidc-label" help:"What the button says." env:"TIZI_OIDC_LABEL" placeholder:"NAME"`
}

// provider is the provider that the flags name, or nil.
func (c signon) provider() (door.SingleSignOn, error) {
	if c.Issuer == "" && c.Client == "" {
		return nil, nil
	}
	secret := ""
	if c.SecretFile != "" {
		var err error
		if secret, err = house.FirstLine(c.SecretFile); err != nil {
			return nil, usageError{err}
		}
	}
	p, err := oidc.New(oidc.Config{Issuer: c.Issuer, Client: c.Client, Secret: strings.TrimSpace(secret), Claim: c.Claim, Label: c.Label})
	if err != nil {
		return nil, usageError{err}
	}
	return p, nil
}

// Help gives an example.
func (serveCmd) Help() string {
	return "On an empty folder the first visit in a browser sets the node up.\n\nExample:\n  tizi serve --data /var/lib/tizi --listen :8080"
}

func (c *serveCmd) Run(ctx context.Context) error {
	err := c.serve(ctx)
	if errors.Is(err, errAgain) {
		return again()
	}
	return err
}

func (c *serveCmd) serve(ctx context.Context) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50) // a tenth less memory on a box that has little; the time it takes could not be measured
	}
	var gateway *sms.Config
	if c.SMS != "" { // before anything is made
		var err error
		if gateway, err = sms.Load(c.SMS); err != nil {
			return usageError{err}
		}
	}
	open := house.Open
	if !house.Exists(c.Data) {
		open = house.Create
	}
	at := c.config()
	at.Backup, at.Leave, at.Launched = c.Backup, c.Leave, os.Getenv(launchedEnv) != ""
	if house.Exists(c.Data) && house.Encrypted(c.Data) {
		var err error
		if at.Lock, err = c.unlock(ctx); err != nil || at.Lock == nil {
			return err
		}
	}
	h, err := open(ctx, at)
	if err != nil {
		return err
	}
	defer h.Close()
	sign, err := c.provider()
	if err != nil {
		return err
	}
	if gateway != nil {
		h.Texts.Plug(gateway)
	}
	if err := warn(ctx, h); err != nil {
		return err
	}
	config, https, err := c.secure.open(c.Data, h.Log.Clock.Now)
	if err != nil {
		return err
	}
	ln, err := c.listener()
	if err != nil {
		return err
	}
	var safe net.Listener
	if https != nil {
		if safe, err = (listen{c.HTTPS}).listener(); err != nil {
			ln.Close()
			return err
		}
	}
	var metrics net.Listener
	if c.Metrics != "" {
		if metrics, err = (listen{c.Metrics}).listener(); err != nil {
			doors{plain: ln, safe: safe}.close()
			return err
		}
	}
	if err := welcome(ctx, h, ln.Addr()); err != nil {
		doors{plain: ln, safe: safe, metrics: metrics}.close()
		return err
	}
	o := web.Options{Demo: house.Simulated(c.Data), Sign: sign, HTTPS: https, Proxy: c.Proxy, Files: c.secure.Files}
	ctx, end := wanted(ctx, h)
	if https != nil && https.Authority != nil {
		o.Files = https.Authority.Files()
		if o.Files == "" {
			fmt.Fprintf(os.Stderr, "Files of courses are served under the name of the pages: the authority of this box is of before there was another. Move %s away to make a new one, which must be installed on every device again.\n", filepath.Join(c.Data, lan.File))
		}
		h.Go(func(ctx context.Context) {
			lan.Announce(ctx, append(slices.Clone(https.Authority.Names()), o.Files), slog.New(slog.NewTextHandler(os.Stderr, nil)))
		})
	}
	defer end(nil)
	return errors.Join(serve(ctx, h, doors{ln, safe, config, metrics}, o), anew(ctx))
}

// warn says on the terminal when nobody can manage the node any more, or soon nobody can: pages tell those who sign in, and
// whoever starts the program may be the only one who can still mend it.
func warn(ctx context.Context, h *house.House) error {
	until, ok, err := h.Access.Managed(ctx, h.DB)
	if err != nil || house.Simulated(h.Config.Dir) {
		return err
	}
	founded, err := h.Access.Founded(ctx, h.DB)
	switch {
	case err != nil || !founded:
		return err
	case !ok:
		fmt.Fprintf(os.Stderr, "Nobody can manage accounts on this node any more: their roles ran out. Renew them with:  tizi renew --data %s --login LOGIN\n", h.Config.Dir)
	case !until.IsZero() && until.Sub(h.Log.Clock.Now()) < access.WarnBefore:
		fmt.Fprintf(os.Stderr, "On %s the last role that manages accounts on this node runs out. Renew it on the page Team, or with:  tizi renew --data %s --login LOGIN\n", until.Format(time.DateOnly), h.Config.Dir)
	}
	return nil
}

// listener takes the address.
func (c listen) listener() (net.Listener, error) {
	ln, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("cannot serve on %s (is another program there? choose another with --listen): %w", c.Listen, err)
	}
	return ln, nil
}

// doors are what a node listens on.
type doors struct {
	plain   net.Listener
	safe    net.Listener // HTTPS; nil: there is none
	tls     *tls.Config
	metrics net.Listener // nil: there is none
}

func (d doors) close() {
	d.plain.Close()
	for _, ln := range []net.Listener{d.safe, d.metrics} {
		if ln != nil {
			ln.Close()
		}
	}
}

// serve answers until the context ends, then lets requests under way finish.
func serve(ctx context.Context, h *house.House, at doors, o web.Options) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if o.Demo && o.Other != "" { // two nodes on one terminal
		log = log.With("node", filepath.Base(h.Config.Dir))
	}
	o.Log = log
	if at.metrics != nil {
		o.Metrics = box.NewMetrics(h, log)
	}
	handler, err := web.New(h, o)
	if err != nil {
		at.close()
		return err
	}
	// A server for each door: one that serves plain HTTP first never sets up the HTTP/2 that it then offers by TLS, and the
	// browser's connection is closed on it.
	server := func() *http.Server {
		return &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: uploadTime, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	}
	plain, safe := server(), server()
	safe.TLSConfig = at.tls
	fmt.Fprintf(os.Stderr, "Tizi is at %s\n", address(at.plain))
	h.Nodes.Program = version
	h.Go(h.Keep)
	h.Go(func(ctx context.Context) {
		h.Nodes.Run(ctx, log, func(p node.Peer) node.Link { return api.Dial(h.Log.Identity(), p, p.Cap) }, h.Exchange)
	})
	h.Go(func(ctx context.Context) { seek(ctx, h, log) })
	h.Go(func(ctx context.Context) { h.Texts.Run(ctx, log) })
	errs := make(chan error, 3)
	if at.metrics != nil {
		m := &http.Server{Handler: o.Metrics.Handler(), ReadHeaderTimeout: 10 * time.Second}
		go func() { errs <- m.Serve(at.metrics) }()
		defer m.Close()
	}
	go func() { errs <- plain.Serve(at.plain) }()
	if at.safe != nil {
		go func() { errs <- safe.ServeTLS(at.safe, "", "") }()
	}
	if err := release.Served(h.Config.Dir); err != nil {
		log.Error("that this program serves is not noted", "err", err)
	}
	select {
	case err := <-errs:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, s := range []*http.Server{plain, safe} {
		ended := s.Shutdown(end)
		if errors.Is(ended, context.DeadlineExceeded) {
			ended = s.Close()
		}
		err = errors.Join(err, ended)
	}
	return err
}

// seek looks for duplicates now and then until the context ends: of those who came by a list or from another node since it
// last looked. With nobody new it costs one query.
func seek(ctx context.Context, h *house.House, log *slog.Logger) {
	t := time.NewTicker(time.Hour)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if _, err := h.People.Seek(ctx, nil); err != nil && ctx.Err() == nil {
			log.Error("duplicates were not sought", "err", err)
		}
	}
}

// uploadTime is how long a request may take to arrive: a large list over a bad link.
const uploadTime = 30 * time.Minute

// address is what to type into a browser on this machine.
func address(ln net.Listener) string {
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		return "http://" + ln.Addr().String()
	}
	return "http://localhost:" + port
}

type demoCmd struct {
	listen
	Data      string `help:"Keep the demo's data in this folder; without it, it is gone at the end." type:"path" placeholder:"DIR"`
	DB        string `help:"The address of an empty PostgreSQL database to run the demo on." placeholder:"postgres://…"`
	Seed      uint64 `help:"What the simulation is drawn from." default:"2026"`
	Children  int    `help:"About how many children." default:"5000"`
	BoxListen string `help:"The address to serve the box of a centre on, beside headquarters." default:":8081" placeholder:"HOST:PORT"`
	NoBox     bool   `help:"Headquarters alone, without the box of a centre."`
	NoServe   bool   `help:"Fill the data folder and end."`
}

// Help gives an example.
func (demoCmd) Help() string {
	return "Everything in the demo is simulated and says so. Headquarters and the box of one centre are served, with a link between\nthem that the box's page Network cuts and restores.\n\nExample:\n  tizi demo\n  tizi demo --data demo-data --children 20000"
}

func (c *demoCmd) Run(ctx context.Context) error {
	if c.Children < 100 || c.Children > 1_000_000 {
		return usageError{errors.New("--children: from 100 to 1000000")}
	}
	dir := c.Data
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "tizi-demo-"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	if house.Exists(dir) {
		h, err := house.Open(ctx, house.Config{Dir: dir, URL: c.DB})
		if err != nil {
			return err
		}
		defer h.Close()
		return c.serve(ctx, h)
	}
	h, err := house.Create(ctx, house.Config{Dir: dir, URL: c.DB})
	if err != nil {
		return err
	}
	defer h.Close()
	if err := os.WriteFile(filepath.Join(dir, house.DemoFile), nil, 0o600); err != nil {
		return err
	}
	start := time.Now()
	fmt.Fprintln(os.Stderr, "Simulating a national programme …")
	show := progress("centres")
	err = demo.Run(ctx, h, demo.Options{Seed: c.Seed, Children: c.Children, Progress: func(step string, done, total int) {
		if step == "children" {
			show(int64(done), int64(total))
		}
	}})
	if err != nil {
		return err
	}
	n, err := h.Log.Count(ctx, h.DB)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%d facts in %s\n", n, time.Since(start).Round(100*time.Millisecond))
	return c.serve(ctx, h)
}

// boxDir is where the box is kept, in the folder of headquarters.
const boxDir = "box"

// serve serves headquarters, and the box beside it.
func (c *demoCmd) serve(ctx context.Context, hub *house.House) error {
	var box *house.House
	if !c.NoBox {
		at := house.Config{Dir: filepath.Join(hub.Config.Dir, boxDir)}
		var err error
		if house.Exists(at.Dir) {
			box, err = house.Open(ctx, at)
		} else {
			box, err = demo.Box(ctx, hub, at)
		}
		if err != nil {
			return err
		}
		defer box.Close()
	}
	if c.NoServe {
		return nil
	}
	ln, err := c.listener()
	if err != nil {
		return err
	}
	if box == nil {
		return serve(ctx, hub, doors{plain: ln}, web.Options{Demo: true})
	}
	boxLn, err := net.Listen("tcp", c.BoxListen)
	if err != nil {
		ln.Close()
		return fmt.Errorf("cannot serve the box on %s (is another program there? choose another with --box-listen, or --no-box): %w", c.BoxListen, err)
	}
	if err := box.Nodes.Move(ctx, hub.Log.Node(), address(ln)); err != nil {
		return err
	}
	box.Go(func(ctx context.Context) { often(ctx, box) })
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	other := make(chan error, 1)
	go func() {
		defer stop()
		other <- serve(ctx, box, doors{plain: boxLn}, web.Options{Demo: true, Other: address(ln), Cookie: "box"})
	}()
	err = serve(ctx, hub, doors{plain: ln}, web.Options{Demo: true, Other: address(boxLn)})
	stop()
	return errors.Join(err, <-other)
}

// often makes the box call every few seconds, so that one can watch.
func often(ctx context.Context, box *house.House) {
	t := time.NewTicker(5 * time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			box.Nodes.Call()
		}
	}
}
