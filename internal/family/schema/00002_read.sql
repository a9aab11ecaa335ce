-- +goose Up
-- Which messages an account has had before it. That somebody read is no fact: it concerns nobody but the reader, would
-- tell others when a guardian was at the telephone, and it must not grow a log that is kept for ever. On another node
-- the same message is unread, which is true there.
CREATE TABLE family_read (
  account BLOB NOT NULL,
  message BLOB NOT NULL,
  PRIMARY KEY (account, message)
);
