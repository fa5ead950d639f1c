package watch

import (
	"iter"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// Kind is what of a znode is watched, and how often.
type Kind uint8

// The kinds of watches. The first two fire once.
const (
	Data       Kind = iota // its creation, deletion and data
	Child                  // its deletion and its list of children
	Persistent             // both
	Recursive              // creation, deletion and data of it and all below it
	kinds
)

// Kinds is a set of kinds.
type Kinds uint8

// Of returns the set of some kinds.
func Of(list ...Kind) Kinds {
	var s Kinds
	for _, k := range list {
		s |= 1 << k
	}
	return s
}

// Has reports whether a kind is in the set.
func (s Kinds) Has(k Kind) bool { return s&(1<<k) != 0 }

// All yields the kinds of the set in order.
func (s Kinds) All() iter.Seq[Kind] {
	return func(yield func(Kind) bool) {
		for k := Data; k < kinds; k++ {
			if s.Has(k) && !yield(k) {
				return
			}
		}
	}
}

// Named is the kinds that a type in a request speaks of, none for a type unknown.
func Named(t wire.WatchType) Kinds {
	switch t {
	case wire.ChildWatches:
		return Of(Child)
	case wire.DataWatches:
		return Of(Data)
	case wire.PersistentWatches:
		return Of(Persistent)
	case wire.RecursiveWatches:
		return Of(Recursive)
	case wire.AnyWatches:
		return 1<<kinds - 1
	}
	return 0
}
