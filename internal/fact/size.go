package fact

import (
	"context"

	"tizi/internal/store"
)

// Size returns how many facts of a stream this node holds; it grows with every one, so it tells whether what was read
// from the stream is still all.
func (l *Log) Size(ctx context.Context, q store.Querier, stream string) (int64, error) {
	var n int64
	_, err := store.One(ctx, q, "SELECT CAST(sum(h.size) AS BIGINT) FROM fact_head h JOIN fact_stream s ON s.id = h.stream WHERE s.name = ?", store.Args(stream), &n)
	return n, err
}
