-- +goose Up
-- Keys are destroyed by stream: what stands in the log of one centre ends nobody in another. An empty stream is every one.
ALTER TABLE seal_erased RENAME TO seal_erased_before;
CREATE TABLE seal_erased (
  person BLOB NOT NULL,
  stream TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (person, stream)
);
INSERT INTO seal_erased (person, stream, at) SELECT person, '', at FROM seal_erased_before;
DROP TABLE seal_erased_before;
