package log

import "github.com/stampede-sim/stampede/nodes/bugs"

// Retired says what [Log.Retain] hid, and why.
type Retired struct {
	Segments int
	Bytes    int64
	// Start is where the log begins now.
	Start int64
	// Left is how many bytes there were behind the last of them that went although it was
	// not too old, -1 if none did.
	Left int64
	// Age is that of the youngest that went as it was too old, in milliseconds, -1 if none
	// did.
	Age int64
}

// Retain hides the oldest segments that are too old, or too many bytes, or hidden
// anyway, as cleanup.policy=delete says; the files go one after the other. Nothing goes
// that is not committed (KAFKA-5634). Of the active segment nothing can go: it ends
// where it is, first.
func (l *Log) Retain(now int64) Retired {
	out := Retired{Start: l.start, Left: -1, Age: -1}
	if l.closed || l.failed != nil || !l.Settled() {
		return out
	}
	n, left, age := l.retirable(now)
	if n == len(l.segs) {
		l.Roll(now)
		n = min(n, len(l.segs)-1)
	}
	if n == 0 || l.failed != nil {
		return out
	}
	for _, s := range l.segs[:n] {
		out.Segments++
		out.Bytes += s.size
		l.work.add(chore{kind: removeSegment, seg: s}, chore{kind: syncNames})
	}
	l.abandon()
	l.segs = l.segs[n:]
	l.hide(max(l.start, l.segs[0].base))
	out.Start, out.Left, out.Age = l.start, left, age
	return out
}

// sizeFrom adds up what is in a segment and behind it. That is told of what is there, whatever
// retention thought was too much.
func (l *Log) sizeFrom(i int) (n int64) {
	for _, s := range l.segs[i:] {
		n += s.size
	}
	return n
}

// retirable counts the segments that may go, from the oldest on, with Retired.Left and Age.
func (l *Log) retirable(now int64) (n int, left, age int64) {
	excess := l.Size() - l.cfg.RetentionBytes
	left, age = -1, -1
	for i, s := range l.segs {
		end := l.end
		if i+1 < len(l.segs) {
			end = l.segs[i+1].base
		}
		if end > l.hw && !l.cfg.Bugs.Has(bugs.RetainsBeyondMark) || s.size == 0 && i == len(l.segs)-1 {
			break
		}
		aged := l.cfg.RetentionMillis >= 0 && now-l.latest(s) > l.cfg.RetentionMillis
		large := l.cfg.RetentionBytes >= 0 && (excess >= s.size || excess > 0 && l.cfg.Bugs.Has(bugs.RetentionOneTooMany))
		if end > l.start && !(l.cfg.Delete && (aged || large)) {
			break
		}
		excess -= s.size
		if end > l.start && !aged {
			left = l.sizeFrom(i + 1)
		}
		if old := now - l.latest(s); end > l.start && aged && (age < 0 || old < age) {
			age = old
		}
		n++
	}
	return n, left, age
}

// latest is when the latest record of a segment was made: its timestamp, or the
// broker's clock if it has none.
func (l *Log) latest(s *segment) int64 {
	if l.cfg.Bugs.Has(bugs.RetentionByFirstRecord) && s.first >= 0 {
		return s.first
	}
	if s.highest.time >= 0 {
		return s.highest.time
	}
	return s.born
}
