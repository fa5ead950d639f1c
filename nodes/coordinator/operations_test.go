package coordinator_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator"
	"github.com/stampede-sim/stampede/nodes/coordinator/admin"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// operator is a node that puts one word to each server in turn, at once.
type operator struct {
	node.Base
	word    string
	servers []node.ID
	of      map[node.ConnID]node.ID
	said    map[node.ID]string
}

func (o *operator) Boot(env node.Env) {
	for _, s := range o.servers {
		c := env.Dial(s, wire.ClientPort)
		o.of[c] = s
		env.Send(c, &wire.Word{Text: o.word})
	}
}

func (o *operator) Receive(c node.ConnID, m node.Message) {
	o.said[o.of[c]] += m.(*wire.WordReply).Text
}

func (o *operator) Decode(_ node.ConnID, frame []byte) (node.Message, error) {
	return wire.DecodeWordReply(frame), nil
}

// ask puts a word to every server and returns the answers by server.
func ask(w *sim.World, servers []node.ID, word string) map[node.ID]string {
	o := &operator{word: word, servers: servers, of: map[node.ConnID]node.ID{}, said: map[node.ID]string{}}
	w.Start(w.Add("ask-"+word+"-"+w.Now().String(), "operator", func() node.Node { return o }))
	w.Run(w.Now() + 100*time.Millisecond)
	return o.said
}

// wordWorld is an ensemble of three whose messages pass through their encoding.
func wordWorld(t *testing.T, allowed admin.Whitelist) (*sim.World, []node.ID) {
	w := sim.NewWorld(sim.Config{Seed: 1, Wire: true})
	t.Cleanup(w.Close)
	members := []coordinator.Member{{Sid: 1, Node: 0}, {Sid: 2, Node: 1}, {Sid: 3, Node: 2, Observer: true}}
	var ids []node.ID
	for _, m := range members {
		cfg := coordinator.Config{Sid: m.Sid, Members: members, Tick: 200 * time.Millisecond, FourLetterWords: allowed}
		id := w.Add("zk"+string(rune('0'+m.Sid)), "zk", func() node.Node { return coordinator.New(cfg) })
		ids = append(ids, id)
		w.Start(id)
	}
	return w, ids
}

// TestOperatorsAskServers: before there is a leader most words have no answer; then
// each server tells its own role.
func TestOperatorsAskServers(t *testing.T) {
	w, ids := wordWorld(t, admin.Words)
	if said := ask(w, ids, "srvr"); !strings.Contains(said[0], "not currently serving") {
		t.Errorf("without a leader: %q", said)
	}
	w.Run(3 * time.Second)
	said := ask(w, ids, "srvr")
	for id, mode := range map[node.ID]string{0: "follower", 1: "leader", 2: "observer"} {
		if !strings.Contains(said[id], "Mode: "+mode+"\n") || !strings.Contains(said[id], "Node count: 5\n") {
			t.Errorf("server %d is the %s and says %q", id, mode, said[id])
		}
	}
	if said := ask(w, ids, "ruok"); said[0] != "imok" || said[1] != "imok" || said[2] != "imok" {
		t.Errorf("ruok: %q", said)
	}
	mntr := ask(w, ids, "mntr")
	if !strings.Contains(mntr[1], "zk_synced_followers\t1\n") || !strings.Contains(mntr[1], "zk_synced_observers\t1\n") {
		t.Errorf("the leader counts %s", mntr[1])
	}
	// Every word was one packet in, the first answer of this life is not counted yet.
	if before, after := ask(w, ids, "srst"), ask(w, ids, "srvr"); !strings.Contains(before[0], "reset") || !strings.Contains(after[0], "Received: 1\n") {
		t.Errorf("after a reset: %q", after)
	}
}

// TestWhitelistRefuses: by default only srvr is answered.
func TestWhitelistRefuses(t *testing.T) {
	w, ids := wordWorld(t, nil)
	w.Run(3 * time.Second)
	if said := ask(w, ids, "mntr"); said[0] != "mntr is not executed because it is not in the whitelist.\n" {
		t.Errorf("mntr: %q", said[0])
	}
	if said := ask(w, ids, "srvr"); !strings.HasPrefix(said[0], "Zookeeper version: ") {
		t.Errorf("srvr: %q", said[0])
	}
}
