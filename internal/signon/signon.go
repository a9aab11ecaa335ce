// Package signon asks a provider of single sign-on (OpenID Connect) who somebody is. It knows nothing of accounts.
package signon

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Config says which provider vouches for people, as the provider knows this program.
type Config struct {
	Issuer string // https://login.example.org/realms/ministry
	Client string
	Secret string
	// Claim is what the provider says a person's login is; "" is preferred_username.
	Claim string
	// Label is what the button says; "" is the issuer's host.
	Label string
}

// Provider is one provider. Its addresses are asked for when somebody first signs in, so that a node starts without a
// network.
type Provider struct {
	config Config
	client *http.Client

	mu    sync.Mutex // guards found
	found *oidc.Provider
}

// New returns a provider; nothing is asked of it yet.
func New(c Config) (*Provider, error) {
	if c.Issuer == "" || c.Client == "" {
		return nil, errors.New("single sign-on needs an issuer and a client")
	}
	if c.Claim == "" {
		c.Claim = "preferred_username"
	}
	if c.Label == "" {
		c.Label = c.Issuer
	}
	return &Provider{config: c, client: &http.Client{Timeout: 15 * time.Second}}, nil
}

// Name is what the button says.
func (p *Provider) Name() string { return p.config.Label }

func (p *Provider) discover(ctx context.Context) (*oidc.Provider, context.Context, error) {
	ctx = oidc.ClientContext(ctx, p.client)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found == nil {
		// What is found outlives this request.
		found, err := oidc.NewProvider(oidc.ClientContext(context.Background(), p.client), p.config.Issuer)
		if err != nil {
			return nil, ctx, fmt.Errorf("ask the provider of single sign-on for its addresses: %w", err)
		}
		p.found = found
	}
	return p.found, ctx, nil
}

func (p *Provider) oauth(found *oidc.Provider, back string) *oauth2.Config {
	return &oauth2.Config{ClientID: p.config.Client, ClientSecret: p.config.Secret, Endpoint: found.Endpoint(), RedirectURL: back, Scopes: []string{oidc.ScopeOpenID, "profile", "email"}}
}

// Start returns where to send the browser; back is where it comes back to.
func (p *Provider) Start(ctx context.Context, back, state, nonce, verifier string) (string, error) {
	found, _, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	return p.oauth(found, back).AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), nil
}

// End asks who came back with a code.
func (p *Provider) End(ctx context.Context, back, code, nonce, verifier string) (issuer, subject, login string, err error) {
	found, ctx, err := p.discover(ctx)
	if err != nil {
		return "", "", "", err
	}
	token, err := p.oauth(found, back).Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return "", "", "", fmt.Errorf("exchange the code of single sign-on: %w", err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return "", "", "", errors.New("the provider of single sign-on said nothing of who it is")
	}
	said, err := found.Verifier(&oidc.Config{ClientID: p.config.Client}).Verify(ctx, raw)
	if err != nil {
		return "", "", "", fmt.Errorf("verify what the provider of single sign-on said: %w", err)
	}
	if said.Nonce != nonce {
		return "", "", "", errors.New("what the provider of single sign-on said answers another request")
	}
	var claims map[string]any
	if err := said.Claims(&claims); err != nil {
		return "", "", "", fmt.Errorf("read what the provider of single sign-on said: %w", err)
	}
	login, _ = claims[p.config.Claim].(string)
	// An address of electronic mail that nobody has proved to be theirs names nobody.
	if verified, _ := claims["email_verified"].(bool); p.config.Claim == "email" && !verified {
		login = ""
	}
	return said.Issuer, said.Subject, login, nil
}
