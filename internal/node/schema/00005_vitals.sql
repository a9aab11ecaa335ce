-- +goose Up
-- How the node says that it is, and when it said so (JSON; see Vitals). "": it never did.
ALTER TABLE node_peer ADD COLUMN vitals TEXT NOT NULL DEFAULT '';
