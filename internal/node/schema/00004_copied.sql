-- +goose Up
-- The other node knew more, or other, facts of this one than this one: it is a copy.
ALTER TABLE node_peer ADD COLUMN copied INTEGER NOT NULL DEFAULT 0;
