package reference

import (
	"crypto/sha1"
	"encoding/base64"
	"net/netip"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// Permissions that an entry of a list grants, as bits.
const (
	MayRead   int32 = 1
	MayWrite  int32 = 2
	MayCreate int32 = 4 // children
	MayDelete int32 = 8 // children
	MayAdmin  int32 = 16
)

// Grants reports whether a list grants one of some permissions to somebody who has
// these identities. A list without entries grants everything; the super user needs no
// list.
func Grants(list []wire.ACL, perms int32, who []wire.Identity) bool {
	if len(list) == 0 {
		return true
	}
	for i := range list {
		if list[i].Perms&perms != 0 && list[i].Scheme == "world" && list[i].ID == "anyone" {
			return true
		}
	}
	for _, me := range who {
		if me.Scheme == "super" {
			return true
		}
		for i := range list {
			if list[i].Perms&perms != 0 && list[i].Scheme == me.Scheme && covers(&list[i], me.ID) {
				return true
			}
		}
	}
	return false
}

// covers reports whether an entry speaks of an identity of its scheme.
func covers(entry *wire.ACL, id string) bool {
	switch entry.Scheme {
	case "digest", "x509":
		return entry.ID == id
	case "sasl":
		return entry.ID == id || id == "super"
	case "ip":
		address, err := netip.ParseAddr(id)
		return err == nil && block(entry.ID).Contains(address)
	}
	return false
}

// block reads a range of addresses, with or without a length; the zero one, which
// contains nothing, if it is none.
func block(text string) netip.Prefix {
	if address, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(address, address.BitLen())
	}
	p, _ := netip.ParsePrefix(text)
	return p
}

// Stored is the list that a znode has after somebody asked for one: every entry once,
// and in place of scheme auth the identities that whoever asks has proved or that his
// transport vouches for, addresses apart. It reports false if there is no such list.
func Stored(asked []wire.ACL, who []wire.Identity) (list []wire.ACL, ok bool) {
	if len(asked) == 1 && asked[0].Scheme == "world" && asked[0].ID == "anyone" {
		return asked, true // nearly always, and then without a copy
	}
	for i, a := range asked {
		if slices.Index(asked, a) < i {
			continue
		}
		if a.Scheme != "auth" {
			if !sensible(&a) {
				return nil, false
			}
			list = append(list, a)
			continue
		}
		before := len(list)
		for _, me := range who {
			if me.Scheme != "ip" && me.Scheme != "super" {
				list = append(list, wire.ACL{Perms: a.Perms, Scheme: me.Scheme, ID: me.ID})
			}
		}
		if len(list) == before {
			return nil, false
		}
	}
	return list, len(list) > 0
}

// sensible reports whether an entry names somebody as its scheme wants it.
func sensible(a *wire.ACL) bool {
	switch a.Scheme {
	case "world":
		return a.ID == "anyone"
	case "digest": // user:hash
		parts := strings.Split(strings.TrimRight(a.ID, ":"), ":")
		return len(parts) == 2
	case "ip":
		return block(a.ID).IsValid()
	case "x509": // attribute=value, …
		for _, part := range strings.Split(a.ID, ",") {
			if at := strings.Index(part, "="); at < 1 {
				return false
			}
		}
		return true
	case "sasl": // name@realm, or a bare name
		return strings.Count(a.ID, "@") <= 1
	}
	return false
}

// Shown is a list as somebody may see it: with the hashes of passwords only if he may
// set it.
func Shown(list []wire.ACL, who []wire.Identity) []wire.ACL {
	if Grants(list, MayAdmin, who) {
		return list
	}
	out := slices.Clone(list)
	for i := range out {
		if at := strings.Index(out[i].ID, ":"); out[i].Scheme == "digest" && at >= 0 {
			out[i].ID = out[i].ID[:at] + ":x"
		}
	}
	return out
}

// Proves is the identity that a credential proves, besides the super user's; false if
// it proves none. The identity of scheme ip is the address that the connection has
// anyway.
func Proves(scheme, secret string) (wire.Identity, bool) {
	switch scheme {
	case "digest":
		hash := sha1.Sum([]byte(secret))
		user, _, _ := strings.Cut(secret, ":")
		return wire.Identity{Scheme: scheme, ID: user + ":" + base64.StdEncoding.EncodeToString(hash[:])}, true
	case "ip":
		return wire.Identity{}, true
	}
	return wire.Identity{}, false
}

// As is the trial of requests that somebody makes who has these identities.
func (tr Trial) As(who []wire.Identity) Trial {
	tr.who = who
	return tr
}

// Stored is the list that a create or setACL asks for as it is stored.
func (tr *Trial) Stored(p *history.Part) ([]wire.ACL, bool) {
	asked := wire.OpenACL
	text := p.ACL
	if p.F == history.SetACL {
		text = p.Value
	}
	if text != "" || p.F == history.SetACL {
		var err error
		if asked, err = wire.ParseACL(text); err != nil {
			return nil, false
		}
	}
	return Stored(asked, tr.who)
}

// lacks reports whether a znode exists and grants none of some permissions.
func (tr *Trial) lacks(s *sketch, perms int32) bool {
	return s.exists && !Grants(s.acl, perms, tr.who)
}
