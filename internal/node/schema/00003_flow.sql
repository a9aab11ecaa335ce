-- +goose Up
-- Whether a node is not called until somebody says so.
ALTER TABLE node_peer ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;
