-- +goose Up
-- A learner's card: the hash of the token in its QR code, and the number printed under it, which proves nothing and is only
-- for whoever stands at a door. A card that ended stays for a while, so that a door can say so. None of it is a fact: what
-- lets somebody in is this node's own.
CREATE TABLE card (
  hash BLOB NOT NULL PRIMARY KEY,
  number TEXT NOT NULL,
  person BLOB NOT NULL,
  actor BLOB NOT NULL,
  created INTEGER NOT NULL,
  ended INTEGER NOT NULL
);
CREATE UNIQUE INDEX card_number ON card (number);
CREATE INDEX card_person ON card (person, ended);
CREATE INDEX card_ended ON card (ended);
