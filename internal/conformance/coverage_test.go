package conformance

import (
	"strings"
	"testing"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// unplayed are the operations that no script sees succeed, with the reason.
var unplayed = map[string]string{
	"check":           "alone it is refused (ZOOKEEPER-2623); inside a multi scripts play it",
	"createSession":   "clients ask for one by connecting",
	"deleteContainer": "the servers' own",
	"sasl":            "there is no login to exchange tokens for",
	"unknown":         "there is no such operation",
}

// unanswered are the codes that no script sees, with the reason.
var unanswered = map[string]string{
	"APIERROR":          "only marks where the API's codes begin",
	"CONNECTIONLOSS":    "clients tell themselves",
	"DATAINCONSISTENCY": "no server answers it",
	"INVALIDCALLBACK":   "clients tell themselves",
	"OPERATIONTIMEOUT":  "clients tell themselves",
	"REQUESTTIMEOUT":    "clients tell themselves",
	"SESSIONMOVED":      "the connection ends instead of an answer (move.txt)",
	"SYSTEMERROR":       "no server answers it on purpose",
	"THROTTLEDOP":       "there is no request throttler, which is off by default in ZooKeeper",
	"UNKNOWNSESSION":    "servers tell each other",
}

// checkCoverage fails for every operation and every code that no script has met, and
// for every excuse that is none any more.
func checkCoverage(t *testing.T, answered map[answer]bool) {
	played, codes := map[string]bool{}, map[string]bool{}
	for a := range answered {
		codes[errorName(a.code)] = true
		if a.code == 0 {
			played[a.op] = true
		}
	}
	for _, o := range operations {
		excuse(t, "operation", o.name, played[o.name], unplayed)
	}
	for _, name := range errorNames {
		excuse(t, "code", name, codes[name], unanswered)
	}
}

func excuse(t *testing.T, what, name string, met bool, excuses map[string]string) {
	t.Helper()
	if why, excused := excuses[name]; excused && met {
		t.Errorf("%s %s is met by a script, and excused (%s)", what, name, why)
	} else if !excused && !met {
		t.Errorf("no script meets %s %s", what, name)
	}
}

// Everything that package wire knows of is in the tables here, so that a new operation
// or code needs a script.
func TestTablesAreComplete(t *testing.T) {
	for code := int32(-20); code < 200; code++ {
		op := wire.OpCode(code)
		if op == wire.OpNotification || op == wire.OpError || strings.HasPrefix(op.String(), "op") {
			continue // no requests, no operations
		}
		if o, ok := operationCoded(code); !ok || o.name != op.String() {
			t.Errorf("%d is %v in package wire and %q here", code, op, o.name)
		}
	}
	for code := int32(-200); code <= 0; code++ {
		if e := wire.ErrorCode(code); !strings.HasPrefix(e.String(), "error") && errorNames[code] == "" {
			t.Errorf("%d is %v in package wire and nothing here", code, e)
		}
	}
}
