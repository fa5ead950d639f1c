package admin

import (
	"fmt"
	"slices"
	"strings"
)

// Word is one of the four-letter words that a client may send instead of a
// connect request.
type Word string

// The words, as ZooKeeper's Administrator's Guide lists them.
const (
	Conf Word = "conf" // the configuration it runs with
	Cons Word = "cons" // every connection in detail
	Crst Word = "crst" // reset the counters of all connections
	Dirs Word = "dirs" // how large snapshots and logs are
	Dump Word = "dump" // sessions, their deadlines and their ephemerals
	Envi Word = "envi" // where it runs
	Gtmk Word = "gtmk" // the trace mask
	Hash Word = "hash" // recent digests of the tree
	Isro Word = "isro" // "ro" while read-only, "rw" else
	Mntr Word = "mntr" // every metric, one a line
	Ruok Word = "ruok" // "imok" from any process that runs
	Srst Word = "srst" // reset the counters of the server
	Srvr Word = "srvr" // the server in a few lines
	Stat Word = "stat" // the same, and its connections
	Stmk Word = "stmk" // set the trace mask
	Wchc Word = "wchc" // watches by session
	Wchp Word = "wchp" // watches by path
	Wchs Word = "wchs" // how many watches
)

// Words lists every word, sorted.
var Words = []Word{
	Conf, Cons, Crst, Dirs, Dump, Envi, Gtmk, Hash, Isro, Mntr, Ruok, Srst, Srvr, Stat, Stmk, Wchc, Wchp, Wchs,
}

// Known reports whether w is one of [Words]. Other first bytes of a connection are
// the length of a connect request.
func (w Word) Known() bool { return slices.Contains(Words, w) }

// Whitelist says which words are answered (4lw.commands.whitelist).
type Whitelist []Word

// DefaultWhitelist is what ZooKeeper allows unless told otherwise: only what srvr
// tells.
var DefaultWhitelist = Whitelist{Srvr}

// ParseWhitelist reads the setting: words separated by commas, or * for all.
func ParseWhitelist(text string) (Whitelist, error) {
	var list Whitelist
	for _, word := range strings.Split(text, ",") {
		switch w := Word(strings.TrimSpace(word)); {
		case w == "":
		case w == "*":
			return slices.Clone(Whitelist(Words)), nil
		case !w.Known():
			return nil, fmt.Errorf("unknown four-letter word %q; words are %s", w, joined(Words))
		default:
			list = append(list, w)
		}
	}
	return list, nil
}

// String is the setting as [ParseWhitelist] reads it.
func (l Whitelist) String() string { return joined(l) }

func joined(words []Word) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return strings.Join(out, ", ")
}

// Allows reports whether a word is answered. Where there is a read-only mode, isro
// is, whatever the list says: clients look for a writable server that way.
func (l Whitelist) Allows(w Word, readOnly bool) bool {
	return slices.Contains(l, w) || readOnly && w == Isro
}
