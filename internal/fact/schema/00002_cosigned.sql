-- +goose Up
-- What other nodes, and this one, signed of logs that they had seen: how far, and when.
CREATE TABLE fact_cosigned (
  stream INTEGER NOT NULL,
  node INTEGER NOT NULL,
  cosigner BLOB NOT NULL,
  size INTEGER NOT NULL,
  at INTEGER NOT NULL,
  signature BLOB NOT NULL,
  PRIMARY KEY (stream, node, cosigner, size)
);
