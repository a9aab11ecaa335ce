-- +goose Up
-- Halves of the keys of other nodes' disks, and who asks for them back: a key of the disk's own (asker is its name). What was asked,
-- and refused, is kept for who looks after the nodes.
CREATE TABLE node_unlock (
  node BLOB NOT NULL PRIMARY KEY,
  asker BLOB NOT NULL,
  public_key BLOB NOT NULL,
  half BLOB NOT NULL,
  given INTEGER NOT NULL,
  opened INTEGER NOT NULL,
  openings INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  refusals INTEGER NOT NULL
);
