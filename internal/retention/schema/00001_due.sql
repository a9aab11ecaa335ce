-- +goose Up
-- Whose time will soon be over, as this node worked out, and since when it says so. Ids only.
CREATE TABLE retention_due (
  person BLOB NOT NULL PRIMARY KEY,
  centre BLOB NOT NULL,
  class TEXT NOT NULL,
  last TEXT NOT NULL,
  due TEXT NOT NULL,
  warned TEXT NOT NULL
);
CREATE INDEX retention_due_centre ON retention_due (centre, due);
