package models

import (
	"encoding/json"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"github.com/anishathalye/porcupine"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// What brokers do is searched object by object: the state of a partition, the log of one
// as its producers see it, its end, the offsets of a group, the batches of a producer,
// the office of the controller.
//
// Fetches, and with them everything that is read from a log, are left out: they are not
// linearizable in Kafka. A leader that was deposed and has not heard of it goes on serving
// what it had, so a reader may be told less than another was told before. Nothing in the
// protocol forbids it, and a search that did would cry wolf after every pause of a leader.
// What is read is held to prefixes, by package logs. Likewise the end of a partition is
// compared only with what was told in the same reign or an earlier one, and the offsets of
// a group only with those that were ever committed, until all has settled.

// Brokers are the searches of what brokers and their clients did.
var Brokers = []func(*history.History, *Budget) []Result{
	PartitionStates, ProduceLogs, EndOffsets, GroupOffsets, Producers, Controllers, Settings,
}

// bag collects the operations on one object.
type bag struct {
	ops   []porcupine.Operation
	ids   []int
	names []string
}

// add enters an operation of a client, by its ID.
func (b *bag) add(op *history.Op, in fmt.Stringer, until int64) {
	b.ops = append(b.ops, porcupine.Operation{ClientId: op.Process, Input: in, Call: int64(op.Invoke), Return: until})
	b.ids = append(b.ids, op.ID)
}

// addNamed enters an operation that no client made.
func (b *bag) addNamed(who int32, in fmt.Stringer, from, until int64) {
	b.ops = append(b.ops, porcupine.Operation{ClientId: int(who), Input: in, Call: from, Return: max(from, until)})
	b.names = append(b.names, in.String())
}

// search asks whether some order explains the operations.
func (b *bag) search(name, path string, spec porcupine.Model, budget *Budget) Result {
	return search(Result{Model: name, Path: path, Ops: b.ids, Names: b.names}, spec, b.ops, budget)
}

// describe shows operations and states by what they print.
func describe(m porcupine.Model) porcupine.Model {
	m.DescribeOperation = func(in, _ any) string { return in.(fmt.Stringer).String() }
	m.DescribeState = func(s any) string { return fmt.Sprint(s) }
	return m
}

// ending is when an operation was over: at the latest with everything, if nobody knows.
func ending(op *history.Op, end int64) int64 {
	if op.Outcome == history.Info || op.Return == history.Never {
		return end
	}
	return int64(op.Return)
}

// troubled are the partitions of which something was lost in a way that is explained, or
// that were made again: what was told of them binds nobody.
func troubled(h *history.History) map[string]bool {
	out := map[string]bool{}
	for _, e := range h.Partitions {
		switch e.Kind {
		case history.UncleanElection, history.LastReplicaLost, history.TopicDeleted:
			out[e.Partition] = true
		}
	}
	return out
}

// stateWrite is a version of a state znode, as the committed log has it.
type stateWrite struct {
	version int64
	leader  int32
	epoch   int64
	isr     int64
	at      int64
}

// znodes is what the committed log says of a cluster.
type znodes struct {
	// states are the versions of the state of each partition; again are the topics that
	// were deleted, of which another may have the name.
	states map[string][]stateWrite
	again  map[string]bool
	// epochs says when each controller epoch began.
	epochs map[int64]int64
}

func readZnodes(h *history.History) *znodes {
	z := &znodes{states: map[string][]stateWrite{}, again: map[string]bool{}, epochs: map[int64]int64{}}
	for i := range h.Log {
		z.apply(h.Log[i].Txn.Body, int64(h.Log[i].At))
	}
	return z
}

func (z *znodes) apply(body wire.TxnBody, at int64) {
	switch b := body.(type) {
	case *wire.CreateTxn:
		z.wrote(b.Path, b.Data, 0, at)
	case *wire.SetDataTxn:
		z.wrote(b.Path, b.Data, int64(b.Version), at)
	case *wire.DeleteTxn:
		if parts := strings.Split(b.Path, "/"); len(parts) == 4 && parts[2] == "topics" && parts[1] == "brokers" {
			z.again[parts[3]] = true
		}
	case *wire.MultiTxn:
		for _, part := range b.Parts {
			z.apply(part.Body, at)
		}
	}
}

func (z *znodes) wrote(path string, data []byte, version, at int64) {
	parts := strings.Split(path, "/")
	if path == "/controller_epoch" {
		if n, err := strconv.ParseInt(string(data), 10, 64); err == nil {
			z.epochs[n] = at
		}
		return
	}
	if len(parts) != 7 || parts[1] != "brokers" || parts[2] != "topics" || parts[6] != "state" {
		return
	}
	var v struct {
		Leader      int32   `json:"leader"`
		LeaderEpoch int64   `json:"leader_epoch"`
		Isr         []int32 `json:"isr"`
	}
	if json.Unmarshal(data, &v) != nil {
		return
	}
	w := stateWrite{version: version, leader: v.Leader, epoch: v.LeaderEpoch, at: at}
	for _, id := range v.Isr {
		w.isr |= 1 << id
	}
	name := parts[3] + "-" + parts[5]
	z.states[name] = append(z.states[name], w)
}

// members lists a bit set for people.
func members(set int64) string {
	var all []string
	for rest := uint64(set); rest != 0; rest &= rest - 1 {
		all = append(all, strconv.Itoa(bits.TrailingZeros64(rest)))
	}
	return "[" + strings.Join(all, " ") + "]"
}
