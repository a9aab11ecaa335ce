-- +goose Up
-- What lets an enrolled device hand in the work of one learner after their session: the hash of the token that it holds.
CREATE TABLE learner_pass (
  token BLOB NOT NULL PRIMARY KEY,
  person BLOB NOT NULL,
  centre BLOB NOT NULL,
  device BLOB NOT NULL,
  created INTEGER NOT NULL
);
CREATE UNIQUE INDEX learner_pass_own ON learner_pass (device, person);
CREATE INDEX learner_pass_person ON learner_pass (person);
-- Work that a device handed in and that could not be taken: which, and the key of the sentence that says why.
CREATE TABLE learner_refused (
  letter BLOB NOT NULL,
  person BLOB NOT NULL,
  device BLOB NOT NULL,
  why TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (person, letter)
);
