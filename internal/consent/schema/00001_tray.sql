-- +goose Up
-- Scanned forms that wait for somebody to say whose they are and what is ticked. Each page is a file sealed with a key of
-- its own, named by the row; both are destroyed when it is filed or thrown away.
CREATE TABLE consent_tray (
  id BLOB NOT NULL PRIMARY KEY,
  centre BLOB NOT NULL,
  account BLOB NOT NULL,
  digest TEXT NOT NULL,
  form BLOB NOT NULL,
  at INTEGER NOT NULL
);
CREATE INDEX consent_tray_centre ON consent_tray (centre, at);
