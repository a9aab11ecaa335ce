-- +goose Up
-- Who looked at whom. It stays on the node where it happened; a summary goes up when nodes exchange.
CREATE TABLE look (
  account BLOB NOT NULL,
  person BLOB NOT NULL,
  action TEXT NOT NULL,
  at INTEGER NOT NULL
);
CREATE INDEX look_person ON look (person, at);
CREATE INDEX look_at ON look (at);
