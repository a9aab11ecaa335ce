-- +goose Up
-- A key of a stream for a period (an epoch, named by a time-ordered id so that two nodes can begin one each), wrapped for one node that may read the stream's people.
CREATE TABLE seal_epoch (
  stream TEXT NOT NULL,
  epoch BLOB NOT NULL,
  node BLOB NOT NULL,
  wrapped BLOB NOT NULL,
  PRIMARY KEY (stream, epoch, node)
);
CREATE INDEX seal_epoch_node ON seal_epoch (node, stream, epoch);
-- A person's key, wrapped with an epoch's key. Destroying the rows of a person is erasing the person.
CREATE TABLE seal_key (
  person BLOB NOT NULL,
  stream TEXT NOT NULL,
  epoch BLOB NOT NULL,
  wrapped BLOB NOT NULL,
  PRIMARY KEY (person, stream, epoch)
) WITHOUT ROWID;
CREATE INDEX seal_key_stream ON seal_key (stream);
-- Who was erased, so that a key that comes late from another node or a backup is destroyed too.
CREATE TABLE seal_erased (
  person BLOB NOT NULL PRIMARY KEY,
  at INTEGER NOT NULL
) WITHOUT ROWID;
-- Grows whenever an epoch came that this node can open, so that every process stops using the one before.
CREATE TABLE seal_state (
  id INTEGER NOT NULL PRIMARY KEY,
  version INTEGER NOT NULL
);
