package checkers

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// claim is one thing that a server told an operator of its tree.
type claim struct {
	zxid   wire.Zxid
	nodes  int    // the number of znodes, if not -1
	digest uint64 // of the tree, if nodes is -1
}

// claims reads an answer: srvr and stat name a zxid and count znodes, hash lists
// digests. Other words, and servers that serve nobody, claim nothing of a tree. What
// cannot be read is an error.
func claims(op *history.Op) ([]claim, error) {
	switch {
	case strings.HasPrefix(op.OutValue, "This ZooKeeper instance is not currently serving"):
		return nil, nil
	case strings.Contains(op.OutValue, "Mode: read-only\n"):
		// Its tree holds all that it has logged, which need not be committed.
		return nil, nil
	case op.Value == "srvr" || op.Value == "stat":
		return summaryClaim(op.OutValue)
	case op.Value == "hash":
		return digestClaims(op.OutValue)
	}
	return nil, nil
}

func summaryClaim(text string) ([]claim, error) {
	zxid, err := strconv.ParseInt(lineValue(text, "Zxid: 0x"), 16, 64)
	if err != nil {
		return nil, fmt.Errorf("no zxid in %q", text)
	}
	nodes, err := strconv.Atoi(lineValue(text, "Node count: "))
	if err != nil {
		return nil, fmt.Errorf("no node count in %q", text)
	}
	return []claim{{zxid: wire.Zxid(zxid), nodes: nodes}}, nil
}

// lineValue is what follows a prefix on the line that begins with it.
func lineValue(text, prefix string) string {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			return strings.TrimSuffix(rest, "\n")
		}
	}
	return ""
}

func digestClaims(text string) ([]claim, error) {
	var out []claim
	for line := range strings.Lines(text) {
		z, d, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		zxid, err := strconv.ParseInt(strings.TrimPrefix(z, "0x"), 16, 64)
		if err != nil {
			return nil, fmt.Errorf("no zxid in %q", line)
		}
		digest, err := strconv.ParseUint(d, 16, 64)
		if err != nil {
			return nil, fmt.Errorf("no digest in %q", line)
		}
		out = append(out, claim{zxid: wire.Zxid(zxid), nodes: -1, digest: digest})
	}
	return out, nil
}

// claimsByOp reads all answers. Unreadable ones are reported at once.
func (w *witness) claimsByOp() (out []observation) {
	for i := range w.h.Ops {
		op := &w.h.Ops[i]
		if op.F != history.Ask || op.Outcome != history.OK {
			continue
		}
		list, err := claims(op)
		if err != nil {
			w.report(OperatorTruth, i, fmt.Sprintf("But op %d asked %s and got an answer that cannot be read: %v.", op.ID, op.Value, err))
		}
		for _, c := range list {
			out = append(out, observation{c.zxid, int32(i)})
		}
	}
	return out
}

// asked holds what a server claimed against the tree, which is there now.
func (r *replayer) asked(i int, op *history.Op, z wire.Zxid) {
	list, _ := claims(op)
	for _, c := range list {
		if c.zxid != z {
			continue
		}
		switch nodes := r.tree.Len() + 1; { // the root has two names and counts twice
		case z != r.tree.Last() && z.Counter() != 0:
			r.report(OperatorTruth, i, fmt.Sprintf("But op %d was told of %v, which is not in the log.", op.ID, z))
		case c.nodes >= 0 && c.nodes != nodes:
			r.report(OperatorTruth, i, fmt.Sprintf("But op %d was told of %d znodes at %v, where there are %d.", op.ID, c.nodes, z, nodes))
		case c.nodes < 0 && c.digest != r.tree.Digest():
			r.report(OperatorTruth, i, fmt.Sprintf("But op %d was told of digest %x at %v, where it is %x.", op.ID, c.digest, z, r.tree.Digest()))
		}
	}
}
