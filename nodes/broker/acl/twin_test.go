package acl

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"
)

// twin decides by reading a list of bindings, once for each way to be allowed.
type twin struct {
	cfg  Config
	list []Binding
}

func (w twin) about(who Who, on Type, name string) (all []Binding) {
	for _, b := range w.list {
		literal := b.Pattern == kmsg.ACLResourcePatternTypeLiteral && (b.Name == name || b.Name == "*")
		prefix := b.Pattern == kmsg.ACLResourcePatternTypePrefixed && strings.HasPrefix(name, b.Name)
		if b.Type == on && (literal || prefix) {
			all = append(all, b)
		}
	}
	return all
}

func (w twin) has(all []Binding, who Who, permission Permission, ops ...Operation) bool {
	for _, b := range all {
		for _, op := range ops {
			if b.Permission == permission && (b.Operation == op || b.Operation == kmsg.ACLOperationAll) &&
				(b.Principal == who.Principal || b.Principal == "User:*") && (b.Host == who.Host || b.Host == "*") {
				return true
			}
		}
	}
	return false
}

func (w twin) allows(who Who, op Operation, on Type, name string) bool {
	all := w.about(who, on, name)
	enough := []Operation{op}
	if op == kmsg.ACLOperationDescribe {
		enough = append(enough, kmsg.ACLOperationRead, kmsg.ACLOperationWrite, kmsg.ACLOperationDelete, kmsg.ACLOperationAlter)
	}
	if op == kmsg.ACLOperationDescribeConfigs {
		enough = append(enough, kmsg.ACLOperationAlterConfigs)
	}
	switch {
	case slices.Contains(w.cfg.SuperUsers, who.Principal):
		return true
	case len(all) == 0:
		return w.cfg.OpenByDefault
	}
	return !w.has(all, who, kmsg.ACLPermissionTypeDeny, op) && w.has(all, who, kmsg.ACLPermissionTypeAllow, enough...)
}

var (
	drawPrincipal = rapid.SampledFrom([]string{"User:a", "User:b", "User:*", "User:root"})
	drawHost      = rapid.SampledFrom([]string{"10.0.0.1", "10.0.0.2", "*"})
	drawName      = rapid.SampledFrom([]string{"o", "or", "orders", "orders-2", "p", "*"})
	drawOperation = rapid.SampledFrom([]Operation{
		kmsg.ACLOperationAll, kmsg.ACLOperationRead, kmsg.ACLOperationWrite, kmsg.ACLOperationDescribe, kmsg.ACLOperationAlter,
		kmsg.ACLOperationDescribeConfigs, kmsg.ACLOperationAlterConfigs,
	})
	drawType    = rapid.SampledFrom([]Type{kmsg.ACLResourceTypeTopic, kmsg.ACLResourceTypeTopic, kmsg.ACLResourceTypeGroup})
	drawBinding = rapid.Custom(func(t *rapid.T) Binding {
		return Binding{
			Resource{
				drawType.Draw(t, "type"), drawName.Draw(t, "name"),
				rapid.SampledFrom([]Pattern{kmsg.ACLResourcePatternTypeLiteral, kmsg.ACLResourcePatternTypePrefixed}).Draw(t, "pattern"),
			},
			Entry{
				drawPrincipal.Draw(t, "principal"), drawHost.Draw(t, "host"), drawOperation.Draw(t, "operation"),
				rapid.SampledFrom([]Permission{kmsg.ACLPermissionTypeDeny, kmsg.ACLPermissionTypeAllow, kmsg.ACLPermissionTypeAllow}).Draw(t, "permission"),
			},
		}
	})
	drawWho = rapid.Custom(func(t *rapid.T) Who {
		return Who{
			rapid.SampledFrom([]string{"User:a", "User:b", "User:root", "User:ANONYMOUS"}).Draw(t, "who"),
			rapid.SampledFrom([]string{"10.0.0.1", "10.0.0.3"}).Draw(t, "where"),
		}
	})
)

func kept(cfg Config, list []Binding) *Rules {
	r := New(cfg)
	for _, b := range list {
		r.Put(b.Resource, Set(append(slices.Clone(r.Of(b.Resource)), b.Entry)))
	}
	return r
}

// TestTwin: the tables decide as a list that is read from end to end.
func TestTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := twin{Config{SuperUsers: []string{"User:root"}, OpenByDefault: rapid.Bool().Draw(t, "open")}, rapid.SliceOfN(drawBinding, 0, 8).Draw(t, "list")}
		rules := kept(w.cfg, w.list)
		who, op, on := drawWho.Draw(t, "asks"), drawOperation.Draw(t, "for"), drawType.Draw(t, "on")
		name := rapid.SampledFrom([]string{"o", "orders", "orders-2", "p", "q"}).Draw(t, "of")
		if got, want := rules.Allows(who, op, on, name), w.allows(who, op, on, name); got != want {
			t.Fatalf("%v %s on %s: %t, want %t", who, OperationName(op), name, got, want)
		}
	})
}

// TestAnyTwin: that there can be a resource is what trying names finds out: every name that
// a binding has, each of those with a tail that no other binding has, and one that none has.
func TestAnyTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := twin{Config{SuperUsers: []string{"User:root"}}, rapid.SliceOfN(drawBinding, 0, 8).Draw(t, "list")}
		w.list = slices.DeleteFunc(w.list, func(b Binding) bool { return b.Pattern == kmsg.ACLResourcePatternTypePrefixed && b.Name == "*" })
		rules := kept(w.cfg, w.list)
		who, on := drawWho.Draw(t, "asks"), drawType.Draw(t, "on")
		op := rapid.SampledFrom([]Operation{kmsg.ACLOperationRead, kmsg.ACLOperationWrite}).Draw(t, "for")
		want := w.allows(who, op, on, "nobody-names-it")
		for _, b := range w.list {
			if b.Name != "*" {
				want = want || w.allows(who, op, on, b.Name) || w.allows(who, op, on, b.Name+"~")
			}
		}
		if got := rules.AllowsAny(who, op, on); got != want {
			t.Fatalf("%v %s on any: %t, want %t", who, OperationName(op), got, want)
		}
	})
}

// TestKafkasExamples are those of the documentation and of KIP-290.
func TestKafkasExamples(t *testing.T) {
	topic := func(name string, p Pattern) Resource { return Resource{kmsg.ACLResourceTypeTopic, name, p} }
	allow := func(who string, op Operation) Entry { return Entry{who, "*", op, kmsg.ACLPermissionTypeAllow} }
	deny := func(who string, op Operation) Entry { return Entry{who, "*", op, kmsg.ACLPermissionTypeDeny} }
	const literal, prefixed = kmsg.ACLResourcePatternTypeLiteral, kmsg.ACLResourcePatternTypePrefixed
	for _, c := range []struct {
		name string
		list []Binding
		op   Operation
		want bool
	}{
		{"nothing is kept", nil, kmsg.ACLOperationRead, false},
		{"of another operation", []Binding{{topic("t1", literal), allow("User:a", kmsg.ACLOperationRead)}}, kmsg.ACLOperationWrite, false},
		{"who reads may describe", []Binding{{topic("t1", literal), allow("User:a", kmsg.ACLOperationRead)}}, kmsg.ACLOperationDescribe, true},
		{"who may create may not describe", []Binding{{topic("t1", literal), allow("User:a", kmsg.ACLOperationCreate)}}, kmsg.ACLOperationDescribe, false},
		{"a denied read denies no description", []Binding{{topic("t1", literal), allow("User:a", kmsg.ACLOperationWrite)}, {topic("t1", literal), deny("User:a", kmsg.ACLOperationRead)}}, kmsg.ACLOperationDescribe, true},
		{"a deny of all topics outweighs", []Binding{{topic("t1", literal), allow("User:a", kmsg.ACLOperationRead)}, {topic("*", literal), deny("User:a", kmsg.ACLOperationRead)}}, kmsg.ACLOperationRead, false},
		{"a deny of a prefix outweighs", []Binding{{topic("t1", literal), allow("User:*", kmsg.ACLOperationAll)}, {topic("t", prefixed), deny("User:a", kmsg.ACLOperationRead)}}, kmsg.ACLOperationRead, false},
		{"a prefix", []Binding{{topic("t", prefixed), allow("User:a", kmsg.ACLOperationRead)}}, kmsg.ACLOperationRead, true},
		{"a literal is no prefix", []Binding{{topic("t", literal), allow("User:a", kmsg.ACLOperationRead)}}, kmsg.ACLOperationRead, false},
	} {
		if got := kept(Config{}, c.list).Allows(Who{"User:a", "10.0.0.1"}, c.op, kmsg.ACLResourceTypeTopic, "t1"); got != c.want {
			t.Errorf("%s: %t, want %t", c.name, got, c.want)
		}
	}
}

// TestFilters: which of three patterns a filter chooses.
func TestFilters(t *testing.T) {
	patterns := []Resource{
		{kmsg.ACLResourceTypeTopic, "orders", kmsg.ACLResourcePatternTypeLiteral},
		{kmsg.ACLResourceTypeTopic, "ord", kmsg.ACLResourcePatternTypePrefixed},
		{kmsg.ACLResourceTypeTopic, "*", kmsg.ACLResourcePatternTypeLiteral},
		{kmsg.ACLResourceTypeGroup, "orders", kmsg.ACLResourcePatternTypeLiteral},
	}
	name := "orders"
	for _, c := range []struct {
		f    Filter
		want string
	}{
		{Filter{Type: kmsg.ACLResourceTypeAny, Pattern: kmsg.ACLResourcePatternTypeAny}, "[0 1 2 3]"},
		{Filter{Type: kmsg.ACLResourceTypeTopic, Name: &name, Pattern: kmsg.ACLResourcePatternTypeMatch}, "[0 1 2]"},
		{Filter{Type: kmsg.ACLResourceTypeTopic, Name: &name, Pattern: kmsg.ACLResourcePatternTypeLiteral}, "[0]"},
		{Filter{Type: kmsg.ACLResourceTypeAny, Name: &name, Pattern: kmsg.ACLResourcePatternTypeAny}, "[0 3]"},
		{Filter{Type: kmsg.ACLResourceTypeTopic, Pattern: kmsg.ACLResourcePatternTypePrefixed}, "[1]"},
	} {
		var got []int
		for i, p := range patterns {
			if c.f.Chooses(p) {
				got = append(got, i)
			}
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%+v chooses %v, want %s", c.f, got, c.want)
		}
		for _, at := range c.f.Exact() {
			if !c.f.Chooses(at) {
				t.Errorf("%+v names %v and does not choose it", c.f, at)
			}
		}
	}
}
