-- +goose Up
-- The second factor of an account: its secret sealed with the account's key, and the last step of time whose code was
-- taken, so that no code is taken twice. One that was not confirmed with a code is not asked for yet.
CREATE TABLE access_factor (
  account BLOB NOT NULL PRIMARY KEY,
  secret TEXT NOT NULL,
  step INTEGER NOT NULL,
  confirmed INTEGER NOT NULL
);
-- Printed codes that open an account once: SHA-256 of 100 random bits. until is 0 for those of the owner's own sheet.
CREATE TABLE access_recovery (
  hash BLOB NOT NULL PRIMARY KEY,
  account BLOB NOT NULL,
  created INTEGER NOT NULL,
  until INTEGER NOT NULL
);
CREATE INDEX access_recovery_account ON access_recovery (account);
CREATE TABLE access_passkey (
  id BLOB NOT NULL PRIMARY KEY,
  account BLOB NOT NULL,
  name TEXT NOT NULL,
  credential TEXT NOT NULL,
  created INTEGER NOT NULL,
  used INTEGER NOT NULL
);
CREATE INDEX access_passkey_account ON access_passkey (account);
-- What a browser carries from one step of signing in to the next: a hash of its ticket, and what the step needs.
CREATE TABLE access_ticket (
  token BLOB NOT NULL PRIMARY KEY,
  purpose TEXT NOT NULL,
  account BLOB NOT NULL,
  content TEXT NOT NULL,
  until INTEGER NOT NULL
);
-- Who an account is at a provider of single sign-on.
CREATE TABLE access_outside (
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  account BLOB NOT NULL,
  PRIMARY KEY (issuer, subject)
);
CREATE INDEX access_outside_account ON access_outside (account);
-- Until when somebody was shown who opened their centres.
CREATE TABLE access_seen (
  account BLOB NOT NULL PRIMARY KEY,
  at INTEGER NOT NULL
);
