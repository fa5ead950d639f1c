package history

import (
	"fmt"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// ClaimKind says what a client believes.
type ClaimKind string

// Claims of recipes. What a claim is about is its Path, what it rests on its Zxid.
const (
	// Acquired: the client holds a lock or leads, by its znode Node; Token fences.
	Acquired ClaimKind = "acquired"
	// Released: it is about to give that up. Lost: it learnt that its session was
	// over while it believed to hold it.
	Released ClaimKind = "released"
	Lost     ClaimKind = "lost"
	// GaveUp: it stopped waiting, and has left nothing behind.
	GaveUp ClaimKind = "gave-up"
	// Wrote and Refused: the fenced resource took what Token vouched for, or did not.
	Wrote   ClaimKind = "wrote"
	Refused ClaimKind = "refused"
	// Unsure: a write that ends the recipe was lost, and nobody can tell the client
	// what became of it.
	Unsure ClaimKind = "unsure"

	// Offered and Took: Node is an element of a queue, Values what it holds.
	Offered ClaimKind = "offered"
	Took    ClaimKind = "took"
	// Passed: a barrier was gone. Entered: N clients had come to a double barrier.
	// Left: all who had come were done.
	Passed  ClaimKind = "passed"
	Entered ClaimKind = "entered"
	Left    ClaimKind = "left"
	// Published: version N of a configuration is complete. Superseded: it never will
	// be, as another client publishes. Configured: Values are the parts of a whole one.
	Published  ClaimKind = "published"
	Superseded ClaimKind = "superseded"
	Configured ClaimKind = "configured"
	// Counted: the client raised a counter to N. Transferred: it moved N. Audited: N is
	// what all accounts hold.
	Counted     ClaimKind = "counted"
	Transferred ClaimKind = "transferred"
	Audited     ClaimKind = "audited"
	// Decided: Values is what a transaction of N sites came to.
	Decided ClaimKind = "decided"
	// Joined: Node is a member of a group. Cached: Values are its members with what
	// they say of themselves, "name=value" in order; of a mirror, every znode of a tree
	// with the zxid at which its data was written, "path=zxid" in order.
	Joined ClaimKind = "joined"
	Cached ClaimKind = "cached"
)

// Claim is what a client that follows a recipe concluded from what it read. It may be
// wrong: judges hold it against the state that it rests on.
type Claim struct {
	At      time.Duration
	Client  int
	Session int64
	// Step is the ID of the recipe step in the plan, Recipe the step's function.
	Step   int
	Recipe F
	Kind   ClaimKind
	// Path is the znode that the recipe is about, Node the one in question below it.
	Path, Node string
	// Zxid is that of the reply or event which the claim rests on.
	Zxid wire.Zxid
	// Token is the fencing token, N a number and Values data that the claim is about.
	Token  wire.Zxid
	N      int
	Values []string
}

// claimLine is a claim as a line of JSON.
type claimLine struct {
	Type    string        `json:"type"`
	At      time.Duration `json:"at"`
	Client  int           `json:"client"`
	Session int64         `json:"session,omitempty"`
	Step    int           `json:"step"`
	Recipe  F             `json:"recipe"`
	Kind    ClaimKind     `json:"kind"`
	Path    string        `json:"path"`
	Node    string        `json:"node,omitempty"`
	Zxid    zxid          `json:"zxid,omitempty"`
	Token   zxid          `json:"token,omitempty"`
	N       int           `json:"n,omitempty"`
	Values  []text        `json:"values,omitempty"`
}

// Claim writes one claim.
func (e *Encoder) Claim(c *Claim) error {
	l := claimLine{
		Type: "claim", At: c.At, Client: c.Client, Session: c.Session, Step: c.Step, Recipe: c.Recipe,
		Kind: c.Kind, Path: c.Path, Node: c.Node, Zxid: zxid(c.Zxid), Token: zxid(c.Token), N: c.N,
	}
	for _, v := range c.Values {
		l.Values = append(l.Values, text(v))
	}
	return e.write(l)
}

func lineToClaim(l *claimLine) (*Claim, error) {
	c := &Claim{
		At: l.At, Client: l.Client, Session: l.Session, Step: l.Step, Recipe: l.Recipe,
		Kind: l.Kind, Path: l.Path, Node: l.Node, Zxid: wire.Zxid(l.Zxid), Token: wire.Zxid(l.Token), N: l.N,
	}
	for _, v := range l.Values {
		c.Values = append(c.Values, string(v))
	}
	return c, nil
}

// edn renders the claim as an event for Jepsen's tools.
func (c *Claim) edn(index int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "{:type :info, :f :%s-%s, :value [%s", c.Recipe, c.Kind, ednString(c.Path))
	for _, v := range append([]string{c.Node}, c.Values...) {
		b.WriteString(" " + ednString(v))
	}
	fmt.Fprintf(&b, "], :process :client-%d, :time %d, :index %d, :step %d", c.Client, int64(c.At), index, c.Step)
	if c.Token != 0 {
		fmt.Fprintf(&b, ", :token %d", int64(c.Token))
	}
	if c.N != 0 {
		fmt.Fprintf(&b, ", :n %d", c.N)
	}
	fmt.Fprintf(&b, ", :session %d, :zxid %q}", c.Session, c.Zxid.String())
	return b.String()
}
