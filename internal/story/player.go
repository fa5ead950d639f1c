package story

import (
	"strings"

	"github.com/stampede-sim/stampede/checkers/guarantee"
	"github.com/stampede-sim/stampede/internal/script"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// Player plays one story.
type Player struct {
	bugs    bugs.Set
	cluster *cluster // nil before start
	// past are the commands so far, for a play from the beginning.
	past []*script.Command
	// told are the lines that the present command has come to, each once.
	told []string
	// stuck is why the cluster did not settle, nil if it did. broken is what ended the
	// story, nil if nothing has.
	stuck, broken *guarantee.Finding
}

// New makes a player, whose servers have some planted bugs.
func New(planted bugs.Set) *Player { return &Player{bugs: planted} }

// Close ends the story's world.
func (p *Player) Close() {
	if p.cluster != nil {
		p.cluster.world.Close()
	}
}

// Play plays one command and returns what is told of it. A violation ends the story,
// because servers without bugs have none.
func (p *Player) Play(c *script.Command) string {
	if c.Name == "again" {
		return p.again(c)
	}
	p.past = append(p.past, c)
	p.do(c)
	if f := p.finding(); f != nil {
		p.broken = f
		c.Fatalf("%s is broken: %s\n%s", f.Guarantee, f.Explanation, strings.Join(append(p.told, f.Evidence...), "\n"))
	}
	return strings.Join(p.told, "\n")
}

// Broken is what ended the story, nil if no guarantee fell.
func (p *Player) Broken() *guarantee.Finding { return p.broken }

// Last is the last command that was begun, as it is written, and what has been told of it;
// "" before the first.
func (p *Player) Last() (line string, told []string) {
	if len(p.past) > 0 {
		line = p.past[len(p.past)-1].Line
	}
	return line, p.told
}

// do plays a command in the present world.
func (p *Player) do(c *script.Command) {
	p.told = nil
	if p.cluster == nil && c.Name != "start" {
		c.Fatalf("a story begins with the command start")
	}
	for _, v := range Commands {
		if v.Name == c.Name {
			v.play(p, c)
			return
		}
	}
	c.Unknown()
}

// tell adds a line to what is told of the present command, unless it is there.
func (p *Player) tell(line string) {
	for _, said := range p.told {
		if said == line {
			return
		}
	}
	p.told = append(p.told, line)
}

// finding is what a judge has found, or how a process failed; nil if all is well.
func (p *Player) finding() *guarantee.Finding {
	if f := p.cluster.world.Failure(); f != nil {
		return &guarantee.Finding{Guarantee: "no-panic", Explanation: f.Name + " panicked: " + f.Reason, Evidence: []string{f.Stack}}
	}
	if f := p.cluster.finding(); f != nil {
		return f
	}
	return p.stuck
}
