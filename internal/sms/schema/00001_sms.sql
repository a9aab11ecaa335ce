-- +goose Up
-- The texts that go to telephones through this node's gateway: what became of each, kept for as long as looks are. Number and
-- words are sealed with the person's key. None of it is a fact: whether a telephone was reached is this node's business, and a
-- number must not grow a log that is kept for ever. A test has nobody, no words and no number.
CREATE TABLE sms_text (
  id BLOB NOT NULL PRIMARY KEY,
  notice BLOB NOT NULL,
  person BLOB NOT NULL,
  centre BLOB NOT NULL,
  actor BLOB NOT NULL,
  sealed TEXT NOT NULL,
  needs TEXT NOT NULL,
  state TEXT NOT NULL,
  tries INTEGER NOT NULL,
  made INTEGER NOT NULL,
  due INTEGER NOT NULL,
  until INTEGER NOT NULL,
  ended INTEGER NOT NULL
);
CREATE INDEX sms_text_notice ON sms_text (notice, made);
CREATE INDEX sms_text_due ON sms_text (state, due);
CREATE INDEX sms_text_person ON sms_text (person);
CREATE INDEX sms_text_centre ON sms_text (centre, made);
CREATE INDEX sms_text_made ON sms_text (made);
