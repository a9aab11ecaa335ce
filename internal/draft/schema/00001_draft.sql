-- +goose Up
-- Courses that authors write on this node. None of it is a fact: what is not published yet is nobody else's business.
CREATE TABLE draft (
  id BLOB NOT NULL PRIMARY KEY,
  code TEXT NOT NULL,
  base BLOB NOT NULL,
  number INTEGER NOT NULL,
  actor BLOB NOT NULL,
  changed INTEGER NOT NULL
);
CREATE UNIQUE INDEX draft_code ON draft (code);
-- The bytes of a file lie among the files of the node, under their digest. folded is its path in small letters: a ZIP file of a course is
-- unpacked on disks that do not tell them apart.
CREATE TABLE draft_file (
  draft BLOB NOT NULL,
  path TEXT NOT NULL,
  folded TEXT NOT NULL,
  blob TEXT NOT NULL,
  size INTEGER NOT NULL,
  actor BLOB NOT NULL,
  changed INTEGER NOT NULL,
  PRIMARY KEY (draft, path)
);
CREATE UNIQUE INDEX draft_file_folded ON draft_file (draft, folded);
