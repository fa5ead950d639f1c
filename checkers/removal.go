package checkers

import (
	"fmt"

	"github.com/stampede-sim/stampede/checkers/reference"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// removal checks a znode that the ensemble deletes by itself, against the tree before
// that. Its age is judged by the times that transactions bear, which are those of the
// clocks of their leaders: no server has others to go by.
func (r *replayer) removal(who int, txn *wire.Txn, path string) {
	life, exists := r.tree.Lifespan(path)
	if exists && life.Over(txn.Time, r.h.Rules.NeverUsed) {
		return
	}
	id := ContainerRemoval
	if life.TTL > 0 {
		id = TTLRemoval
	}
	r.report(id, who, fmt.Sprintf("But %v deletes %s%s.", txn.Zxid, path, r.alive(path, &life, txn.Time)))
}

// alive says why the ensemble may not delete a znode.
func (r *replayer) alive(path string, l *reference.Lifespan, now int64) string {
	names, _, _ := r.tree.Children(path)
	switch {
	case len(names) > 0:
		return fmt.Sprintf(", which holds %v", names)
	case l.TTL > 0:
		return fmt.Sprintf(", which was changed %d ms before and has a TTL of %d ms", now-l.Mtime, l.TTL)
	}
	return ", which is no container that had children"
}
