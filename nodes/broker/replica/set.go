package replica

import "github.com/stampede-sim/stampede/nodes/broker/facts"

// Set is a set of brokers, broker n being bit n, as facts write it.
type Set int64

// SetOf makes a set.
func SetOf(brokers ...int32) Set { return Set(facts.Set(brokers)) }

// Has reports whether a broker is in the set.
func (s Set) Has(broker int32) bool { return s>>broker&1 == 1 }

// With is the set and one more, Without the set less one.
func (s Set) With(broker int32) Set { return s | 1<<broker }

// Without is the set less one broker.
func (s Set) Without(broker int32) Set { return s &^ (1 << broker) }

// Members lists the brokers, ascending.
func (s Set) Members() []int32 { return facts.Members(int64(s)) }

// Len is how many there are.
func (s Set) Len() int {
	n := 0
	for rest := s; rest != 0; rest &= rest - 1 {
		n++
	}
	return n
}
