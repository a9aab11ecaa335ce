package fact

import (
	"context"
	"crypto/ed25519"
	"fmt"

	"tizi/internal/store"
)

// Sound says whether the logs count as many facts as there are, and whether their heads are signed for what they say: enough to
// know that a database is this node's and whole, in seconds. Check hashes every fact.
func (l *Log) Sound(ctx context.Context) (facts int64, err error) {
	err = l.DB.Snapshot(ctx, func(q store.Querier) error {
		var sum int64
		err := q.Each(ctx, "SELECT s.name, h.size, h.edge, h.note, n.public_key FROM fact_head h JOIN fact_stream s ON s.id = h.stream JOIN fact_node n ON n.id = h.node", nil, func(r store.Row) error {
			var name string
			var size int64
			var edge, note, public []byte
			if err := r.Scan(&name, &size, &edge, &note, &public); err != nil {
				return err
			}
			sum += size
			e, err := decodeEdge(uint64(size), edge)
			if err != nil {
				return fmt.Errorf("log %s: %w", name, err)
			}
			head, err := ParseHead(note, ed25519.PublicKey(public))
			if err != nil {
				return fmt.Errorf("log %s: %w", name, err)
			}
			if head.Size == e.Size && head.Root != e.Root() {
				return fmt.Errorf("log %s: the signed root is not that of its facts", name)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if _, err := store.One(ctx, q, "SELECT count(*) FROM fact", nil, &facts); err != nil {
			return err
		}
		if facts != sum {
			return fmt.Errorf("there are %d facts, the heads count %d", facts, sum)
		}
		return nil
	})
	return facts, err
}
