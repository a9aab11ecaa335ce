-- +goose Up
-- Tries to sign in that were not right, by a hash of what was tried and of where from; each has an id, so that one that was
-- right is taken back alone.
DROP TABLE access_try;
CREATE TABLE access_try (
  id BLOB NOT NULL PRIMARY KEY,
  who TEXT NOT NULL,
  at INTEGER NOT NULL
);
CREATE INDEX access_try_who ON access_try (who, at);
