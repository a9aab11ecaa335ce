-- +goose Up
-- The same evidence is one row, however often it was shown.
DELETE FROM fact_fork WHERE lost = 0 AND EXISTS (
  SELECT 1 FROM fact_fork o WHERE o.stream = fact_fork.stream AND o.node = fact_fork.node
    AND (o.common = fact_fork.common AND (o.lost = 1 OR o.at < fact_fork.at)
      OR fact_fork.common < 0 AND (o.common >= 0 OR o.at < fact_fork.at)));
