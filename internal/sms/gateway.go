package sms

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Message is what a gateway is given.
type Message struct {
	ID     string // of the text: a gateway that takes one refuses to send it twice
	Number string // as "+212612345678"
	Words  string
}

// Gateway hands a message to whatever reaches telephones. Its error wraps ErrNotTaken, ErrRefused or ErrUnsure.
type Gateway interface {
	Send(ctx context.Context, m Message) error
}

// What a gateway says of a message that it was not seen to take.
var (
	ErrNotTaken = errors.New("the gateway was not reached, or is too busy: nothing was sent")
	ErrRefused  = errors.New("the gateway refused the message")
	ErrUnsure   = errors.New("the gateway did not say whether it took the message")
)

// Config says what gateway a node has, and when it keeps quiet. It is a file in JSON. Either URL or Command is set.
type Config struct {
	// URL is asked for each message. In it, in Body and in Headers, {number}, {digits} (the number without its sign), {text},
	// {id} and {secret} stand for what they say, written as the place needs it.
	URL     string            `json:"url,omitempty"`
	Method  string            `json:"method,omitempty"` // GET, or POST where there is a body
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
	Type    string            `json:"type,omitempty"` // of the body; application/json unless said
	User    string            `json:"user,omitempty"` // signs in with this name and the secret (HTTP Basic)
	// SecretFile holds the secret in its first line. A relative name is beside the file of the configuration.
	SecretFile string `json:"secret_file,omitempty"`
	// Accepted is what the answer says where the message was taken, for gateways that answer 200 to whatever is asked.
	Accepted string `json:"accepted,omitempty"`

	// Command is a program and its arguments, of which {number}, {digits} and {id} may be parts; it reads the words from its
	// standard input. It ends with 0 where it took the message, and with 75 where it may be asked again.
	Command []string `json:"command,omitempty"`

	// Quiet is when nothing is sent; not said at all, DefaultQuiet.
	Quiet []Quiet `json:"quiet,omitempty"`
	// Seconds are how many lie between two messages; 2 unless said.
	Seconds *int `json:"seconds,omitempty"`

	secret string
}

// Load reads a configuration and says what is wrong with it.
func Load(file string) (*Config, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the configuration of the SMS gateway: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	c := &Config{}
	if err := d.Decode(c); err != nil {
		return nil, fmt.Errorf("%s: %w; see docs/sms.md", file, err)
	}
	if c.SecretFile != "" {
		name := c.SecretFile
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(file), name)
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("%s: secret_file: %w", file, err)
		}
		line, _, _ := strings.Cut(string(b), "\n")
		c.secret = strings.TrimSpace(line)
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("%s: %w; see docs/sms.md", file, err)
	}
	return c, nil
}

func (c *Config) check() error {
	has := func(mark string) bool {
		return strings.Contains(c.URL+c.Body, mark)
	}
	switch {
	case (c.URL == "") == (len(c.Command) == 0):
		return errors.New("give either url or command")
	case c.URL != "" && !has("{number}") && !has("{digits}"):
		return errors.New("url or body must hold {number} or {digits}")
	case c.URL != "" && !has("{text}"):
		return errors.New("url or body must hold {text}")
	case len(c.Command) > 0 && !strings.Contains(strings.Join(c.Command[1:], " "), "{number}") && !strings.Contains(strings.Join(c.Command[1:], " "), "{digits}"):
		return errors.New("an argument of command must hold {number} or {digits}; the words come on its standard input")
	case strings.Contains(strings.Join(c.Command, " "), "{text}"):
		return errors.New("command gets the words on its standard input, where no other user of the machine reads them: leave {text} out")
	case strings.Contains(strings.Join(c.Command, " "), "{secret}"):
		return errors.New("what a command is told everybody on the machine can read: leave {secret} out, and let the command read its own file")
	case c.secret == "" && (has("{secret}") || c.User != "" || strings.Contains(fmt.Sprint(c.Headers), "{secret}")):
		return errors.New("secret_file is missing, or its first line is empty")
	case c.Seconds != nil && (*c.Seconds < 0 || *c.Seconds > 3600):
		return errors.New("seconds must be from 0 to 3600")
	}
	if len(c.Command) > 0 {
		if _, err := exec.LookPath(c.Command[0]); err != nil {
			return fmt.Errorf("command: %w", err)
		}
	}
	if c.URL != "" {
		if err := c.checkURL(); err != nil {
			return err
		}
	}
	for i, q := range c.Quiet {
		if err := q.check(); err != nil {
			return fmt.Errorf("quiet, the %d. entry: %w", i+1, err)
		}
	}
	return nil
}

// checkURL refuses an address to which numbers and words would go in clear over a network that is not one's own.
func (c *Config) checkURL() error {
	u, err := url.Parse(fill(c.URL, Message{Number: "+212600000000", Words: "x", ID: "x"}, "x", url.QueryEscape))
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("url must be an address with https:// or http://")
	case u.Scheme == "https":
		return nil
	}
	host := u.Hostname()
	if ip, err := netip.ParseAddr(host); host == "localhost" || err == nil && (ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()) {
		return nil
	}
	return errors.New("http:// is for a gateway on this machine or on the centre's own network, given by its number; write https:// for any other")
}

// Gateway returns the gateway of the configuration.
func (c *Config) Gateway() Gateway {
	if len(c.Command) > 0 {
		return command(c.Command)
	}
	// What it is sent to another address for was not meant for that one.
	return &web{c, &http.Client{Timeout: timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// timeout is how long a gateway may take.
const timeout = 30 * time.Second

func fill(text string, m Message, secret string, write func(string) string) string {
	return strings.NewReplacer("{number}", write(m.Number), "{digits}", write(strings.TrimPrefix(m.Number, "+")), "{text}", write(m.Words), "{id}", write(m.ID), "{secret}", write(secret)).Replace(text)
}

// web is a gateway that is asked over HTTP.
type web struct {
	c      *Config
	client *http.Client
}

// writer says how a value is written into a body of a type.
func writer(kind string) func(string) string {
	switch {
	case strings.Contains(kind, "json"):
		return func(s string) string {
			b, err := json.Marshal(s)
			if err != nil {
				panic("sms: " + err.Error()) // a string
			}
			return string(b[1 : len(b)-1])
		}
	case strings.Contains(kind, "urlencoded"):
		return url.QueryEscape
	}
	return func(s string) string { return s }
}

func (w *web) Send(ctx context.Context, m Message) error {
	kind, method := w.c.Type, w.c.Method
	if kind == "" {
		kind = "application/json"
	}
	if method == "" && w.c.Body != "" {
		method = http.MethodPost
	}
	// Addressed to nobody who has left: the caller's end does not cut off a message half sent, since nobody would know whether
	// it went. The client's own time does.
	r, err := http.NewRequestWithContext(context.WithoutCancel(ctx), method, fill(w.c.URL, m, w.c.secret, url.QueryEscape), strings.NewReader(fill(w.c.Body, m, w.c.secret, writer(kind))))
	if err != nil {
		return fmt.Errorf("%w: the address cannot be asked", ErrRefused)
	}
	r.GetBody = nil // a request that broke off is never sent again behind our back
	if w.c.Body != "" {
		r.Header.Set("Content-Type", kind)
	}
	for k, v := range w.c.Headers {
		r.Header.Set(k, fill(v, m, w.c.secret, func(s string) string { return strings.NewReplacer("\r", " ", "\n", " ").Replace(s) }))
	}
	if w.c.User != "" {
		r.SetBasicAuth(w.c.User, w.c.secret)
	}
	r.Close = true // a connection kept open may be closed as it is used, and then nobody knows
	res, err := w.client.Do(r)
	if err != nil {
		var dial *net.OpError
		var stranger *tls.CertificateVerificationError
		if errors.As(err, &dial) && dial.Op == "dial" || errors.As(err, &stranger) {
			return ErrNotTaken
		}
		return ErrUnsure // the error would tell the address, and with it the number and the words
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	switch {
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable:
		return fmt.Errorf("%w (%d)", ErrNotTaken, res.StatusCode)
	case res.StatusCode >= 500:
		return fmt.Errorf("%w (%d)", ErrUnsure, res.StatusCode)
	case res.StatusCode >= 300:
		return fmt.Errorf("%w (%d)", ErrRefused, res.StatusCode)
	case w.c.Accepted == "":
		return nil
	case err != nil:
		return ErrUnsure
	case !bytes.Contains(answer, []byte(w.c.Accepted)):
		return fmt.Errorf("%w: its answer does not say %q", ErrRefused, w.c.Accepted)
	}
	return nil
}

// command is a gateway that is a program of this machine.
type command []string

// again is what a program ends with that may be asked again (EX_TEMPFAIL).
const again = 75

func (c command) Send(ctx context.Context, m Message) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	args := make([]string, len(c)-1)
	for i, a := range c[1:] {
		args[i] = fill(a, m, "", func(s string) string { return s })
	}
	p := exec.CommandContext(ctx, c[0], args...)
	p.Stdin = strings.NewReader(m.Words)
	err := p.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit) && exit.ExitCode() == again:
		return ErrNotTaken
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return fmt.Errorf("%w (%d)", ErrRefused, exit.ExitCode())
	case errors.As(err, &exit), ctx.Err() != nil: // it was ended
		return ErrUnsure
	case p.Process == nil:
		return ErrNotTaken // it did not begin
	}
	return ErrUnsure
}
