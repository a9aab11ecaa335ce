-- +goose Up
-- Files that a node was asked for and did not have: when it was asked last, and how often in vain.
CREATE TABLE node_vain (
  peer BLOB NOT NULL,
  file BLOB NOT NULL,
  asked INTEGER NOT NULL,
  tries INTEGER NOT NULL,
  PRIMARY KEY (peer, file)
);
-- Files that went to a node, and in which bundle; held is whether it is known to have them.
CREATE TABLE node_file (
  peer BLOB NOT NULL,
  file BLOB NOT NULL,
  bundle BLOB NOT NULL,
  at INTEGER NOT NULL,
  held INTEGER NOT NULL,
  PRIMARY KEY (peer, file, bundle)
);
-- Whether the box may pair others, as a region's does.
ALTER TABLE node_invite ADD COLUMN lends INTEGER NOT NULL DEFAULT 0;
