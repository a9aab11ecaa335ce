-- +goose Up
-- When an account was here last, and the visit before. It stays on the node: nobody else needs to know.
CREATE TABLE visit (
  account BLOB NOT NULL PRIMARY KEY,
  at INTEGER NOT NULL,
  before INTEGER NOT NULL
);
