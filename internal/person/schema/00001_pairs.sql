-- +goose Up
-- What a search for duplicates found. It is no fact and leaves nothing behind: ids and a number, found again at any time.
CREATE TABLE person_pair (
  a BLOB NOT NULL,
  b BLOB NOT NULL,
  bits INTEGER NOT NULL,
  later BIGINT NOT NULL,
  PRIMARY KEY (a, b)
);
CREATE INDEX person_pair_order ON person_pair (later, bits);
CREATE INDEX person_pair_b ON person_pair (b);
-- Of whom it has looked, and the mark that they bore: who bears another has changed since.
CREATE TABLE person_sought (
  person BLOB NOT NULL PRIMARY KEY,
  mark BIGINT NOT NULL
);
