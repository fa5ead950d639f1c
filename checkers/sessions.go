package checkers

// grouped lists indices by session, in ascending order within one. It is a counting
// sort: what clients did is recorded in order of time, so within a session little is
// left to sort.
type grouped struct {
	sessions []int64 // in order of first appearance
	start    []int32 // where each session begins in index; one more than sessions
	index    []int32
	at       map[int64]int32 // session -> its place in sessions
}

// group groups the indices below n for which session says yes.
func group(n int, session func(i int) (int64, bool)) grouped {
	g := grouped{at: map[int64]int32{}}
	where := make([]int32, n) // place of each index's session, none if left out
	var counts []int32
	for i := range n {
		where[i] = none
		id, ok := session(i)
		if !ok {
			continue
		}
		place, known := g.at[id]
		if !known {
			place = int32(len(g.sessions))
			g.at[id] = place
			g.sessions, counts = append(g.sessions, id), append(counts, 0)
		}
		where[i] = place
		counts[place]++
	}
	g.start = make([]int32, len(counts)+1)
	for p, c := range counts {
		g.start[p+1] = g.start[p] + c
	}
	g.index = make([]int32, g.start[len(counts)])
	next := append([]int32(nil), g.start...)
	for i, p := range where {
		if p != none {
			g.index[next[p]] = int32(i)
			next[p]++
		}
	}
	return g
}

// of lists the indices of a session.
func (g *grouped) of(session int64) []int32 {
	p, ok := g.at[session]
	if !ok {
		return nil
	}
	return g.index[g.start[p]:g.start[p+1]]
}
