package conformance

import (
	"flag"
	"os"
	"testing"

	"github.com/stampede-sim/stampede/internal/script/scripttest"
)

// TestStampede plays every script against our coordinator.
func TestStampede(t *testing.T) {
	answered := playAll(t, Simulated)
	if flag := flag.Lookup("test.run"); flag.Value.String() == "" {
		checkCoverage(t, answered)
	}
}

// debian is where the package "zookeeper" puts its jars.
const debian = "/usr/share/java"

// TestZooKeeper plays every script against Apache ZooKeeper, if it is asked to: it
// starts a Java process a script. STAMPEDE_ZOOKEEPER is a directory of jars, or 1 for
// that of Debian's package.
func TestZooKeeper(t *testing.T) {
	jars := os.Getenv("STAMPEDE_ZOOKEEPER")
	switch jars {
	case "":
		t.Skip("make conformance plays the scripts against Apache ZooKeeper")
	case "1":
		jars = debian
	}
	l, err := Apache(jars)
	if err != nil {
		t.Skipf("%v; apt-get install zookeeper default-jre-headless, or name a directory of jars in STAMPEDE_ZOOKEEPER", err)
	}
	playAll(t, l)
}

func playAll(t *testing.T, l Launcher) map[answer]bool {
	answered := map[answer]bool{}
	scripttest.Walk(t, "testdata", func(t *testing.T, path string) { Play(t, path, l, answered) })
	return answered
}
