-- +goose Up
-- Whose key was destroyed by a fact that does not count any more: another node may still have it.
CREATE TABLE seal_wanted (
  person BLOB NOT NULL PRIMARY KEY
);
