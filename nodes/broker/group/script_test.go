package group

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/internal/script"
	"github.com/stampede-sim/stampede/internal/script/scripttest"
	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// TestScripts plays the stories in testdata, about one group g. A trace line is
// "** fact" for what the coordinator states and "name <- answer" for what a member is
// told.
//
//	lead epoch=E / resign epoch=E                  the partition of the topic of offsets changes hands
//	join NAME [instance=I] [offers=(range,…)] [says=…] [session=10s] [rebalance=30s] [version=N]
//	sync NAME [generation=G] [shares=(a:x,b:y)]    the leader brings the shares
//	beat NAME [generation=G]
//	leave NAME
//	commit NAME OFFSET [generation=G]              of t-0; NAME nobody is in no group
//	offset                                         the committed one of t-0
//	wait DURATION
//	appends hold / ok / lost CODE                  what becomes of writes to the log from now on
//	release [CODE]                                 answer the held ones
//	log                                            the records that there are
//	describe
func TestScripts(t *testing.T) {
	scripttest.Walk(t, "testdata", func(t *testing.T, path string) {
		p := newPlay()
		scripttest.Run(t, path, func(t *testing.T, c *script.Command) string { return p.run(c) })
	})
}

func (p *play) run(c *script.Command) string {
	switch c.Name {
	case "lead":
		p.c.Elected(0, int32(c.Int("epoch")))
	case "resign":
		p.c.Resigned(0, int32(c.Int("epoch")))
	case "join":
		p.scriptJoin(c)
	case "sync":
		who := p.person(c.Word("name"))
		shares := map[string]string{}
		for _, s := range c.Values("shares") {
			name, share, _ := strings.Cut(s, ":")
			shares[name] = share
		}
		p.sync(who, int32(c.IntOr("generation", int64(who.generation))), shares)
	case "beat":
		who := p.person(c.Word("name"))
		p.beat(who, int32(c.IntOr("generation", int64(who.generation))))
	case "leave":
		p.leave(p.person(c.Word("name")))
	case "commit":
		who := p.person(c.Word("name"))
		at := c.IntWord("offset")
		p.commit(who, int32(c.IntOr("generation", int64(who.generation))), at, func(code wire.ErrorCode) {
			p.say("%s <- commit %d: %v", who.name, at, code)
		})
	case "wait":
		d, err := time.ParseDuration(c.Word("duration"))
		if err != nil {
			c.Fatalf("%v", err)
		}
		p.wait(d)
	case "appends":
		p.appends(c)
	case "release":
		p.release(wire.ErrorCode(c.IntOr("code", 0)))
	default:
		return p.look(c)
	}
	return p.told()
}

func (p *play) scriptJoin(c *script.Command) {
	who := p.person(c.Word("name"))
	if c.Has("instance") {
		who.instance = kmsg.StringPtr(c.Text("instance"))
	}
	o := joinOptions{says: c.TextOr("says", ""), session: c.DurationOr("session", 10*time.Second), rebalance: c.DurationOr("rebalance", 30*time.Second)}
	o.version, o.offers = int16(c.IntOr("version", 5)), c.Values("offers")
	if o.offers == nil {
		o.offers = []string{"range"}
	}
	p.join(who, o)
}

func (p *play) appends(c *script.Command) {
	p.hold, p.lost, p.fail = false, false, wire.OK
	switch how := c.Word("how"); how {
	case "hold":
		p.hold = true
	case "lost":
		p.lost, p.fail = true, wire.ErrorCode(c.Int("code"))
	case "unknown": // in the log, and yet answered by an error
		p.fail = wire.ErrorCode(c.Int("code"))
	case "ok":
	default:
		c.Fatalf("appends are not %s", how)
	}
}

// look answers questions.
func (p *play) look(c *script.Command) string {
	switch c.Name {
	case "offset":
		at, code := p.offset()
		if code != wire.OK {
			return code.String()
		}
		return fmt.Sprint(at)
	case "log":
		return p.alias(p.records(c))
	case "describe":
		r := kmsg.NewPtrDescribeGroupsRequest()
		r.Groups = []string{"g"}
		var b strings.Builder
		p.c.Serve(Client{}, r, func(a kmsg.Response) {
			g := a.(*kmsg.DescribeGroupsResponse).Groups[0]
			fmt.Fprintf(&b, "%v %s %q %q", wire.ErrorCode(g.ErrorCode), g.State, g.ProtocolType, g.Protocol)
			for _, m := range g.Members {
				fmt.Fprintf(&b, "\n%s says %q has %q", m.MemberID, m.ProtocolMetadata, m.MemberAssignment)
			}
		})
		return p.alias(b.String())
	}
	return c.Unknown()
}

// records prints the log.
func (p *play) records(c *script.Command) string {
	var b strings.Builder
	for _, each := range p.log {
		h := newHistory()
		records := each.Records()
		for rec := (batch.Record{}); records.Next(&rec); {
			if err := h.take(&rec); err != nil {
				c.Fatalf("%v", err)
			}
			switch {
			case rec.Value == nil:
				fmt.Fprintf(&b, "%d tombstone of %q\n", rec.Offset, rec.Key)
			case h.groups["g"] != nil:
				v := h.groups["g"]
				fmt.Fprintf(&b, "%d group of generation %d:", rec.Offset, v.Generation)
				for _, m := range v.Members {
					fmt.Fprintf(&b, " %s=%s", m.MemberID, m.Assignment)
				}
				b.WriteString("\n")
			default:
				fmt.Fprintf(&b, "%d offset %d\n", rec.Offset, h.offsets["g"][partition{"t", 0}].at)
			}
		}
	}
	return b.String()
}
