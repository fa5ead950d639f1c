package conformance

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/internal/script"
	"github.com/stampede-sim/stampede/internal/script/scripttest"
)

// patience is how long a reply may take. The clock of [Simulated] is virtual.
const patience = 20 * time.Second

// player runs one script against one target.
type player struct {
	names
	t       *testing.T
	launch  func(Setup) (Target, error)
	version Version
	name    string
	target  Target
	clients map[string]*client
	// answered collects which operations were answered with which codes, over all
	// scripts of a target.
	answered map[answer]bool
}

// answer is an operation with the code it was answered with, 0 for success.
type answer struct {
	op   string
	code int32
}

// client is one connection of a script, by its name.
type client struct {
	conn    Conn
	session int64
	xid     int32
	pending []call
	over    bool
	noise   []string // events that came while something else was awaited
}

// call is a request without a reply so far.
type call struct {
	xid int32
	op  operation
}

// Launcher starts the servers that a script asks for.
type Launcher struct {
	// Name and Version are those of the targets.
	Name    string
	Version Version
	Launch  func(Setup) (Target, error)
}

// Play runs one script and reports to t. What was answered is added to answered.
func Play(t *testing.T, path string, l Launcher, answered map[answer]bool) {
	p := &player{t: t, launch: l.Launch, name: l.Name, version: l.Version, clients: map[string]*client{}, answered: answered}
	p.times, p.passwords = map[int64]int64{0: 0}, map[int64][]byte{}
	t.Cleanup(func() {
		if p.target != nil {
			p.target.Close()
		}
	})
	scripttest.Run(t, path, func(_ *testing.T, c *script.Command) string { return p.play(c) })
}

// play runs one command, unless it is for others, and forgives the target what its
// version does not know yet.
func (p *player) play(c *script.Command) string {
	if only := c.TextOr("only", p.name); only != p.name {
		return c.Skip()
	}
	if c.Has("since") && p.version.Before(version(c, c.Text("since"))) {
		if c.Name == "serve" {
			p.t.Skipf("%s: not for this version", c.Pos)
		}
		return c.Skip()
	}
	return forgive(p.version, c.Expected, p.run(c))
}

func version(c *script.Command, text string) Version {
	var v Version
	if _, err := fmt.Sscanf(text, "%d.%d.%d", &v[0], &v[1], &v[2]); err != nil {
		c.Fatalf("version %q: want 3.9.0", text)
	}
	return v
}

func (p *player) run(c *script.Command) string {
	if c.Name != "serve" && p.target == nil {
		c.Fatalf("a script starts its servers first: serve")
	}
	switch c.Name {
	case "serve":
		return p.serve(c)
	case "connect":
		return p.connect(c)
	case "disconnect":
		by := p.by(c)
		by.conn.Close()
		by.over = true
		return ""
	case "replies":
		return p.replies(c, p.by(c))
	case "events":
		return p.events(c, p.by(c))
	case "end":
		return p.end(p.by(c))
	case "sleep":
		return p.sleep(c)
	case "kill":
		p.target.Kill(int(c.IntWord("a server")))
		return ""
	case "start":
		p.target.Start(int(c.IntWord("a server")))
		return p.ready()
	case "pause":
		p.target.Pause(int(c.IntWord("a server")))
		return ""
	case "resume":
		p.target.Resume(int(c.IntWord("a server")))
		return ""
	case "ready":
		return p.ready()
	case "raw":
		return p.raw(c)
	case "word":
		return p.word(c)
	}
	return p.operate(c)
}

func (p *player) ready() string {
	if err := p.target.Ready(); err != nil {
		p.t.Fatal(err)
	}
	return ""
}

func (p *player) serve(c *script.Command) string {
	s := Setup{Servers: 1, Features: map[string]bool{}}
	for _, word := range c.Words() {
		if _, err := fmt.Sscanf(word, "%d", &s.Servers); err == nil {
			continue
		}
		if !slices.Contains(features, word) {
			c.Fatalf("serve knows no feature %q", word)
		}
		s.Features[word] = true
	}
	s.Tick = c.DurationOr("tick", 200*time.Millisecond)
	s.MinSession, s.MaxSession = c.DurationOr("min", 0), c.DurationOr("max", time.Minute)
	s.ContainerCheck, s.MaxNeverUsed = c.DurationOr("containers", 0), c.DurationOr("never-used", 0)
	s.MaxClients, s.MaxConnections = int(c.IntOr("clients", 0)), int(c.IntOr("connections", 0))
	s.Super, s.Observers = c.TextOr("super", ""), int(c.IntOr("observers", 0))
	target, err := p.launch(s)
	if err != nil {
		p.t.Fatal(err)
	}
	p.target, p.started = target, target.Millis()
	return p.ready()
}

// by is the client a command names, "a" by default.
func (p *player) by(c *script.Command) *client {
	name := c.TextOr("by", "a")
	k := p.clients[name]
	if k == nil {
		c.Fatalf("there is no connection %q", name)
	}
	return k
}

func (p *player) sleep(c *script.Command) string {
	left, keep := time.Duration(0), c.Values("ping")
	left, err := time.ParseDuration(c.Word("a duration"))
	if err != nil {
		c.Fatalf("%v", err)
	}
	for left > 0 {
		slice := min(left, 100*time.Millisecond)
		p.target.Sleep(slice)
		left -= slice
		for _, name := range keep {
			k := p.clients[name]
			ping, _ := operationNamed("ping")
			p.send(k, ping, xidPing, nil)
			k.noise = append(k.noise, p.await(k, false)...)
		}
	}
	return ""
}

// raw sends a frame given in hexadecimal digits and shows what comes of it.
func (p *player) raw(c *script.Command) string {
	k := p.by(c)
	var frame []byte
	for _, word := range c.Words() {
		var part []byte
		if _, err := fmt.Sscanf(word, "%x", &part); err != nil {
			c.Fatalf("%q: %v", word, err)
		}
		frame = append(frame, part...)
	}
	k.conn.Send(frame)
	answer, err := k.conn.Receive(patience)
	if err != nil {
		return err.Error()
	}
	r := &reader{b: answer}
	return fmt.Sprintf("xid=%d %s %s", r.int(), p.zxid(r.long()), errorName(r.int()))
}

// word sends a four-letter word on a connection of its own. With keys, only the names
// of the answer's lines are shown, with fields the names in them; match picks lines.
func (p *player) word(c *script.Command) string {
	word := c.Word("a four-letter word")
	conn, err := p.target.Dial(int(c.IntOr("server", 1)))
	if err != nil {
		c.Skip()
		return err.Error()
	}
	defer conn.Close()
	conn.Word(word)
	text, err := conn.Rest(patience)
	if err != nil {
		return err.Error()
	}
	if text == "" {
		return "nothing"
	}
	for _, id := range p.sessions {
		text = strings.ReplaceAll(text, fmt.Sprintf("%#x", uint64(id)), p.session(id))
	}
	return selected(c, p.target.Anonymous(text))
}

// noise are the values of fields, addresses, and in brackets behind them what the socket
// waits for at that moment.
var noise = regexp.MustCompile(`=[^,)]*|/[0-9.:]+(\[\d\])?`)

func selected(c *script.Command, text string) string {
	keys, fields, sorted := c.Flag("keys"), c.Flag("fields"), c.Flag("sorted")
	pattern := regexp.MustCompile(c.TextOr("match", ""))
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n ")
		if !pattern.MatchString(line) {
			continue
		}
		if fields {
			line = noise.ReplaceAllString(line, "")
		}
		if keys {
			line, _, _ = strings.Cut(line, "\t")
			line, _, _ = strings.Cut(line, ":")
			line, _, _ = strings.Cut(line, "=")
		}
		lines = append(lines, line)
	}
	if sorted {
		slices.Sort(lines)
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}
