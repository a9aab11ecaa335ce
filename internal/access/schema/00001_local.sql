-- +goose Up
-- What only this node knows: secrets and sessions are no facts and never leave it.
CREATE TABLE access_secret (
  account BLOB NOT NULL PRIMARY KEY,
  passphrase TEXT NOT NULL,
  changed INTEGER NOT NULL
);
CREATE TABLE access_session (
  token BLOB NOT NULL PRIMARY KEY,
  account BLOB NOT NULL,
  agent TEXT NOT NULL,
  created INTEGER NOT NULL,
  seen INTEGER NOT NULL
);
CREATE INDEX access_session_account ON access_session (account);
-- Failed tries to sign in, by login and by address.
CREATE TABLE access_try (
  who TEXT NOT NULL,
  at INTEGER NOT NULL
);
CREATE INDEX access_try_who ON access_try (who, at);
