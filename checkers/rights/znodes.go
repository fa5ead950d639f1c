package rights

import (
	"encoding/json"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// version is what the znode of a resource held in one version.
type version struct {
	zxid    wire.Zxid
	entries []history.AccessEntry
	// secrets are, of a user, what is kept of its passwords.
	secrets []string
}

// resourceAt names the resource whose entries a znode holds.
func resourceAt(path string) (string, bool) {
	rest, suffix := "", ""
	if r, ok := strings.CutPrefix(path, "/kafka-acl/"); ok {
		rest = r
	} else if r, ok := strings.CutPrefix(path, "/kafka-acl-extended/prefixed/"); ok {
		rest, suffix = r, "..."
	}
	kind, name, ok := strings.Cut(rest, "/")
	return kind + ":" + name + suffix, ok && name != "" && !strings.Contains(name, "/")
}

// entriesIn reads the JSON of a znode. What cannot be read holds nothing.
func entriesIn(data []byte) []history.AccessEntry {
	var j struct {
		ACLs []struct{ Principal, PermissionType, Operation, Host string }
	}
	if json.Unmarshal(data, &j) != nil {
		return nil
	}
	var all []history.AccessEntry
	for _, e := range j.ACLs {
		all = append(all, history.AccessEntry{Principal: e.Principal, Host: e.Host, Operation: e.Operation, Deny: e.PermissionType == "Deny"})
	}
	return all
}

// apply follows the znodes that hold entries.
func (c *Checker) apply(zxid wire.Zxid, body wire.TxnBody) {
	switch b := body.(type) {
	case *wire.CreateTxn:
		c.wrote(zxid, b.Path, b.Data, 0)
	case *wire.SetDataTxn:
		c.wrote(zxid, b.Path, b.Data, int64(b.Version))
	case *wire.MultiTxn:
		for _, part := range b.Parts {
			c.apply(zxid, part.Body)
		}
	}
}

func (c *Checker) wrote(zxid wire.Zxid, path string, data []byte, number int64) {
	name, ok := resourceAt(path)
	if !ok {
		c.kept(path, data, number)
		return
	}
	r := c.resource(name)
	r.versions = append(r.versions, version{zxid: zxid, entries: entriesIn(data)})
	if got := int64(len(r.versions)) - 1; got != number {
		c.fail("", Copied, "the entries of "+name+" have two histories: their znode was deleted, and another made")
	}
	c.events = append(c.events, history.AccessEvent{At: c.at, Kind: history.EntriesWritten, Resource: name, Version: number, Entries: r.last().entries, Open: c.cfg.Open})
}
