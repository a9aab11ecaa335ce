-- +goose Up
-- A hash of the secret of each key of a tool that was made on this node. All else about a key is a fact of its centre, so that it
-- can be audited, and revoked from above. Keys that were made before that have to be made again.
DROP TABLE record_key;
CREATE TABLE record_secret (
  id BLOB NOT NULL PRIMARY KEY,
  centre BLOB NOT NULL,
  hash BLOB NOT NULL
);
