package workloads

import (
	"fmt"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
)

// Recorder writes down what clients did and saw. It belongs to the harness, not
// to a node: it survives the clients' crashes and reads the world's clock.
type Recorder struct {
	now      func() time.Duration
	ops      []history.Op
	sessions []history.SessionEvent
	events   []history.WatchEvent
	rearms   []history.Rearm
	auths    []history.Auth
	claims   []history.Claim
	heard    func(*history.Op)
	index    map[int]int // operation ID -> position in ops
	clients  []clientRecord
	// salted is what clients have found out of passwords, which is slow.
	salted map[string][]byte
}

// clientRecord is what the recorder knows of one client.
type clientRecord struct {
	process int // its present logical process
	booted  bool
	setup   bool
	begun   int // operations of its list that it has begun
	final   int // final reads answered
	// subscribed is the operation by which the client is a member of a group, nil if it
	// is not; followed how many operations of its own it has begun that no plan has.
	subscribed *Op
	followed   int
}

// NewRecorder makes an empty recorder for so many clients. now is the world's
// virtual time.
func NewRecorder(clients int, now func() time.Duration) *Recorder {
	r := &Recorder{now: now, index: map[int]int{}, clients: make([]clientRecord, clients), salted: map[string][]byte{}}
	for i := range r.clients {
		r.clients[i].process = i
	}
	return r
}

// Expect makes room for so many operations, of which a record is long.
func (r *Recorder) Expect(ops int) { r.ops = slices.Grow(r.ops, ops) }

// Hear has fn told of every operation when it is invoked.
func (r *Recorder) Hear(fn func(*history.Op)) { r.heard = fn }

// Now is the world's virtual time.
func (r *Recorder) Now() time.Duration { return r.now() }

// Process returns the logical process that a client runs at present.
func (r *Recorder) Process(client int) int { return r.clients[client].process }

// NewProcess makes a client go on as another logical process, as Jepsen does
// after an operation whose outcome nobody knows. The numbers of client c are c,
// c+n, c+2n and so on for n clients.
func (r *Recorder) NewProcess(client int) { r.clients[client].process += len(r.clients) }

// Invoked reports whether an operation was invoked, in this or an earlier life
// of its client.
func (r *Recorder) Invoked(id int) bool {
	_, ok := r.index[id]
	return ok
}

// Invoke records the start of an operation, now, under the client's present
// process. Until [Recorder.Return] its outcome is info. An ID that was invoked
// before begins anew and forgets the earlier attempt; only reads may do that.
func (r *Recorder) Invoke(op history.Op) {
	op.Process = r.Process(op.Client)
	op.Invoke, op.Return, op.Outcome = r.now(), history.Never, history.Info
	if r.heard != nil {
		r.heard(&op)
	}
	if i, ok := r.index[op.ID]; ok {
		r.ops[i] = op
		return
	}
	r.index[op.ID] = len(r.ops)
	r.ops = append(r.ops, op)
}

// Return records the end of an operation, now, with what fill adds to its record:
// outcome, witness and results.
func (r *Recorder) Return(id int, fill func(*history.Op)) {
	op := &r.ops[r.index[id]]
	op.Return = r.now()
	fill(op)
}

// Session records a session event, now.
func (r *Recorder) Session(e history.SessionEvent) {
	e.At = r.now()
	r.sessions = append(r.sessions, e)
}

// Event records a watch event, now.
func (r *Recorder) Event(e history.WatchEvent) {
	e.At = r.now()
	r.events = append(r.events, e)
}

// Rearm records an answered setWatches, now.
func (r *Recorder) Rearm(e history.Rearm) {
	e.At = r.now()
	r.rearms = append(r.rearms, e)
}

// Auth records a credential that was shown, now, or the answer to the oldest on its
// connection that had none.
func (r *Recorder) Auth(a history.Auth) {
	a.At = r.now()
	if !a.Answered {
		r.auths = append(r.auths, a)
		return
	}
	i := slices.IndexFunc(r.auths, func(b history.Auth) bool {
		return !b.Answered && b.Client == a.Client && b.Session == a.Session && b.Conn == a.Conn
	})
	if i < 0 {
		panic(fmt.Sprintf("workloads: client %d was answered a credential that it never showed", a.Client))
	}
	a.At = r.auths[i].At
	r.auths[i] = a
}

// Claim records what a client concludes, now.
func (r *Recorder) Claim(c history.Claim) {
	c.At = r.now()
	r.claims = append(r.claims, c)
}

// op returns the record of an operation that was invoked.
func (r *Recorder) op(id int) history.Op { return r.ops[r.index[id]] }

// boot notes that a client starts, for the first time or after a crash.
func (r *Recorder) boot(client int) {
	c := &r.clients[client]
	if c.booted {
		r.NewProcess(client)
	}
	c.booted = true
}

// begin hands out the next operation of a client's list of n, -1 at its end. A
// client that crashed goes on after the operation it died in.
func (r *Recorder) begin(client, n int) int {
	c := &r.clients[client]
	if c.begun == n {
		return -1
	}
	c.begun++
	return c.begun - 1
}

// unplanned hands out the ID of an operation that a client performs beyond its plan.
func (r *Recorder) unplanned(client int) int {
	c := &r.clients[client]
	c.followed++
	if c.followed >= requestsPerClient {
		panic("workloads: a client has run out of IDs for what is in no plan")
	}
	return followID + client*requestsPerClient + c.followed
}

// The IDs of operations that clients of brokers perform beyond the plan's, client by
// client: what one does changes no ID of another.
const (
	followID          = 1_000_000_000
	requestsPerClient = 1_000_000
)

// amend changes what is known of an operation that has not ended.
func (r *Recorder) amend(id int, fill func(*history.LogOp)) {
	op := &r.ops[r.index[id]]
	l := *op.Log
	fill(&l)
	op.Log = &l
}

// freshID returns the ID for one more attempt at an operation of the setup.
func (r *Recorder) freshID(id int) int {
	for next := retryID; r.Invoked(id); next++ {
		id = next
	}
	return id
}

// Ready reports whether the setup is complete: every client has done its part of it,
// which for most is nothing.
func (r *Recorder) Ready() bool {
	return len(r.clients) > 0 && !slices.ContainsFunc(r.clients, func(c clientRecord) bool { return !c.setup })
}

// Finals returns how many final reads have been answered.
func (r *Recorder) Finals() int {
	n := 0
	for _, c := range r.clients {
		n += c.final
	}
	return n
}

// Counts returns how many operations ended how; those that never returned count
// as info.
func (r *Recorder) Counts() (ok, fail, info int) {
	var n [3]int
	for i := range r.ops {
		n[r.ops[i].Outcome]++
	}
	return n[history.OK], n[history.Fail], n[history.Info]
}

// History returns what was recorded so far: operations by ID, session events in
// the order they happened, no log.
func (r *Recorder) History() *history.History {
	return &history.History{
		Ops: r.byID(), Sessions: slices.Clone(r.sessions), Events: slices.Clone(r.events), Rearms: slices.Clone(r.rearms), Auths: slices.Clone(r.auths),
		Claims: slices.Clone(r.claims),
	}
}

// byID lists the operations by ID. It sorts their places, as they are long themselves.
func (r *Recorder) byID() []history.Op {
	places := make([]int, len(r.ops))
	for i := range places {
		places[i] = i
	}
	slices.SortFunc(places, func(a, b int) int { return r.ops[a].ID - r.ops[b].ID })
	ops := make([]history.Op, len(places))
	for i, place := range places {
		ops[i] = r.ops[place]
	}
	return ops
}

// hasMember reports whether a client is a member of a group, or will be once it is started
// again.
func (r *Recorder) hasMember(group string) bool {
	for i := range r.clients {
		if op := r.clients[i].subscribed; op != nil && op.Log.Group == group {
			return true
		}
	}
	return false
}
