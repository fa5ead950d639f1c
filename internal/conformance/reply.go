package conformance

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// stat is a znode's metadata as it came.
type stat struct {
	czxid, mzxid, ctime, mtime  int64
	version, cversion, aversion int32
	owner                       int64
	dataLength, numChildren     int32
	pzxid                       int64
}

func (r *reader) stat() stat {
	return stat{
		czxid: r.long(), mzxid: r.long(), ctime: r.long(), mtime: r.long(),
		version: r.int(), cversion: r.int(), aversion: r.int(), owner: r.long(),
		dataLength: r.int(), numChildren: r.int(), pzxid: r.long(),
	}
}

// describe renders the body of a reply: short fields on one line, a stat on its own,
// results of a multi one a line.
func (p *player) describe(s shape, r *reader) string {
	var line, below strings.Builder
	p.addressed = false
	for _, f := range s {
		switch f.kind {
		case kindStat:
			below.WriteString("\n  " + p.describeStat(r.stat()))
		case kindMulti:
			below.WriteString(p.describeResults(r))
		default:
			fmt.Fprintf(&line, " %s=%s", f.name, p.describeField(f, r))
		}
	}
	return line.String() + below.String()
}

func (p *player) describeField(f field, r *reader) string {
	switch f.kind {
	case kindInt:
		return strconv.Itoa(int(r.int()))
	case kindText:
		return printable(r.text())
	case kindBytes:
		return p.describeBytes(r.bytes())
	case kindTexts:
		texts := r.texts()
		slices.Sort(texts)
		return "(" + strings.Join(texts, ",") + ")"
	case kindACL:
		return p.describeACL(r.acl())
	case kindIDs:
		return p.describeIDs(r)
	}
	return "kind " + string(f.kind) + " is not for replies"
}

// printable shows a text with what cannot be shown escaped.
func printable(text string) string {
	quoted := strconv.Quote(text)
	return quoted[1 : len(quoted)-1]
}

// describeBytes shows data. Long ones by their length; lines (the configuration) one
// a line below each other.
func (p *player) describeBytes(b []byte) string {
	switch {
	case b == nil:
		return "null"
	case len(b) > 1000:
		return fmt.Sprintf("%d bytes", len(b))
	}
	text := p.target.Anonymous(string(b))
	p.addressed = text != string(b)
	return printable(text)
}

func (p *player) describeACL(list []permission) string {
	var entries []string
	for _, e := range list {
		letters := ""
		for _, l := range permissionLetters {
			if e.perms&l.bit != 0 {
				letters += string(l.letter)
			}
		}
		id := strings.ReplaceAll(printable(e.id), p.target.Client(), "$me")
		entries = append(entries, fmt.Sprintf("%s:%s:%s", e.scheme, id, letters))
	}
	return "(" + strings.Join(entries, ",") + ")"
}

func (p *player) describeIDs(r *reader) string {
	var entries []string
	for range r.count() {
		scheme := r.text()
		id := r.text()
		if scheme == "ip" && id == p.target.Client() {
			id = "$me"
		}
		entries = append(entries, scheme+":"+id)
	}
	slices.Sort(entries)
	return "(" + strings.Join(entries, ",") + ")"
}

// describeStat names zxids, times and owner.
func (p *player) describeStat(s stat) string {
	length := strconv.Itoa(int(s.dataLength))
	if p.addressed {
		length = "that"
	}
	return fmt.Sprintf("czxid=%s mzxid=%s pzxid=%s ctime=%s mtime=%s version=%d cversion=%d aversion=%d owner=%s length=%s children=%d",
		p.zxid(s.czxid), p.zxid(s.mzxid), p.zxid(s.pzxid), p.time(s.czxid, s.ctime), p.time(s.mzxid, s.mtime),
		s.version, s.cversion, s.aversion, p.session(s.owner), length, s.numChildren)
}

// describeResults reads results of a multi up to their end.
func (p *player) describeResults(r *reader) string {
	var b strings.Builder
	for r.err == nil {
		code, done, err := r.int(), r.bool(), r.int()
		if done {
			if code != -1 || err != -1 {
				fmt.Fprintf(&b, "\n  ends with type=%d err=%d", code, err)
			}
			break
		}
		b.WriteString("\n  " + p.describeResult(code, err, r))
	}
	return b.String()
}

func (p *player) describeResult(code, err int32, r *reader) string {
	if code == errorResult {
		inner := r.int()
		p.answered[answer{"multi", err}] = true
		if inner != err {
			return fmt.Sprintf("error %s, its header %s", errorName(inner), errorName(err))
		}
		return "error " + errorName(err)
	}
	o, ok := operationCoded(code)
	if !ok {
		r.b = nil
		return fmt.Sprintf("result of type %d", code)
	}
	text := o.name
	if err != 0 {
		text += " " + errorName(err)
	}
	return text + strings.ReplaceAll(p.describe(o.reply, r), "\n", "\n  ")
}
