package conformance

import (
	"fmt"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/internal/script"
)

// connect opens a connection and a session on it, or brings a session there.
func (p *player) connect(c *script.Command) string {
	name := "a"
	for _, word := range c.Words() {
		if word != "readonly" && word != "old" && word != "quiet" {
			name = word
		}
	}
	server := int(c.IntOr("server", 1))
	conn, err := p.target.Dial(server)
	if err != nil {
		c.Skip()
		return err.Error()
	}
	k := &client{conn: conn}
	p.clients[name] = k
	conn.Send(p.greeting(c, k))
	return p.welcomed(c, k, server)
}

// greeting encodes the ConnectRequest.
func (p *player) greeting(c *script.Command, k *client) []byte {
	if c.Has("session") {
		k.session = p.sessionOf(c, c.Text("session"))
	}
	password := p.passwords[k.session]
	if password == nil {
		password = make([]byte, 16)
	}
	if c.TextIs("password", "wrong") {
		password = []byte("0123456789abcdef")
	}
	b := appendInt(nil, 0)
	b = appendLong(b, p.zxidOf(c, c.TextOr("seen", "0")))
	b = appendInt(b, int32(c.DurationOr("timeout", 30*time.Second)/time.Millisecond))
	b = appendLong(b, k.session)
	b = appendBytes(b, password)
	if !c.HasWord("old") {
		b = appendBool(b, c.HasWord("readonly"))
	}
	return b
}

// welcomed reads the ConnectResponse.
func (p *player) welcomed(c *script.Command, k *client, server int) string {
	frame, err := k.conn.Receive(patience)
	if err != nil {
		k.over = err == ErrEnd
		return err.Error()
	}
	r := &reader{b: frame}
	version, timeout, session, password := r.int(), r.int(), r.long(), r.bytes()
	readOnly := len(r.b) > 0 && r.bool()
	out := ""
	if version != 0 || r.err != nil || len(r.b) > 0 || len(password) != 16 {
		out = fmt.Sprintf("malformed %x ", frame)
	}
	if c.HasWord("old") != (len(frame) == 4+4+8+4+16) {
		out += "unexpected-length "
	}
	if timeout <= 0 {
		return out + p.expired(timeout, session, password)
	}
	out += p.opened(k, server, session, password, timeout, readOnly)
	if !p.based && !c.HasWord("quiet") {
		p.findBase(k)
	}
	return out
}

// expired is the answer to who brings a session that is none.
func (p *player) expired(timeout int32, session int64, password []byte) string {
	zero := timeout == 0 && session == 0 && strings.Trim(string(password), "\x00") == ""
	if !zero {
		return fmt.Sprintf("expired, timeout=%d session=%s password=%x", timeout, p.session(session), password)
	}
	return "expired"
}

// opened notes a session. A new one bears the id of its server in its top byte.
func (p *player) opened(k *client, server int, session int64, password []byte, timeout int32, readOnly bool) string {
	fresh := k.session == 0
	k.session = session
	if p.passwords[session] == nil {
		p.passwords[session] = password
		p.sessions = append(p.sessions, session)
	}
	out := fmt.Sprintf("connected %s timeout=%d", p.session(session), timeout)
	if readOnly {
		out += " readonly"
	}
	if string(password) != string(p.passwords[session]) {
		out += " with another password"
	}
	if top := int(uint64(session) >> 56); fresh && top != server {
		out += fmt.Sprintf(" created by %d", top)
	}
	return out
}

// findBase asks a ping for the zxid of the createSession just applied. Local sessions
// have none; then the first transaction seen is z1.
func (p *player) findBase(k *client) {
	k.conn.Send(appendInt(appendInt(nil, xidPing), 11))
	if frame, err := k.conn.Receive(patience); err == nil {
		r := &reader{b: frame[4:]}
		zxid := r.long()
		if created := zxid&(1<<counterBits-1) > 0; created {
			p.base, p.based = zxid-1, true
		}
	}
}

// operate performs one operation, and awaits its reply unless it is asynchronous.
func (p *player) operate(c *script.Command) string {
	o, ok := operationNamed(c.Name)
	if !ok {
		return c.Unknown()
	}
	k, wait := p.by(c), !c.Flag("async")
	xid := o.reservedXid()
	if xid == 0 {
		k.xid++
		xid = k.xid
	}
	p.send(k, o, int32(c.IntOr("xid", int64(xid))), p.body(c, o))
	if !wait {
		return ""
	}
	return p.replies(c, k)
}

func (p *player) send(k *client, o operation, xid int32, body []byte) {
	k.pending = append(k.pending, call{xid, o})
	k.conn.Send(append(appendInt(appendInt(nil, xid), o.code), body...))
}

// replies awaits everything that was asked.
func (p *player) replies(c *script.Command, k *client) string {
	if len(k.pending) == 0 {
		c.Fatalf("nothing is awaited on this connection")
	}
	return strings.Join(p.await(k, true), "\n")
}

// await reads frames until nothing is pending or the connection ends. Replies of
// pings are shown only if asked for.
func (p *player) await(k *client, pings bool) []string {
	out := k.noise
	k.noise = nil
	for len(k.pending) > 0 {
		frame, err := k.conn.Receive(patience)
		if err != nil {
			k.pending, k.over = nil, err == ErrEnd
			return append(out, err.Error())
		}
		line, ping := p.frame(k, frame)
		if !ping || pings {
			out = append(out, line)
		}
	}
	return out
}

// frame describes one frame: an event, or a reply, which must be that to the oldest
// request.
func (p *player) frame(k *client, frame []byte) (text string, ping bool) {
	r := &reader{b: frame}
	xid, zxid, code := r.int(), r.long(), r.int()
	if xid == xidEvent && (len(k.pending) == 0 || k.pending[0].xid != xidEvent) {
		return p.event(zxid, code, r), false
	}
	if len(k.pending) == 0 {
		return fmt.Sprintf("unasked reply to xid %d", xid), false
	}
	if !p.based && zxid > 0 {
		p.base, p.based = zxid-1, true
	}
	oldest := k.pending[0]
	k.pending = k.pending[1:]
	p.answered[answer{oldest.op.name, code}] = true
	text = fmt.Sprintf("%s %s", errorName(code), p.zxid(zxid))
	if xid != oldest.xid {
		text = fmt.Sprintf("out of order, xid %d for %d: ", xid, oldest.xid) + text
	}
	if code == 0 || len(r.b) > 0 {
		text += p.describe(oldest.op.reply, r)
	}
	if r.err != nil || len(r.b) > 0 {
		text += fmt.Sprintf(" malformed: %x", frame)
	}
	return text, oldest.op.name == "ping"
}

// event describes a notification. Its state is 3, connected, in all that servers send.
func (p *player) event(zxid int64, code int32, r *reader) string {
	what, state, path := r.int(), r.int(), r.text()
	name, ok := eventNames[what]
	if !ok {
		name = fmt.Sprintf("event(%d)", what)
	}
	text := fmt.Sprintf("event %s %s %s", name, printable(path), p.zxid(zxid))
	if code != 0 || state != 3 || r.err != nil || len(r.b) > 0 {
		text += fmt.Sprintf(" err=%d state=%d rest=%x", code, state, r.b)
	}
	return text
}

// events shows what came unasked, up to the reply of a ping: a server sends in order.
func (p *player) events(c *script.Command, k *client) string {
	if k.over {
		c.Fatalf("the connection is over")
	}
	ping, _ := operationNamed("ping")
	p.send(k, ping, xidPing, nil)
	lines := p.await(k, false)
	if len(lines) == 0 {
		return "none"
	}
	return strings.Join(lines, "\n")
}

// end shows what comes until the server closes the connection.
func (p *player) end(k *client) string {
	var lines []string
	for {
		frame, err := k.conn.Receive(patience)
		if err != nil {
			k.over = true
			return strings.Join(append(lines, err.Error()), "\n")
		}
		line, _ := p.frame(k, frame)
		lines = append(lines, line)
	}
}
