// Package session keeps the sessions a leader is responsible for.
package session

import "time"

// Tracker knows when each session expires.
type Tracker struct{}

// NewTracker makes an empty tracker whose deadlines are multiples of tick.
func NewTracker(tick time.Duration) *Tracker { return &Tracker{} }

// Add starts tracking a session.
func (t *Tracker) Add(id int64, timeout, now time.Duration) {}

// Touch puts off a session's expiry; false if it is unknown or closing.
func (t *Tracker) Touch(id int64, now time.Duration) bool { return false }

// Expire returns, sorted, the sessions that expired, and marks them closing.
func (t *Tracker) Expire(now time.Duration) []int64 { return nil }

// NextDeadline is when Expire next has something to do.
func (t *Tracker) NextDeadline() (time.Duration, bool) { return 0, false }

// SetClosing marks a session closing.
func (t *Tracker) SetClosing(id int64) {}

// Closing reports whether a session is closing.
func (t *Tracker) Closing(id int64) bool { return false }

// Remove forgets a session.
func (t *Tracker) Remove(id int64) {}

// Owner is the sid of the server the session's client is connected to.
func (t *Tracker) Owner(id int64) (sid int64, ok bool) { return 0, false }

// SetOwner moves a session.
func (t *Tracker) SetOwner(id, sid int64) {}

// Idle is the time since the session was last heard of.
func (t *Tracker) Idle(id int64, now time.Duration) time.Duration { return 0 }

// Timeout is the session's negotiated timeout.
func (t *Tracker) Timeout(id int64) (time.Duration, bool) { return 0, false }

// IDs returns all tracked sessions, sorted.
func (t *Tracker) IDs() []int64 { return nil }

// IDs makes session ids that no other server and no earlier incarnation made.
type IDs struct{ next int64 }

// NewIDs starts a generator for a server at a wall clock time.
func NewIDs(sid, wallMs int64) *IDs { return &IDs{} }

// Next returns a fresh session id.
func (g *IDs) Next() int64 { return 0 }

// Password is the secret that proves ownership of a session.
func Password(id int64) [16]byte { return [16]byte{} }
