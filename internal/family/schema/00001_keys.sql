-- +goose Up
-- What lets a guardian in: the hash of a card's token, or a child's code with the hash of a PIN. Neither is a fact.
CREATE TABLE family_card (
  hash BLOB NOT NULL PRIMARY KEY,
  account BLOB NOT NULL,
  created INTEGER NOT NULL
);
CREATE INDEX family_card_account ON family_card (account);
CREATE TABLE family_pin (
  code TEXT NOT NULL PRIMARY KEY,
  account BLOB NOT NULL,
  hash TEXT NOT NULL,
  created INTEGER NOT NULL
);
CREATE INDEX family_pin_account ON family_pin (account);
