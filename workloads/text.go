package workloads

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// A plan line reads
//
//	op 17 c3 1.204s cas /r/2 value=c3.17 version=seen
//	op 18 c3 1.21s multi [check /r/2 version=seen] [write /r/0 value=c3.18.1] pipelined
//	op 19 c1 2s hang for=3s
//	op 20 c1 5s get /r/2 watch
//	op 21 c1 6s add-watch /r kind=recursive
//
// setData is written write if it is unconditional and cas if not, as Jepsen does.

// verb is one word for what an operation does, with the arguments it takes.
type verb struct {
	name                              string
	f                                 history.F
	path, value, version, mode, watch bool
	kinds                             []string // what it may watch, by number
	parts, hangs, inMulti             bool
	asks                              bool // of a server, a word that is the value
	inRead                            bool // may be part of a multi-read
	conditional/* version is not Any */ bool
	acl    bool
	recipe string // the arguments that a recipe step takes, in words
	// topic: the path is a topic or partitions; logs are the arguments that an
	// operation on brokers takes, in words.
	topic bool
	logs  string
}

var verbs = slices.Concat([]verb{
	{name: "create", f: history.Create, path: true, value: true, mode: true, acl: true, inMulti: true},
	{name: "delete", f: history.Delete, path: true, version: true, inMulti: true},
	{name: "write", f: history.Set, path: true, value: true, inMulti: true},
	{name: "cas", f: history.Set, path: true, value: true, version: true, conditional: true, inMulti: true},
	{name: "check", f: history.Check, path: true, version: true, inMulti: true},
	{name: "set-acl", f: history.SetACL, path: true, value: true, version: true, acl: true},
	{name: "get-acl", f: history.GetACL, path: true},
	{name: "auth", f: Auth, value: true},
	{name: "who-am-i", f: history.WhoAmI},
	{name: "count-all", f: history.CountAll, path: true},
	{name: "ephemerals", f: history.Ephemerals, path: true},
	{name: "get", f: history.Get, path: true, inRead: true, watch: true},
	{name: "exists", f: history.Exists, path: true, watch: true},
	{name: "children", f: history.Children, path: true, inRead: true, watch: true},
	{name: "add-watch", f: history.AddWatch, path: true, kinds: watchModes},
	{name: "remove-watch", f: history.RemoveWatch, path: true, kinds: wire.WatchTypes[:]},
	{name: "check-watch", f: history.CheckWatch, path: true, kinds: wire.WatchTypes[:]},
	{name: "sync", f: history.Sync, path: true},
	{name: "sync-get", f: history.SyncGet, path: true},
	{name: "sync-children", f: SyncChildren, path: true},
	{name: "multi", f: history.Multi, parts: true},
	{name: "multi-read", f: history.MultiRead, parts: true},
	{name: "reconfig", f: history.Reconfig, version: true},
	{name: "close", f: history.Close},
	{name: "ask", f: history.Ask, value: true, asks: true},
	{name: "open", f: Open},
	{name: "move", f: Move},
	{name: "stumble", f: Stumble},
	{name: "hang", f: Hang, hangs: true},
}, recipeVerbs, logVerbs)

var modeNames = []string{
	wire.ModePersistent:           "persistent",
	wire.ModeEphemeral:            "ephemeral",
	wire.ModePersistentSequential: "sequential",
	wire.ModeEphemeralSequential:  "ephemeral-sequential",
	wire.ModeContainer:            "container",
	wire.ModeTTL:                  "ttl",
	wire.ModeSequentialTTL:        "sequential-ttl",
}

// watchModes are those of addWatch.
var watchModes = []string{wire.WatchPersistent: "persistent", wire.WatchRecursive: "recursive"}

func verbOf(f history.F, v VersionArg) (verb, bool) {
	for _, w := range verbs {
		if w.f == f && (f != history.Set || w.conditional == (v != Any)) {
			return w, true
		}
	}
	return verb{}, false
}

// leastKind is the first of the kinds that a verb may watch, which have numbers from 0
// or 1.
func (v verb) leastKind() int32 {
	return int32(max(slices.IndexFunc(v.kinds, func(name string) bool { return name != "" }), 0))
}

// example is a part of an operation with parts.
func (v verb) example() string {
	if v.f == history.MultiRead {
		return "get /a"
	}
	return "check /a version=seen"
}

// String renders the version as a plan does: any, seen or a number.
func (v VersionArg) String() string {
	switch v {
	case Any:
		return "any"
	case Seen:
		return "seen"
	}
	return strconv.Itoa(int(v))
}

// String renders the operation as its plan line.
func (o Op) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "op %d c%d %v ", o.ID, o.Client, o.At)
	Part{F: o.F, Path: o.Path, Value: o.Value, Version: o.Version, Mode: o.Mode, TTL: o.TTL, ACL: o.ACL}.append(&b)
	for _, p := range o.Parts {
		b.WriteString(" [")
		p.append(&b)
		b.WriteString("]")
	}
	o.Change.append(&b)
	if o.F == Hang {
		fmt.Fprintf(&b, " for=%v", o.For)
	}
	if o.F == history.Ask {
		fmt.Fprintf(&b, " server=%d", o.Server)
	}
	o.Recipe.append(&b)
	o.Log.append(&b, o.F)
	if o.Watch {
		b.WriteString(" watch")
	}
	if o.Pipelined {
		b.WriteString(" pipelined")
	}
	if o.Patient {
		b.WriteString(" patient")
	}
	return b.String()
}

// append writes the verb and the arguments that it takes.
func (p Part) append(b *strings.Builder) {
	v, ok := verbOf(p.F, p.Version)
	if !ok {
		panic(fmt.Sprintf("workloads: no verb for function %q", p.F))
	}
	b.WriteString(v.name)
	if v.path {
		b.WriteString(" " + quote(p.Path))
	}
	if v.value {
		b.WriteString(" value=" + quote(p.Value))
	}
	if v.version && p.Version != Any {
		b.WriteString(" version=" + p.Version.String())
	}
	if v.mode && p.Mode != wire.ModePersistent {
		b.WriteString(" mode=" + modeNames[p.Mode])
	}
	if p.TTL != 0 {
		fmt.Fprintf(b, " ttl=%v", p.TTL)
	}
	if v.kinds != nil {
		b.WriteString(" kind=" + v.kinds[p.Mode])
	}
	if p.ACL != "" {
		b.WriteString(" acl=" + quote(p.ACL))
	}
}

// parser reads one plan line.
type parser struct{ tokens []token }

// ParseOp reads a plan line, as [Op.String] writes it.
func ParseOp(line string) (Op, error) {
	tokens, err := lex(line)
	if err != nil {
		return Op{}, fmt.Errorf("op: %w", err)
	}
	p := parser{tokens}
	op, err := p.op()
	if err != nil {
		return Op{}, fmt.Errorf("op: %w", err)
	}
	return op, nil
}

// word takes the next token, which must be a bare word.
func (p *parser) word(what string) (string, error) {
	if len(p.tokens) == 0 || p.tokens[0].bracket != 0 || p.tokens[0].hasKey {
		return "", fmt.Errorf("%s is missing", what)
	}
	w := p.tokens[0].value
	p.tokens = p.tokens[1:]
	return w, nil
}

// op reads the whole line.
func (p *parser) op() (Op, error) {
	o, err := p.head()
	if err != nil {
		return Op{}, err
	}
	v, part, err := p.verbAndPath("")
	if err != nil {
		return Op{}, err
	}
	for len(p.tokens) > 0 {
		t := p.tokens[0]
		switch {
		case t.bracket == '[' && v.parts:
			err = p.part(&o, v.f)
		case !t.hasKey && t.value == "pipelined" && !o.Pipelined:
			o.Pipelined, p.tokens = true, p.tokens[1:]
		case !t.hasKey && t.value == "watch" && v.watch && !o.Watch:
			o.Watch, p.tokens = true, p.tokens[1:]
		case !t.hasKey && t.value == "patient" && !o.Patient:
			o.Patient, p.tokens = true, p.tokens[1:]
		case t.key == "server" && v.asks:
			o.Server, err = parseServer(t.value)
			p.tokens = p.tokens[1:]
		case v.takesLog(t):
			err = o.Log.set(t)
			p.tokens = p.tokens[1:]
		case v.takes(t):
			err = o.Recipe.set(t)
			p.tokens = p.tokens[1:]
		case v.f == history.Reconfig && o.Change.set(t):
			p.tokens = p.tokens[1:]
		case t.key == "for" && v.hangs:
			o.For, err = parseDuration("for", t.value)
			p.tokens = p.tokens[1:]
		default:
			err = p.argument(v, &part)
		}
		if err != nil {
			return Op{}, err
		}
	}
	if v.parts && len(o.Parts) == 0 {
		return Op{}, errors.New(v.name + " without parts; add some, like [" + v.example() + "]")
	}
	o.F, o.Path, o.Value, o.Version, o.Mode, o.TTL, o.ACL = part.F, part.Path, part.Value, part.Version, part.Mode, part.TTL, part.ACL
	return o, part.check(v)
}

// head reads "op ID cN TIME".
func (p *parser) head() (Op, error) {
	var o Op
	if w, err := p.word(`"op"`); err != nil || w != "op" {
		return o, fmt.Errorf(`a line starts with "op", not %q`, w)
	}
	id, err := p.word("the number of the operation")
	if err != nil {
		return o, err
	}
	if o.ID, err = strconv.Atoi(id); err != nil || o.ID < 1 {
		return o, fmt.Errorf("%q is no number of an operation; numbers start at 1", id)
	}
	client, err := p.word("the client, like c3,")
	if err != nil {
		return o, err
	}
	index, isClient := strings.CutPrefix(client, "c")
	if o.Client, err = strconv.Atoi(index); !isClient || err != nil || o.Client < 0 {
		return o, fmt.Errorf("%q is no client; write c0, c1, …", client)
	}
	at, err := p.word("the time, like 1.2s,")
	if err != nil {
		return o, err
	}
	o.At, err = parseDuration("time", at)
	return o, err
}

func parseServer(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n >= maxServers {
		return 0, fmt.Errorf("server=%s; write the index of a server, 0 to %d", text, maxServers-1)
	}
	return n, nil
}

func parseDuration(what, text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%s %q; write a duration like 1.2s", what, text)
	}
	return d, nil
}

// fits reports whether a verb may stand alone, within "", or as a part.
func (v verb) fits(within history.F) bool {
	switch within {
	case history.Multi:
		return v.inMulti
	case history.MultiRead:
		return v.inRead
	}
	return true
}

// verbAndPath reads what comes first in an operation and in a part.
func (p *parser) verbAndPath(within history.F) (verb, Part, error) {
	name, err := p.word("the function")
	if err != nil {
		return verb{}, Part{}, err
	}
	i := slices.IndexFunc(verbs, func(v verb) bool { return v.name == name && v.fits(within) })
	if i < 0 {
		var names []string
		for _, v := range verbs {
			if v.fits(within) {
				names = append(names, v.name)
			}
		}
		return verb{}, Part{}, fmt.Errorf("unknown function %q; here they are %s", name, strings.Join(names, ", "))
	}
	v := verbs[i]
	part := Part{F: v.f}
	if v.version || v.f == history.Set {
		part.Version = Any
	}
	part.Mode = v.leastKind()
	if v.path {
		if part.Path, err = p.word("the path of " + name); err != nil {
			return verb{}, Part{}, err
		}
	}
	return v, part, nil
}

// part reads "[VERB PATH ARGUMENTS]" into o.
func (p *parser) part(o *Op, within history.F) error {
	p.tokens = p.tokens[1:]
	v, part, err := p.verbAndPath(within)
	if err != nil {
		return err
	}
	for len(p.tokens) > 0 && p.tokens[0].bracket != ']' {
		if err := p.argument(v, &part); err != nil {
			return err
		}
	}
	if len(p.tokens) == 0 {
		return errors.New("a part of the multi lacks its ]")
	}
	p.tokens = p.tokens[1:]
	o.Parts = append(o.Parts, part)
	return part.check(v)
}

// argument reads one key=value that the verb takes.
func (p *parser) argument(v verb, part *Part) error {
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	switch {
	case t.bracket != 0:
		return fmt.Errorf("%s takes no %q", v.name, string(t.bracket))
	case !t.hasKey:
		return fmt.Errorf("%s: unexpected word %q", v.name, t.value)
	case t.key == "value" && v.value:
		part.Value = t.value
	case t.key == "version" && v.version:
		return part.setVersion(t.value)
	case t.key == "mode" && v.mode:
		mode := slices.Index(modeNames, t.value)
		if mode < 0 {
			return fmt.Errorf("unknown mode %q; modes are %s", t.value, strings.Join(modeNames, ", "))
		}
		part.Mode = int32(mode)
	case t.key == "ttl" && v.mode:
		return part.setTTL(t.value)
	case t.key == "kind" && v.kinds != nil:
		return part.setKind(v, t.value)
	case t.key == "acl" && v.acl:
		part.ACL = t.value
	default:
		return fmt.Errorf("%s takes no %s=", v.name, t.key)
	}
	return nil
}

func (part *Part) setKind(v verb, text string) error {
	kind := slices.Index(v.kinds, text)
	if kind < 0 || text == "" {
		return fmt.Errorf("unknown kind %q; kinds are %s", text, strings.TrimPrefix(strings.Join(v.kinds, ", "), ", "))
	}
	part.Mode = int32(kind)
	return nil
}

func (part *Part) setVersion(text string) error {
	switch text {
	case "any":
		part.Version = Any
	case "seen":
		part.Version = Seen
	default:
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || n < 0 {
			return fmt.Errorf("version %q; write any, seen or a number from 0", text)
		}
		part.Version = VersionArg(n)
	}
	return nil
}

func (part *Part) setTTL(text string) (err error) {
	part.TTL, err = parseDuration("ttl", text)
	if part.TTL%time.Millisecond != 0 {
		return fmt.Errorf("ttl %q; znodes live for whole milliseconds", text)
	}
	return err
}

// hasTTL tells the modes of znodes with a TTL.
func hasTTL(mode int32) bool { return mode == wire.ModeTTL || mode == wire.ModeSequentialTTL }

// check reports arguments that are missing or not what the verb means.
func (part *Part) check(v verb) error {
	if v.path && !v.topic && !strings.HasPrefix(part.Path, "/") {
		return fmt.Errorf("path %q; paths start with /", part.Path)
	}
	if v.topic && !isTopics(part.Path) {
		return fmt.Errorf("%q; write a topic like orders, a partition like orders-0, or several with commas", part.Path)
	}
	if v.asks && !isWord(part.Value) {
		return fmt.Errorf("value=%s is no four-letter word; words are %s", part.Value, strings.Join(wordNames(), ", "))
	}
	if v.mode && hasTTL(part.Mode) != (part.TTL > 0) {
		return errors.New("ttl= goes with mode=ttl or mode=sequential-ttl, and is positive")
	}
	if _, err := wire.ParseACL(part.ACL); err != nil {
		return err
	}
	if scheme, _, ok := strings.Cut(part.Value, ":"); v.f == Auth && (!ok || scheme == "") {
		return fmt.Errorf("auth value %q; write scheme:secret, like digest:user:password", part.Value)
	}
	if v.conditional && part.Version == Any {
		return errors.New("cas needs version=seen or version=N; an unconditional one is write")
	}
	return nil
}
