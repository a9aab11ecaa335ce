-- +goose Up
-- A look has a centre, so that whoever answers for a centre reads what concerns it; and a list that was shown is one row:
-- which list, how many names. A list has no person. Who looked before knew no centre: its bytes are none until a day's
-- work fills them in.
CREATE TABLE look_2 (
  account BLOB NOT NULL,
  person BLOB NOT NULL,
  centre BLOB NOT NULL,
  action TEXT NOT NULL,
  list TEXT NOT NULL,
  names INTEGER NOT NULL,
  at INTEGER NOT NULL
);
INSERT INTO look_2 (account, person, centre, action, list, names, at) SELECT account, person, substr(account, 1, 0), action, '', 1, at FROM look;
DROP TABLE look;
ALTER TABLE look_2 RENAME TO look;
CREATE INDEX look_person ON look (person, at);
CREATE INDEX look_account ON look (account, at);
CREATE INDEX look_centre ON look (centre, at);
CREATE INDEX look_at ON look (at);
