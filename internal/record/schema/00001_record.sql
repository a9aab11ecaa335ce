-- +goose Up
-- When a statement came to this node, in microseconds since 1970, each later than the one before: "stored" in xAPI. It is the
-- order in which statements are read, and this node's own.
CREATE TABLE record_seen (
  centre BLOB NOT NULL,
  at INTEGER NOT NULL,
  id BLOB NOT NULL,
  PRIMARY KEY (centre, at)
) WITHOUT ROWID;
CREATE UNIQUE INDEX record_seen_id ON record_seen (id, centre);
-- What statements are found by: verbs, agents, activities and registrations, each as 64 bits of a digest. main is 1 where it is
-- actor, verb or object, and 0 where it stands in the context only.
CREATE TABLE record_term (
  centre BLOB NOT NULL,
  term INTEGER NOT NULL,
  at INTEGER NOT NULL,
  main INTEGER NOT NULL,
  PRIMARY KEY (centre, term, at)
) WITHOUT ROWID;
-- The documents of the three document resources: beside the log, since they are replaced. about is 64 bits of a digest of what a
-- list is asked by; agent is who it is about, a person of Tizi's or an agent of outside.
CREATE TABLE record_document (
  centre BLOB NOT NULL,
  hash BLOB NOT NULL,
  about INTEGER NOT NULL,
  agent BLOB NOT NULL,
  registration BLOB NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  content BLOB NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (centre, hash)
);
CREATE INDEX record_document_about ON record_document (centre, about);
CREATE INDEX record_document_agent ON record_document (agent);
-- The keys that tools come with. Of the secret only a hash stays. A key that was revoked stays, since statements name it.
CREATE TABLE record_key (
  id BLOB NOT NULL PRIMARY KEY,
  centre BLOB NOT NULL,
  name TEXT NOT NULL,
  hash BLOB NOT NULL,
  scopes TEXT NOT NULL,
  account BLOB NOT NULL,
  made INTEGER NOT NULL,
  revoked INTEGER NOT NULL
);
CREATE INDEX record_key_centre ON record_key (centre, made);
