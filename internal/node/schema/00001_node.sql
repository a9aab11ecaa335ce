-- +goose Up
-- The nodes this one exchanges with: the one it calls (up), and those that call it. The rest is what the last exchange was like.
CREATE TABLE node_peer (
  node BLOB NOT NULL PRIMARY KEY,
  up INTEGER NOT NULL,
  address TEXT NOT NULL,
  public_key BLOB NOT NULL,
  recipient BLOB NOT NULL,
  root BLOB NOT NULL,
  paired INTEGER NOT NULL,
  tried INTEGER NOT NULL,
  done INTEGER NOT NULL,
  fault TEXT NOT NULL,
  ahead INTEGER NOT NULL,
  program TEXT NOT NULL,
  sent INTEGER NOT NULL,
  got INTEGER NOT NULL,
  every INTEGER NOT NULL,
  cap INTEGER NOT NULL,
  opens TEXT NOT NULL,
  closes TEXT NOT NULL
);
-- Codes by which a box is paired, and the box that gave one. Only the hash of a code is kept.
CREATE TABLE node_invite (
  id BLOB NOT NULL PRIMARY KEY,
  code BLOB NOT NULL,
  name TEXT NOT NULL,
  stream TEXT NOT NULL,
  until INTEGER NOT NULL,
  actor BLOB NOT NULL,
  public_key BLOB NOT NULL,
  recipient BLOB NOT NULL,
  accepted INTEGER NOT NULL
);
