package models

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"os/exec"
	"strings"

	"github.com/anishathalye/porcupine"
	"github.com/stampede-sim/stampede/checkers/history"
)

// porcupineDir is porcupine's source, which brings recorded Jepsen histories.
func porcupineDir(t *testing.T) string {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/anishathalye/porcupine").Output()
	if err != nil {
		t.Fatalf("finding porcupine's test data: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// TestJepsenEtcdLogs judges all of Jepsen's etcd histories. The verdicts expected are
// read off the calls of checkJepsen in porcupine's own test.
func TestJepsenEtcdLogs(t *testing.T) {
	dir := porcupineDir(t)
	source, err := os.ReadFile(filepath.Join(dir, "porcupine_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	calls := regexp.MustCompile(`checkJepsen\(t, (\d+), (true|false)\)`).FindAllSubmatch(source, -1)
	if len(calls) != 102 {
		t.Fatalf("found %d expected verdicts in porcupine's test, not 102", len(calls))
	}
	for _, call := range calls {
		n, _ := strconv.Atoi(string(call[1]))
		want := porcupine.Illegal
		if string(call[2]) == "true" {
			want = porcupine.Ok
		}
		name := filepath.Join(dir, "test_data", "jepsen", "etcd_"+pad(n)+".log")
		if got := judgeFile(t, name); got != want {
			t.Errorf("%s: %v, want %v", filepath.Base(name), got, want)
		}
	}
}

func pad(n int) string {
	s := strconv.Itoa(n)
	return strings.Repeat("0", 3-len(s)) + s
}

func judgeFile(t *testing.T, name string) porcupine.CheckResult {
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h, err := history.ReadAny(f, filepath.Base(name))
	if err != nil {
		t.Fatal(err)
	}
	results := Registers(h, &Budget{Steps: 50_000_000})
	if len(results) != 1 {
		t.Fatalf("%s holds %d registers, want 1", name, len(results))
	}
	return results[0].Outcome
}
