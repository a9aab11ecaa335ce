-- +goose Up
-- How many facts two histories of one log have in common; -1 where that is not known yet.
ALTER TABLE fact_fork ADD COLUMN common INTEGER NOT NULL DEFAULT -1;
-- Whether the other history is that of the node that this one calls, and this one's has not been said again yet.
ALTER TABLE fact_fork ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;
-- Facts of a history that another one took the place of, as they were signed, and which fact says the same in its place.
CREATE TABLE fact_aside (
  stream INTEGER NOT NULL,
  node INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  leaf BLOB NOT NULL,
  head BLOB NOT NULL,
  at INTEGER NOT NULL,
  again INTEGER NOT NULL,
  PRIMARY KEY (stream, node, seq, at)
);
