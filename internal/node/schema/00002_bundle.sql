-- +goose Up
-- What a node that is reached by bundles confirmed that it holds.
CREATE TABLE node_confirmed (
  peer BLOB NOT NULL,
  stream TEXT NOT NULL,
  node BLOB NOT NULL,
  size INTEGER NOT NULL,
  PRIMARY KEY (peer, stream, node)
);
