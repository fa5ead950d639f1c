package workloads

import (
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/acl"
	"github.com/stampede-sim/stampede/nodes/coordinator/client"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

const (
	guarded = "/g"
	// guardedNames is how many names clients contend for in a directory.
	guardedNames = 5
	// before is a directory that snapshots hold before the guarded one, of so many
	// znodes that a snapshot is still being written when it comes to the latter.
	before, beforeLen = "/f", 16
	// users is how many users there are besides the super user.
	users = 4
	// addresses is how many processes a world has at most, about: lists name the first
	// addresses.
	addresses = 14
)

// Superuser is the credential that the ensembles of all workloads take for the super
// user's.
var Superuser = client.Credential{Scheme: "digest", Secret: "super:secret"}

// access is about who may do what: clients that are now this one and now that one, at
// directories and znodes whose lists they set and change under each other's hands, and
// that lock others out, or themselves. The directory above is open, so that what is
// locked can be thrown away while it is empty, and everybody always finds something
// to do.
func access() Workload {
	return Workload{
		Name: "acl",
		Doc:  "znodes whose lists of who may do what change while clients of changing identities use them, on one server and the next",
		// Its super user writes the data of /zookeeper/config, which is not what keeps
		// an ensemble that changes together.
		Knobs: func(r *rand.Rand) []string {
			if r.IntN(2) == 0 {
				return []string{"reconfig=false"}
			}
			// Often a snapshot, and long ones: lists come up while it is written.
			return []string{"reconfig=false", "snap-count=" + strconv.Itoa(6+r.IntN(20)), "disk-least=4ms", "disk-mean=10ms", "disk-most=20ms", "disk-tail=0s", "disk-tail-one-in=0"}
		},
		Draw: func(r *rand.Rand) Shape {
			s := drawShape(r, 6, 3)
			s.Mix = swarm(r, []Weight{
				{"auth", 4}, {"auth-bad", 1}, {"super", 1}, {"who-am-i", 2}, {"create", 8}, {"create-sequential", 8}, {"delete", 4}, {"delete-last", 3},
				{"write", 6}, {"get", 5}, {"exists", 5}, {"children", 3}, {"get-acl", 5}, {"count-all", 1}, {"set-acl", 5}, {"revoke", 3},
				{"multi", 4}, {"multi-read", 2}, {"system", 1}, {"renew", 2}, {"watch", 5}, {"add-watch", 2}, {"remove-watch", 1}, {"move", 3}, {"hang", 1}, {"close", 1}, {"open", 2},
			}, "auth-bad", "super", "who-am-i", "create-sequential", "delete-last", "exists", "children", "count-all", "revoke", "multi", "multi-read",
				"system", "renew", "watch", "add-watch", "remove-watch", "move", "hang", "close")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			return timeline(r, s, func(kind string) []Op { return accessOps(r, s, kind) }, func(client int) []Op {
				return accessFarewell(child(guarded, client%s.Keys))
			})
		},
		Setup: func(s Shape) []Op {
			ops := append(creates(before, beforeLen), creates(guarded, s.Keys)...)
			number(ops, setupID)
			return ops
		},
		FinalReads: func(s Shape) []Op { return finals(history.SyncGet, s, append(children(guarded, s.Keys), guarded)...) },
		Judges:     []string{"witness"},
		NeedsKinds: []history.F{history.Create, history.SyncGet},
	}
}

// accessFarewell makes a znode where everybody may, and looks at the lists that the
// others leave: what a server has got wrong in one it has wrong until the end.
func accessFarewell(dir string) []Op {
	ops := []Op{
		{F: history.Create, Path: guarded + "/f-", Mode: wire.ModePersistentSequential, ACL: entry(acl.All, "ip", "10.0.0.0/8")},
		{F: history.SyncGet, Path: guarded},
		{F: history.GetACL, Path: dir},
		{F: history.GetACL, Path: dir + "/" + LastCreated},
	}
	for n := range guardedNames {
		ops = append(ops, Op{F: history.GetACL, Path: dir + "/p" + strconv.Itoa(n)})
	}
	return ops
}

func accessOps(r *rand.Rand, s Shape, kind string) []Op {
	dir := child(guarded, s.key(r))
	path := dir + "/p" + strconv.Itoa(r.IntN(guardedNames))
	either := choose(r, dir, path, path)
	switch kind {
	case "create":
		return []Op{{F: history.Create, Path: path, ACL: drawList(r)}}
	case "create-sequential":
		mode := choose(r, wire.ModeEphemeralSequential, wire.ModePersistentSequential, wire.ModePersistentSequential)
		return []Op{{F: history.Create, Path: dir + "/n-", Mode: mode, ACL: drawList(r)}}
	case "delete-last":
		return []Op{{F: history.Delete, Path: dir + "/" + LastCreated, Version: Any}}
	case "delete":
		return []Op{{F: history.Delete, Path: path, Version: Any}}
	case "write":
		return []Op{{F: history.Set, Path: either, Version: choose(r, Any, Any, Seen)}}
	case "get":
		return []Op{{F: history.Get, Path: either}}
	case "exists":
		return []Op{{F: history.Exists, Path: either}}
	case "children":
		return []Op{{F: history.Children, Path: dir}}
	case "get-acl":
		return []Op{{F: history.GetACL, Path: choose(r, either, dir+"/"+LastCreated)}}
	case "count-all":
		return []Op{{F: history.CountAll, Path: choose(r, dir, guarded)}}
	case "set-acl":
		return []Op{{F: history.SetACL, Path: either, Version: Any, ACL: drawList(r)}}
	case "revoke":
		return revoke(path)
	case "multi":
		return []Op{accessMulti(r, dir, path)}
	case "multi-read":
		return []Op{{F: history.MultiRead, Parts: []Part{
			{F: history.Get, Path: path}, {F: history.Children, Path: dir}, {F: history.Get, Path: guarded},
		}}}
	case "system":
		return []Op{choose(r,
			Op{F: history.Set, Path: "/zookeeper/config", Version: Any},
			Op{F: history.Create, Path: "/zookeeper/config/x"},
			Op{F: history.SetACL, Path: "/zookeeper/config", Version: Any, ACL: wire.FormatACL(wire.OpenACL)},
		)}
	case "renew":
		return []Op{{F: history.Multi, Parts: []Part{{F: history.Delete, Path: dir, Version: Any}, {F: history.Create, Path: dir, ACL: drawList(r)}}}}
	}
	if ops := accessWatches(r, either, kind); ops != nil {
		return ops
	}
	return identityOps(r, s, kind)
}

// accessWatches wait for what their client may perhaps not read when it comes.
func accessWatches(r *rand.Rand, path, kind string) []Op {
	switch kind {
	case "watch":
		return []Op{{F: choose(r, history.Get, history.Exists, history.Exists, history.Children), Path: path, Watch: true}}
	case "add-watch":
		return []Op{{F: history.AddWatch, Path: choose(r, path, guarded), Mode: int32(choose(r, wire.WatchPersistent, wire.WatchRecursive))}}
	case "remove-watch":
		return []Op{{F: history.RemoveWatch, Path: path, Mode: int32(choose(r, wire.DataWatches, wire.ChildWatches, wire.AnyWatches))}}
	}
	return nil
}

// identityOps are about who a client is.
func identityOps(r *rand.Rand, s Shape, kind string) []Op {
	switch kind {
	case "auth":
		return []Op{{F: Auth, Value: "digest:" + secret(r.IntN(users))}}
	case "auth-bad": // nobody proves a certificate by saying so
		return []Op{{F: Auth, Value: choose(r, "x509:CN=c1", "sasl:super", "nosuch:me")}}
	case "super":
		return []Op{{F: Auth, Value: Superuser.Scheme + ":" + Superuser.Secret}}
	case "who-am-i":
		return []Op{{F: history.WhoAmI}}
	}
	return sessionOps(r, s, kind) // what is about the session is the same everywhere
}

// revoke takes the permission to write away and gives it back while a writer does not
// wait for either.
func revoke(path string) []Op {
	write := Op{F: history.Set, Path: path, Version: Any, Pipelined: true}
	return []Op{
		{F: history.SetACL, Path: path, Version: Any, ACL: entry(acl.Read|acl.Admin, "world", "anyone")}, write,
		{F: history.SetACL, Path: path, Version: Any, ACL: entry(acl.All, "world", "anyone"), Pipelined: true}, write,
	}
}

// accessMulti is a multi of which every part asks another list.
func accessMulti(r *rand.Rand, dir, path string) Op {
	parts := []Part{
		{F: history.Check, Path: path, Version: Any},
		{F: history.Set, Path: choose(r, dir, path), Version: Any},
		{F: history.Create, Path: path, ACL: drawList(r)},
		{F: history.Delete, Path: path, Version: Any},
	}
	r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	return Op{F: history.Multi, Parts: parts[:1+r.IntN(2)]}
}

// secret is what a user proves himself by.
func secret(user int) string { return fmt.Sprintf("u%d:p%d", user, user) }

// entry is a list of one entry.
func entry(perms int32, scheme, id string) string {
	return wire.FormatACL([]wire.ACL{{Perms: perms, Scheme: scheme, ID: id}})
}

// drawList draws what a client may want for a list: open, or for one or two users, for
// whoever asks, for some addresses or for a certificate, with all permissions or some;
// and now and then nonsense.
func drawList(r *rand.Rand) string {
	user := func(perms int32) string { return entry(perms, "digest", acl.Digest(secret(r.IntN(users)))) }
	some := func() int32 { return 1 + r.Int32N(acl.All) }
	everybody := func(perms int32) string { return entry(perms, "world", "anyone") }
	switch r.IntN(20) {
	case 0, 1, 2, 16, 17, 18:
		return everybody(acl.All)
	case 3, 4:
		return everybody(some()) + "," + user(acl.All)
	case 5, 6:
		return user(some()) + "," + user(some())
	case 7, 8:
		return entry(acl.All, "auth", "")
	case 9:
		return entry(some(), "auth", "") + "," + everybody(some())
	case 10, 11:
		return entry(acl.All, "ip", fmt.Sprintf("10.0.0.%d/%d", r.IntN(addresses), 29+r.IntN(4)))
	case 12:
		return entry(acl.All, "ip", fmt.Sprintf("10.0.0.%d", r.IntN(addresses))) + "," + everybody(some())
	case 13:
		return entry(acl.All, "x509", fmt.Sprintf("CN=c%d", r.IntN(6))) + "," + entry(acl.All, "sasl", fmt.Sprintf("c%d", r.IntN(6)))
	case 14, 15: // a list that no znode ever had
		return entry(acl.All, "x509", fmt.Sprintf("CN=n%d", r.IntN(1e6))) + "," + everybody(acl.Read)
	}
	return choose(r, entry(acl.All, "digest", "u1"), entry(acl.All, "nosuch", "me"), entry(acl.All, "ip", "10.0.0.0/33"),
		everybody(acl.All)+","+entry(acl.All, "world", "me"), everybody(acl.All)+","+everybody(acl.All))
}
