-- +goose Up
-- How learners come in. Like the secrets and sessions of accounts, none of it is a fact: what lets somebody in is this node's own.
-- The centres whose learners may come in with words from a device that is not enrolled.
CREATE TABLE learner_outside (
  centre BLOB NOT NULL PRIMARY KEY,
  actor BLOB NOT NULL,
  changed INTEGER NOT NULL
);
-- A browser of a centre: the hash of the token in its cookie.
CREATE TABLE learner_device (
  id BLOB NOT NULL PRIMARY KEY,
  token BLOB NOT NULL,
  centre BLOB NOT NULL,
  name TEXT NOT NULL,
  agent TEXT NOT NULL,
  actor BLOB NOT NULL,
  created INTEGER NOT NULL,
  seen INTEGER NOT NULL
);
CREATE UNIQUE INDEX learner_device_token ON learner_device (token);
CREATE INDEX learner_device_centre ON learner_device (centre);
CREATE TABLE learner_session (
  token BLOB NOT NULL PRIMARY KEY,
  person BLOB NOT NULL,
  centre BLOB NOT NULL,
  device BLOB NOT NULL,
  created INTEGER NOT NULL,
  seen INTEGER NOT NULL
);
CREATE INDEX learner_session_person ON learner_session (person);
CREATE INDEX learner_session_device ON learner_session (device);
-- Somebody's avatar in a group, and the hash of the three pictures behind it ('' of whoever has words).
CREATE TABLE learner_avatar (
  cohort BLOB NOT NULL,
  person BLOB NOT NULL,
  avatar TEXT NOT NULL,
  pictures TEXT NOT NULL,
  actor BLOB NOT NULL,
  changed INTEGER NOT NULL,
  PRIMARY KEY (cohort, person)
);
CREATE UNIQUE INDEX learner_avatar_own ON learner_avatar (cohort, avatar);
CREATE INDEX learner_avatar_person ON learner_avatar (person);
-- The hash of somebody's words, or of a password of their own.
CREATE TABLE learner_secret (
  person BLOB NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  secret TEXT NOT NULL,
  actor BLOB NOT NULL,
  changed INTEGER NOT NULL
);
-- Tries that were not right, counted before they are looked at: of a person, of a device, or of an address by its hash.
CREATE TABLE learner_try (
  id BLOB NOT NULL PRIMARY KEY,
  who TEXT NOT NULL,
  at INTEGER NOT NULL
);
CREATE INDEX learner_try_who ON learner_try (who, at);
-- Who had too many; it stays until a trainer unlocks. The try that was one too many takes it back where it was right.
CREATE TABLE learner_lock (
  who TEXT NOT NULL PRIMARY KEY,
  attempt BLOB NOT NULL,
  at INTEGER NOT NULL
);
CREATE INDEX learner_lock_attempt ON learner_lock (attempt);
