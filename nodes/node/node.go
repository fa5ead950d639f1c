package node

import (
	"math/rand/v2"
	"time"
)

// ID names a process of a world. IDs are small and dense, starting at 0, in the
// order the processes were added; [Nobody] is no process.
type ID int32

// Nobody is the ID of no process.
const Nobody ID = -1

// Port tells apart the services of one process. Faults may cut the connections
// of one port and leave the others of the same pair alone.
type Port uint8

// ConnID names one end of one connection. It is never reused within a run, and
// the two ends have different IDs. Zero is no connection.
type ConnID uint64

// TimerID names a pending timer of a process. Zero is no timer.
type TimerID uint64

// Tag is what a node hangs on a timer or a disk request to recognise its
// completion: Kind selects the handler, Arg is the handler's own. Kinds are
// private to the node; the world only folds them into the run's fingerprint.
type Tag struct {
	Kind uint32
	Arg  uint64
}

// CloseReason says why a connection ended, as far as this end can know.
type CloseReason uint8

// The reasons, in the words of a socket error.
const (
	// ClosedByPeer: the peer closed it; everything it sent before arrived.
	ClosedByPeer CloseReason = iota + 1
	// Reset: the peer's process died or the connection was cut; an arbitrary
	// suffix of what either side sent last may be lost.
	Reset
	// TimedOut: the network delivered nothing for too long.
	TimedOut
	// Refused: nobody listens there (the process is down). Only for dialling ends.
	Refused
)

// String returns the reason as a lower-case word.
func (r CloseReason) String() string {
	switch r {
	case ClosedByPeer:
		return "closed"
	case Reset:
		return "reset"
	case TimedOut:
		return "timeout"
	case Refused:
		return "refused"
	}
	return "unknown"
}

// Message is what travels on connections and in datagrams. Implementations are
// pointers to structs; the receiver owns the struct, and whatever several
// messages share must be immutable.
type Message interface {
	// Kind is the protocol's name of the message type ("PROPOSAL"), constant per
	// type; network fault rules match on it.
	Kind() string
	// Fingerprint is a cheap hash over the fields that tell two messages of one
	// kind apart. It is folded into the run's hash on every delivery.
	Fingerprint() uint64
	// AppendWire appends the real encoding of the message, without framing.
	AppendWire(b []byte) []byte
	// String describes the message in one line for traces.
	String() string
}

// Node is a process: what the world calls. All callbacks of one process happen
// one after the other. Embed [Base] to answer the ones you do not need.
type Node interface {
	// Boot is the first callback of an incarnation. The node reads its disk,
	// sets its timers and opens its connections here.
	Boot(env Env)
	// Accept tells that peer opened a connection to one of our ports. To refuse,
	// close it.
	Accept(c ConnID, peer ID, port Port)
	// Opened tells that a connection we dialled is up. Sending is allowed from
	// the moment Dial returned; what was sent before Opened is delivered first.
	Opened(c ConnID)
	// Receive hands over one message of a connection, in the order it was sent.
	Receive(c ConnID, m Message)
	// Closed is the last callback of a connection, except after our own
	// [Env.Close], which is not called back.
	Closed(c ConnID, why CloseReason)
	// Datagram hands over one datagram. Datagrams are lost, duplicated and
	// reordered at the network's pleasure.
	Datagram(from ID, port Port, m Message)
	// Timer tells that a timer came due.
	Timer(tag Tag)
	// DiskDone tells that the Sync or SyncDir carrying tag completed. After a
	// non-nil error nothing may be assumed about what it covered.
	DiskDone(tag Tag, err error)
	// Decode parses one frame received on a connection: the inverse of
	// [Message.AppendWire], by the receiver, because only it knows the context
	// (a ZooKeeper reply can only be read by who remembers the request). The
	// world calls it just before Receive, in the same order.
	Decode(c ConnID, frame []byte) (Message, error)
}

// Terminator is a node that can end in order: it finishes what others rely on, brings its
// state to the disk and calls [Env.Exit]. The signal (SIGTERM) comes as a callback. A node
// that is none dies of it.
type Terminator interface {
	Node
	// Shutdown begins the end. It may be called more than once.
	Shutdown()
}

// Env is the world as one incarnation of one process sees it. It dies with the
// incarnation: calls after a crash have no effect.
type Env interface {
	// Self is the process's own ID.
	Self() ID
	// Now is the monotonic clock: time since an arbitrary origin, never going
	// back within an incarnation. Its rate may drift against other processes'.
	Now() time.Duration
	// WallMillis is the wall clock in milliseconds since the Unix epoch. It is
	// offset from other processes' clocks and may jump in either direction.
	WallMillis() int64
	// Rand is the process's own random stream.
	Rand() *rand.Rand

	// SetTimer arranges one Timer(tag) callback after d on the monotonic clock.
	// A non-positive d fires as soon as the current callback has returned.
	SetTimer(d time.Duration, tag Tag) TimerID
	// StopTimer cancels a timer. A fired, stopped or zero timer is ignored.
	StopTimer(t TimerID)

	// Dial opens a connection to a port of a process. It always returns an ID;
	// failure arrives as Closed.
	Dial(to ID, port Port) ConnID
	// Send queues m on an open or opening connection. On a connection that has
	// ended it does nothing, as a socket would only tell later.
	Send(c ConnID, m Message)
	// Close ends a connection after everything sent has been delivered.
	Close(c ConnID)
	// SendDatagram sends m unreliably.
	SendDatagram(to ID, port Port, m Message)

	// Disk is the process's disk. It survives the incarnation.
	Disk() Disk
	// Observe states a fact for live checkers, coverage, fault triggers and the
	// report. It must not change what the node does.
	Observe(e Event)
	// Go runs body as a task: a coroutine for flows of several steps, started
	// before Go returns and abandoned when the incarnation ends.
	Go(name string, body func(*Task))
	// Exit ends the process as os.Exit would: an operator's supervisor may
	// restart it. reason is for people.
	Exit(reason string)
}

// Disk is one process's files: a flat directory of named byte sequences.
// Reading and writing act on the page cache at once. Only Sync and SyncDir make
// things durable, some time later, in the state they had when called.
type Disk interface {
	// Read returns a copy of a file, and whether it exists.
	Read(name string) ([]byte, bool)
	// ReadAt returns up to n bytes of a file from off on, fewer at its end, none if it
	// does not exist. They are a view that later writes leave alone, and that nobody
	// may change.
	ReadAt(name string, off int64, n int) []byte
	// Size returns the length of a file in bytes, 0 if it does not exist.
	Size(name string) int64
	// List returns the names of all files, sorted.
	List() []string
	// Append adds b at the end of a file, creating it if needed.
	Append(name string, b []byte) error
	// WriteFile replaces the content of a file, creating it if needed. It is not
	// atomic under a crash: use a temporary name, Sync, Rename, SyncDir.
	WriteFile(name string, b []byte) error
	// Truncate cuts a file to size bytes, if it is longer.
	Truncate(name string, size int64) error
	// Rename moves a file over another, atomically, durable after SyncDir.
	Rename(from, to string) error
	// Remove deletes a file, durable after SyncDir. A missing file is no error.
	Remove(name string) error
	// Sync asks that the present content of a file become durable (fsync of the
	// file); DiskDone(tag) tells when. It says nothing about the directory entry.
	Sync(name string, tag Tag)
	// SyncDir asks that all present names (created, renamed, removed) become
	// durable (fsync of the directory); DiskDone(tag) tells when.
	SyncDir(tag Tag)
}

// Base answers every callback but Boot with doing nothing, for embedding.
type Base struct{}

// Accept ignores the connection.
func (Base) Accept(ConnID, ID, Port) {}

// Opened does nothing.
func (Base) Opened(ConnID) {}

// Receive drops the message.
func (Base) Receive(ConnID, Message) {}

// Closed does nothing.
func (Base) Closed(ConnID, CloseReason) {}

// Datagram drops the datagram.
func (Base) Datagram(ID, Port, Message) {}

// Timer does nothing.
func (Base) Timer(Tag) {}

// DiskDone does nothing.
func (Base) DiskDone(Tag, error) {}

// Decode panics: a node that receives messages must know how to read them.
func (Base) Decode(ConnID, []byte) (Message, error) {
	panic("node: this node receives messages but has no Decode")
}
