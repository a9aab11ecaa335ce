-- +goose Up
-- The courses that the devices of a centre keep for when there is no link, in which languages.
CREATE TABLE learner_pack (
  centre BLOB NOT NULL,
  course TEXT NOT NULL,
  lang TEXT NOT NULL,
  actor BLOB NOT NULL,
  changed INTEGER NOT NULL,
  PRIMARY KEY (centre, course, lang)
);
-- What a device says that it holds of them, and since when.
CREATE TABLE learner_holds (
  device BLOB NOT NULL,
  course TEXT NOT NULL,
  lang TEXT NOT NULL,
  version BLOB NOT NULL,
  bytes INTEGER NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (device, course, lang, version)
);
