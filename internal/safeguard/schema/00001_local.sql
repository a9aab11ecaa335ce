-- +goose Up
-- The private part of an officer's pair of keys, locked with argon2id of a passphrase that nobody else knows. It is no
-- fact and never leaves this node; whoever loses the passphrase loses the key.
CREATE TABLE safeguard_key (
  id BLOB NOT NULL PRIMARY KEY,
  account BLOB NOT NULL,
  locked BLOB NOT NULL,
  made INTEGER NOT NULL
);
CREATE INDEX safeguard_key_account ON safeguard_key (account);
