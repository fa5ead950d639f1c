package models

import (
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// numbered completes the fates: those of writes that were under way as the run ended, or
// as their client died, before it could note under which xid it had sent them. The log
// has them under a number that joins them to nothing, but they can be told from others by
// who sent them and what they do.
//
// Without this a delete that took effect would count as one that never happened, and
// whoever took the next element of a queue as one who passed over an element that waits:
//
//	offer a, offer b, delete a (under way at the end), delete b ok
func (s *Source) numbered() []int32 {
	if s.Fates == nil {
		return nil
	}
	fates, joined := slices.Clone(s.Fates), make([]bool, len(s.H.Log))
	for _, t := range fates {
		if t >= 0 {
			joined[t] = true
		}
	}
	owners := s.owners()
	for i := range s.H.Ops {
		op := &s.H.Ops[i]
		if op.Outcome != history.Info || op.Xid != 0 || fates[i] >= 0 {
			continue
		}
		for t := range s.H.Log {
			a := &s.H.Log[t]
			who, known := owners[a.Txn.Session]
			if !joined[t] && (a.At == 0 || a.At >= op.Invoke) && (!known || who == op.Client) && does(a.Txn.Body, op) {
				fates[i], joined[t] = int32(t), true
				break
			}
		}
	}
	return fates
}

// owners are the clients of the sessions on record.
func (s *Source) owners() map[int64]int {
	of := map[int64]int{}
	for i := range s.H.Sessions {
		of[s.H.Sessions[i].Session] = s.H.Sessions[i].Client
	}
	return of
}

// does reports whether a transaction does what an operation asks for.
func does(body wire.TxnBody, op *history.Op) bool {
	switch b := body.(type) {
	case *wire.CreateTxn:
		return op.F == history.Create && strings.HasPrefix(b.Path, op.Path) && string(b.Data) == op.Value
	case *wire.DeleteTxn:
		return op.F == history.Delete && b.Path == op.Path
	case *wire.SetDataTxn:
		return op.F == history.Set && b.Path == op.Path && string(b.Data) == op.Value
	}
	return false
}
