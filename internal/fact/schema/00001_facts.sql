-- +goose Up
CREATE TABLE fact_stream (
  id INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
);
CREATE TABLE fact_node (
  id INTEGER NOT NULL PRIMARY KEY,
  node BLOB NOT NULL UNIQUE,
  public_key BLOB NOT NULL
);
CREATE TABLE fact_kind (
  id INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
);
-- The log. state is derived (see State); everything else is the envelope.
CREATE TABLE fact (
  stream INTEGER NOT NULL,
  node INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  hlc INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  subject BLOB NOT NULL,
  actor BLOB NOT NULL,
  prev BLOB NOT NULL,
  body BLOB NOT NULL,
  state INTEGER NOT NULL,
  PRIMARY KEY (stream, node, seq)
) WITHOUT ROWID/*pg  PARTITION BY HASH (stream) pg*/;
/*pg CREATE TABLE fact_0 PARTITION OF fact FOR VALUES WITH (MODULUS 4, REMAINDER 0); pg*/
/*pg CREATE TABLE fact_1 PARTITION OF fact FOR VALUES WITH (MODULUS 4, REMAINDER 1); pg*/
/*pg CREATE TABLE fact_2 PARTITION OF fact FOR VALUES WITH (MODULUS 4, REMAINDER 2); pg*/
/*pg CREATE TABLE fact_3 PARTITION OF fact FOR VALUES WITH (MODULUS 4, REMAINDER 3); pg*/
CREATE INDEX fact_subject ON fact (subject);
CREATE INDEX fact_held ON fact (state) WHERE state <> 0;
-- The head of each log: the right edge of its tree and the note signed over its root.
CREATE TABLE fact_head (
  stream INTEGER NOT NULL,
  node INTEGER NOT NULL,
  size INTEGER NOT NULL,
  hlc INTEGER NOT NULL,
  edge BLOB NOT NULL,
  note BLOB NOT NULL,
  PRIMARY KEY (stream, node)
);
-- Roots of complete subtrees of 256 facts.
CREATE TABLE fact_tile (
  stream INTEGER NOT NULL,
  node INTEGER NOT NULL,
  tile INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (stream, node, tile)
) WITHOUT ROWID;
-- Two signed heads of one log that cannot both be true.
CREATE TABLE fact_fork (
  stream INTEGER NOT NULL,
  node INTEGER NOT NULL,
  at INTEGER NOT NULL,
  ours BLOB NOT NULL,
  theirs BLOB NOT NULL,
  PRIMARY KEY (stream, node, at)
);
-- What this node is: the root of trust, a number that grows whenever authority changes, the node's clock, which program's reading of the facts the tables hold, and whether a rebuild goes on.
CREATE TABLE fact_setting (
  name TEXT NOT NULL PRIMARY KEY,
  value BLOB NOT NULL
);
-- Subjects folded again while a rebuild goes on.
CREATE TABLE fact_again (
  subject BLOB NOT NULL PRIMARY KEY
) WITHOUT ROWID;
