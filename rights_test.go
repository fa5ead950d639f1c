package stampede

import (
	"fmt"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/checkers/rights"
	"github.com/stampede-sim/stampede/nodes/broker/acl"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Brokers and their judge have each their own idea of entries. They must be the same: the
// judge finds nothing in what a broker decides, and something in the opposite.
func TestBrokersAndJudgesReadEntriesAlike(t *testing.T) {
	names := []string{"o", "or", "orders", "p", "*"}
	genBinding := rapid.Custom(func(t *rapid.T) acl.Binding {
		return acl.Binding{
			Resource: acl.Resource{
				Type: rapid.SampledFrom([]acl.Type{kmsg.ACLResourceTypeTopic, kmsg.ACLResourceTypeGroup}).Draw(t, "type"),
				Name: rapid.SampledFrom(names).Draw(t, "name"), Pattern: rapid.SampledFrom(acl.Patterns).Draw(t, "pattern"),
			},
			Entry: acl.Entry{
				Principal:  rapid.SampledFrom([]string{"User:a", "User:b", acl.Everybody}).Draw(t, "principal"),
				Host:       rapid.SampledFrom([]string{"10.0.0.1", "10.0.0.2", "*"}).Draw(t, "host"),
				Operation:  acl.Operation(rapid.IntRange(2, 11).Draw(t, "operation")),
				Permission: rapid.SampledFrom([]acl.Permission{acl.Deny, acl.Allow, acl.Allow}).Draw(t, "permission"),
			},
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		open := rapid.Bool().Draw(t, "open")
		list := slices.DeleteFunc(rapid.SliceOfN(genBinding, 0, 8).Draw(t, "list"), func(b acl.Binding) bool { return b.Pattern == acl.Prefixed && b.Name == "*" })
		rules := acl.New(acl.Config{SuperUsers: []string{"User:root"}, OpenByDefault: open})
		for _, b := range list {
			rules.Put(b.Resource, acl.Set(append(slices.Clone(rules.Of(b.Resource)), b.Entry)))
		}
		who := acl.Who{Principal: rapid.SampledFrom([]string{"User:a", "User:b", "User:root"}).Draw(t, "asks"), Host: "10.0.0.1"}
		op, anyOne := acl.Operation(rapid.IntRange(3, 11).Draw(t, "for")), rapid.Bool().Draw(t, "any")
		name := rapid.SampledFrom([]string{"o", "orders", "ordinary", "p", "q"}).Draw(t, "of")
		allowed := false
		if anyOne {
			name = ""
			op = rapid.SampledFrom([]acl.Operation{kmsg.ACLOperationRead, kmsg.ACLOperationWrite}).Draw(t, "for any")
			allowed = rules.AllowsAny(who, op, kmsg.ACLResourceTypeTopic)
		} else {
			allowed = rules.Allows(who, op, kmsg.ACLResourceTypeTopic, name)
		}
		for _, answer := range []bool{allowed, !allowed} {
			judge := informed(rules, open)
			e := node.Event{Kind: facts.AccessDecided, Text: name, Body: &facts.Asker{Principal: who.Principal, Host: who.Host, AnyResource: anyOne}, N: [4]int64{int64(op), int64(kmsg.ACLResourceTypeTopic)}}
			if answer {
				e.N[3] = 1
			}
			judge.Observe(2, 0, 1, e)
			if (judge.Finding() == nil) != (answer == allowed) {
				t.Fatalf("a broker that decides %t says %t, and the judge finds %v", allowed, answer, judge.Finding())
			}
		}
	})
}

// informed is a judge that knows what a broker does.
func informed(rules *acl.Rules, open bool) *rights.Checker {
	judge := rights.New(rights.Config{Brokers: []rights.Broker{{Node: 1, Name: "b1"}}, Super: []string{"User:root"}, Open: open})
	for i, at := range rules.Resources() {
		judge.Committed(1, 0, &wire.Txn{Zxid: wire.Zxid(i + 1), Body: &wire.CreateTxn{Path: znodes.ACLPath(at), Data: znodes.EncodeACL(rules.Of(at))}})
		body := &facts.Entries{Type: int8(at.Type), Name: at.Name, Prefixed: at.Pattern == acl.Prefixed}
		for _, e := range rules.Of(at) {
			body.Entries = append(body.Entries, facts.Entry{Principal: e.Principal, Host: e.Host, Operation: int8(e.Operation), Permission: int8(e.Permission)})
		}
		judge.Observe(1, 0, 1, node.Event{Kind: facts.EntriesCached, Text: at.String(), Body: body, N: [4]int64{0, int64(i + 1)}})
	}
	if judge.Finding() != nil {
		panic(fmt.Sprint("the judge does not believe a broker: ", judge.Finding()))
	}
	return judge
}
