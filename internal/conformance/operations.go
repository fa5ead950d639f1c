package conformance

import (
	"fmt"
	"slices"
	"strings"
)

// kind is the type of a field on the wire.
type kind string

// The kinds: jute's own, and the records and vectors that operations contain.
const (
	kindInt   kind = "int"
	kindLong  kind = "long"
	kindZxid  kind = "zxid" // a long
	kindBool  kind = "bool"
	kindText  kind = "text"  // ustring
	kindBytes kind = "bytes" // buffer
	kindTexts kind = "texts" // vector<ustring>
	kindACL   kind = "acl"   // vector<ACL>
	kindIDs   kind = "ids"   // vector<ClientInfo>
	kindStat  kind = "stat"
	kindMulti kind = "multi" // operations or results, each behind a MultiHeader
)

// field is one field of a record.
type field struct {
	name string
	kind kind
}

// shape is a record, as its fields in order.
type shape []field

// record reads a shape from "name:kind" words.
func record(text string) shape {
	var s shape
	for word := range strings.FieldsSeq(text) {
		name, k, ok := strings.Cut(word, ":")
		if !ok {
			panic(fmt.Sprintf("conformance: %q is no field", word))
		}
		s = append(s, field{name, kind(k)})
	}
	return s
}

// operation is one row of ZooKeeper's protocol.
type operation struct {
	name           string
	code           int32
	request, reply shape
}

const (
	pathAndWatch = "path:text watch:bool"
	nodeToCreate = "path:text data:bytes acl:acl flags:int"
	pathAndStat  = "path:text stat:stat"
)

var operations = []operation{
	{"create", 1, record(nodeToCreate), record("path:text")},
	{"delete", 2, record("path:text version:int"), nil},
	{"exists", 3, record(pathAndWatch), record("stat:stat")},
	{"getData", 4, record(pathAndWatch), record("data:bytes stat:stat")},
	{"setData", 5, record("path:text data:bytes version:int"), record("stat:stat")},
	{"getACL", 6, record("path:text"), record("acl:acl stat:stat")},
	{"setACL", 7, record("path:text acl:acl version:int"), record("stat:stat")},
	{"getChildren", 8, record(pathAndWatch), record("children:texts")},
	{"sync", 9, record("path:text"), record("path:text")},
	{"ping", 11, nil, nil},
	{"getChildren2", 12, record(pathAndWatch), record("children:texts stat:stat")},
	{"check", 13, record("path:text version:int"), nil},
	{"multi", 14, record("ops:multi"), record("results:multi")},
	{"create2", 15, record(nodeToCreate), record(pathAndStat)},
	{"reconfig", 16, record("joining:text leaving:text members:text config:long"), record("data:bytes stat:stat")},
	{"checkWatches", 17, record("path:text type:int"), nil},
	{"removeWatches", 18, record("path:text type:int"), nil},
	{"createContainer", 19, record(nodeToCreate), record(pathAndStat)},
	{"deleteContainer", 20, record("path:text"), nil},
	{"createTTL", 21, record(nodeToCreate + " ttl:long"), record(pathAndStat)},
	{"multiRead", 22, record("ops:multi"), record("results:multi")},
	{"auth", 100, record("type:int scheme:text auth:bytes"), nil},
	{"setWatches", 101, record("seen:zxid data:texts exist:texts child:texts"), nil},
	{"sasl", 102, record("token:bytes"), record("token:bytes")},
	{"getEphemerals", 103, record("path:text"), record("ephemerals:texts")},
	{"getAllChildrenNumber", 104, record("path:text"), record("total:int")},
	{"setWatches2", 105, record("seen:zxid data:texts exist:texts child:texts persistent:texts recursive:texts"), nil},
	{"addWatch", 106, record("path:text mode:int"), record("err:int")},
	{"whoAmI", 107, nil, record("ids:ids")},
	{"createSession", -10, record("timeout:int"), nil},
	{"closeSession", -11, nil, nil},
	{"unknown", 99, nil, nil}, // no operation of any version
}

// errorResult is the type of a failed operation's result in a multi.
const errorResult = -1

func operationNamed(name string) (operation, bool) {
	i := slices.IndexFunc(operations, func(o operation) bool { return o.name == name })
	if i < 0 {
		return operation{}, false
	}
	return operations[i], true
}

func operationCoded(code int32) (operation, bool) {
	i := slices.IndexFunc(operations, func(o operation) bool { return o.code == code })
	if i < 0 {
		return operation{}, false
	}
	return operations[i], true
}

// Reserved xids.
const (
	xidEvent      = -1
	xidPing       = -2
	xidAuth       = -4
	xidSetWatches = -8
)

// reservedXid returns the xid that clients use for an operation, 0 if an ordinary one.
func (o operation) reservedXid() int32 {
	switch o.name {
	case "ping":
		return xidPing
	case "auth":
		return xidAuth
	case "setWatches", "setWatches2":
		return xidSetWatches
	}
	return 0
}

// errorNames are the codes of replies (KeeperException.Code).
var errorNames = map[int32]string{
	0: "ok", -1: "SYSTEMERROR", -2: "RUNTIMEINCONSISTENCY", -3: "DATAINCONSISTENCY", -4: "CONNECTIONLOSS",
	-5: "MARSHALLINGERROR", -6: "UNIMPLEMENTED", -7: "OPERATIONTIMEOUT", -8: "BADARGUMENTS", -12: "UNKNOWNSESSION",
	-13: "NEWCONFIGNOQUORUM", -14: "RECONFIGINPROGRESS", -100: "APIERROR", -101: "NONODE", -102: "NOAUTH",
	-103: "BADVERSION", -108: "NOCHILDRENFOREPHEMERALS", -110: "NODEEXISTS", -111: "NOTEMPTY",
	-112: "SESSIONEXPIRED", -113: "INVALIDCALLBACK", -114: "INVALIDACL", -115: "AUTHFAILED",
	-118: "SESSIONMOVED", -119: "NOTREADONLY", -120: "EPHEMERALONLOCALSESSION", -121: "NOWATCHER",
	-122: "REQUESTTIMEOUT", -123: "RECONFIGDISABLED", -124: "SESSIONCLOSEDREQUIRESASLAUTH",
	-125: "QUOTAEXCEEDED", -127: "THROTTLEDOP",
}

func errorName(code int32) string {
	if name, ok := errorNames[code]; ok {
		return name
	}
	return fmt.Sprintf("error(%d)", code)
}

var eventNames = map[int32]string{
	-1: "None", 1: "NodeCreated", 2: "NodeDeleted", 3: "NodeDataChanged", 4: "NodeChildrenChanged",
	5: "DataWatchRemoved", 6: "ChildWatchRemoved", 7: "PersistentWatchRemoved",
}

// Names of numbers in requests, by field. A script may also write the number.
var numberNames = map[string]map[string]int64{
	"flags": {
		"persistent": 0, "ephemeral": 1, "sequential": 2, "ephemeral-sequential": 3,
		"container": 4, "ttl": 5, "sequential-ttl": 6,
	},
	"type": {"children": 1, "data": 2, "any": 3, "persistent": 4, "recursive": 5},
	"mode": {"persistent": 0, "recursive": 1},
}
