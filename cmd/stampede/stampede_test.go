package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stampede-sim/stampede"
	"github.com/stampede-sim/stampede/checkers"
	"github.com/stampede-sim/stampede/internal/script"
	"github.com/stampede-sim/stampede/internal/script/scripttest"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/reports"
)

// program is the built binary that the tests run.
var program string

func TestMain(m *testing.M) {
	os.Exit(buildAndTest(m))
}

func buildAndTest(m *testing.M) int {
	dir, err := os.MkdirTemp("", "stampede")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "stampede")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// outcome is what a run of the program came to.
type outcome struct {
	stdout, stderr string
	code           int
}

// invoke runs the program in a directory.
func invoke(t *testing.T, dir string, args ...string) outcome {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// TestScripts runs the program on what people mistype and what disks mangle.
//
//	file NAME        writes the input into a file of the script's directory
//	stampede         runs each line of the input; prints stderr and the exit code
//	stampede stdout  also prints stdout
func TestScripts(t *testing.T) {
	scripttest.Walk(t, "testdata", func(t *testing.T, path string) {
		dir := t.TempDir()
		scripttest.Run(t, path, func(t *testing.T, c *script.Command) string {
			switch c.Name {
			case "file":
				if err := os.WriteFile(filepath.Join(dir, c.Word("name")), []byte(c.Input), 0o644); err != nil {
					t.Fatal(err)
				}
				return "ok"
			case "stampede":
				return session(t, dir, c.Input, c.Flag("stdout"))
			}
			return c.Unknown()
		})
	})
}

// session runs a command line a line.
func session(t *testing.T, dir, input string, stdout bool) string {
	var b strings.Builder
	for line := range strings.Lines(input) {
		got := invoke(t, dir, strings.Fields(line)...)
		if stdout {
			b.WriteString(got.stdout)
		}
		fmt.Fprintf(&b, "%sexit %d\n", got.stderr, got.code)
	}
	return b.String()
}

// planted is a run that fails and has a history, for the tests of what follows.
var planted = []string{"run", "coordinator/register", "--seed", "1", "--bug", "read-overtakes-write"}

// fail runs it with more flags and returns its JSON.
func fail(t *testing.T, dir string, flags ...string) (reports.Record, outcome) {
	t.Helper()
	got := invoke(t, dir, append(append([]string{}, planted...), append(flags, "--json")...)...)
	if got.code != exitSafety {
		t.Fatalf("exit %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	var record reports.Record
	if err := json.Unmarshal([]byte(got.stdout), &record); err != nil {
		t.Fatal(err)
	}
	if len(record.Artifacts) == 0 {
		t.Fatalf("no artifacts: %s", got.stderr)
	}
	return record, got
}

func TestAFailureReplaysFromItsDirectory(t *testing.T) {
	dir := t.TempDir()
	record, _ := fail(t, dir)
	failure := filepath.Dir(record.Artifacts[0])
	got := invoke(t, dir, "replay", failure)
	if got.code != exitSafety || !strings.Contains(got.stdout, "hash="+record.Hash+" runs=2/2 identical") {
		t.Errorf("exit %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	shell := exec.Command("sh", filepath.Join(dir, failure, reports.ReplayFile), "--json")
	shell.Env = append(os.Environ(), "STAMPEDE="+program)
	out, err := shell.Output()
	if shell.ProcessState.ExitCode() != exitSafety || !bytes.Contains(out, []byte(record.Hash)) {
		t.Errorf("replay.sh: %v\n%s", err, out)
	}
	if got := invoke(t, dir, "report", failure); got.code != 0 {
		t.Errorf("report: exit %d\n%s", got.code, got.stderr)
	}
	if got := invoke(t, dir, "check", filepath.Join(failure, reports.HistoryFile), "--model", "witness"); got.code != exitSafety || !strings.Contains(got.stdout, record.Guarantee) {
		t.Errorf("check: exit %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}

func TestAReplayThatDiffersSaysWhere(t *testing.T) {
	dir := t.TempDir()
	record, _ := fail(t, dir)
	path := filepath.Join(dir, filepath.Dir(record.Artifacts[0]), reports.RecordFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var stored reports.Record
	if err := json.Unmarshal(text, &stored); err != nil {
		t.Fatal(err)
	}
	parting := stored.Checkpoints[5]
	forged := strings.ReplaceAll(string(text), parting.Hash, "00000000deadbeef")
	forged = strings.ReplaceAll(forged, record.Hash, "00000000deadbeef")
	if err := os.WriteFile(path, []byte(forged), 0o644); err != nil {
		t.Fatal(err)
	}
	got := invoke(t, dir, "replay", filepath.Dir(record.Artifacts[0]))
	want := fmt.Sprintf("they part between steps %d and %d", stored.Checkpoints[4].Step, parting.Step)
	if got.code != exitNondeterministic || !strings.Contains(got.stderr, want) {
		t.Errorf("exit %d, want %q in\n%s", got.code, want, got.stderr)
	}
}

// TestAFullDiskLosesOneArtefactOnly lets one file meet a full device.
func TestAFullDiskLosesOneArtefactOnly(t *testing.T) {
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skip("there is no " + full)
	}
	dir := t.TempDir()
	record, _ := fail(t, dir)
	failure := filepath.Dir(record.Artifacts[0])
	trace := filepath.Join(dir, failure, reports.TraceFile)
	if err := errors.Join(os.Remove(trace), os.Symlink(full, trace)); err != nil {
		t.Fatal(err)
	}
	got := invoke(t, dir, planted...)
	if got.code != exitSafety || !strings.Contains(got.stderr, "cannot write "+filepath.Join(failure, reports.TraceFile)) {
		t.Errorf("exit %d\n%s", got.code, got.stderr)
	}
	if !strings.Contains(got.stdout, reports.Replay(failure)) || !strings.Contains(got.stdout, record.Guarantee) {
		t.Errorf("the verdict or the replay command is missing:\n%s", got.stdout)
	}
	if strings.Contains(got.stdout, reports.TraceFile) {
		t.Errorf("the lost trace is offered to be read:\n%s", got.stdout)
	}
	if got := invoke(t, dir, "replay", failure); got.code != exitSafety {
		t.Errorf("replay: exit %d\n%s", got.code, got.stderr)
	}
}

func TestHuntTellsPipelines(t *testing.T) {
	dir := t.TempDir()
	got := invoke(t, dir, "hunt", "coordinator/register", "coordinator/session", "--seeds", "1,3-4", "--json", "--junit", "hunt.xml")
	lines := strings.Split(strings.TrimSpace(got.stdout), "\n")
	if got.code != 0 || len(lines) != 7 || got.stderr != "" {
		t.Fatalf("exit %d, %d lines\n%s", got.code, len(lines), got.stderr)
	}
	for _, line := range lines[:6] {
		var r reports.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.Verdict != checkers.Pass || len(r.Hash) != 16 {
			t.Errorf("%v in %s", err, line)
		}
	}
	var summary struct {
		Summary bool
		Runs    int
	}
	if err := json.Unmarshal([]byte(lines[6]), &summary); err != nil || !summary.Summary || summary.Runs != 6 {
		t.Errorf("%v in %s", err, lines[6])
	}
	var junit struct {
		Tests int `xml:"tests,attr"`
	}
	text, err := os.ReadFile(filepath.Join(dir, "hunt.xml"))
	if err == nil {
		err = xml.Unmarshal(text, &junit)
	}
	if err != nil || junit.Tests != 6 {
		t.Errorf("%v, %d tests in\n%s", err, junit.Tests, text)
	}
	if _, err := os.Stat(filepath.Join(dir, defaultOut)); err == nil {
		t.Error("a hunt without failures left an output directory behind")
	}
}

// TestHuntEndsCleanlyWhenInterrupted interrupts a hunt that would go on for hours.
func TestHuntEndsCleanlyWhenInterrupted(t *testing.T) {
	cmd := exec.Command(program, "hunt", "coordinator/register", "--for", "10h", "--json")
	cmd.Dir = t.TempDir()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	last := ""
	for n := 0; lines.Scan(); n++ {
		if last = lines.Text(); n == 0 {
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil || !strings.HasPrefix(last, `{"summary":true`) {
		t.Errorf("%v; the last line is %.80q", err, last)
	}
}

// TestHuntEndsWithTheWorstClass hunts a planted bug.
func TestHuntEndsWithTheWorstClass(t *testing.T) {
	dir := t.TempDir()
	got := invoke(t, dir, "hunt", "coordinator/register", "--seeds", "1-2", "--bug", "quorum-off-by-one")
	if got.code != exitSafety || !strings.Contains(got.stdout, "repro stampede replay runs/") {
		t.Errorf("exit %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}

// TestShrinkLeavesWhatMatters shrinks a failure and replays what is left.
func TestShrinkLeavesWhatMatters(t *testing.T) {
	dir := t.TempDir()
	record, _ := fail(t, dir)
	failure := filepath.Dir(record.Artifacts[0])
	got := invoke(t, dir, "shrink", failure)
	small := filepath.Join(failure, reports.ShrunkFile)
	if got.code != 0 || !strings.Contains(got.stdout, reports.Replay(small)) || got.stderr != "" {
		t.Fatalf("exit %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	plan, err := reports.ReadPlan(filepath.Join(dir, small))
	if err != nil {
		t.Fatal(err)
	}
	if lines := len(plan.Faults) + len(plan.Ops); lines > 10 {
		t.Errorf("%d lines are left", lines)
	}
	if got := invoke(t, dir, "replay", small); got.code != exitSafety || !strings.Contains(got.stdout, record.Guarantee) {
		t.Errorf("exit %d\n%s", got.code, got.stdout)
	}
	if got := invoke(t, dir, "shrink", small, "--guarantee", checkers.ClosedSession); got.code != exitUsage {
		t.Errorf("shrinking towards what does not break: exit %d\n%s", got.code, got.stderr)
	}
}

// TestRunsAreConfiguredLikeZooKeeper: a zoo.cfg becomes knobs, and what follows from
// them; mistakes in it are told with their line.
func TestRunsAreConfiguredLikeZooKeeper(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("myid", "2\n")
	text := "tickTime=2000\ninitLimit=10\nsyncLimit=5\nclientPort=2181\ndataDir=" + filepath.ToSlash(dir) +
		"\nserver.1=a:1:2\nserver.2=b:1:2\nserver.5=c:1:2\nserver.9=d:1:2:observer\ngroup.1=1:2:5\nweight.5=0\n"
	good := write("zoo.cfg", text)
	if got := invoke(t, dir, "config", good); got.code != 0 || !strings.Contains(got.stdout, "groups=1,2,3*0\n") || !strings.Contains(got.stdout, "server 2 of 4") {
		t.Errorf("exit %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	run := invoke(t, dir, "run", "coordinator/register", "--seed", "2", "--faults", "none", "--zoo-cfg", good)
	if run.code != 0 || !strings.Contains(run.stdout, "observers=1") || !strings.Contains(run.stdout, "tick=2s") {
		t.Errorf("exit %d\n%s%s", run.code, run.stdout, run.stderr)
	}
	bad := write("bad.cfg", strings.Replace(text, "syncLimit", "sinkLimit", 1))
	for _, args := range [][]string{{"config", bad}, {"run", "coordinator/register", "--zoo-cfg", bad}} {
		if got := invoke(t, dir, args...); got.code != exitUsage || !strings.Contains(got.stderr, "bad.cfg:3: sinkLimit: unknown key; did you mean syncLimit") {
			t.Errorf("%v: exit %d\n%s", args, got.code, got.stderr)
		}
	}
}

// TestBrokersAreConfiguredLikeKafka: a server.properties becomes knobs, and mistakes in
// it are told with their line.
func TestBrokersAreConfiguredLikeKafka(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	text := "broker.id=0\nnum.io.threads=8\nzookeeper.connect=localhost:2181\nlog.retention.hours=1\n" +
		"default.replication.factor=2\nmin.insync.replicas=2\nreplica.lag.time.max.ms=3000\nreplica.fetch.wait.max.ms=200\nmy.key=1\n"
	good := write("server.properties", text)
	got := invoke(t, dir, "config", good)
	for _, want := range []string{"brokers=3\n", "replication=2\n", "replica-lag=3s\n", "server-properties=log.retention.hours=1\n", "num.io.threads=8: ", ":9: my.key is unknown", "fetch.max.bytes=57671680\n"} {
		if got.code != 0 || !strings.Contains(got.stdout, want) {
			t.Errorf("no %q, exit %d\n%s%s", want, got.code, got.stdout, got.stderr)
		}
	}
	run := invoke(t, dir, "run", "broker/log", "--seed", "2", "--faults", "none", "--server-properties", good, "--knob", "brokers=2")
	if run.code != 0 || !strings.Contains(run.stdout, "replica-lag=3s") || !strings.Contains(run.stdout, "brokers=2") {
		t.Errorf("exit %d\n%s%s", run.code, run.stdout, run.stderr)
	}
	bad := write("bad.properties", strings.Replace(text, "factor=2", "factor=two", 1))
	for _, args := range [][]string{{"config", bad}, {"run", "broker/log", "--server-properties", bad}} {
		if got := invoke(t, dir, args...); got.code != exitUsage || !strings.Contains(got.stderr, `bad.properties:5: default.replication.factor: "two" is no whole number`) {
			t.Errorf("%v: exit %d\n%s", args, got.code, got.stderr)
		}
	}
}

// TestRunAsksServers: the answers come before the verdict, and asking changes no hash.
func TestRunAsksServers(t *testing.T) {
	dir := t.TempDir()
	args := []string{"run", "coordinator/register", "--seed", "4", "--faults", "none"}
	silent := invoke(t, dir, args...)
	asked := invoke(t, dir, append(args, "--ask", "isro,zabstate")...)
	hash := regexp.MustCompile(`hash=[0-9a-f]{16}`)
	if h := hash.FindString(silent.stdout); h == "" || h != hash.FindString(asked.stdout) {
		t.Errorf("asking changes the run:\n%s\n%s", silent.stdout, asked.stdout)
	}
	if !strings.Contains(asked.stdout, "zk1 isro\nrw\n") || !strings.Contains(asked.stdout, `"zabstate": "BROADCAST"`) {
		t.Errorf("no answers:\n%s", asked.stdout)
	}
	if got := invoke(t, dir, append(args, "--ask", "isrw")...); got.code != exitUsage || !strings.Contains(got.stderr, "voting_view") {
		t.Errorf("an unknown word: exit %d\n%s", got.code, got.stderr)
	}
}

// TestBugsTellsWhatWasMissed gives one hunt time enough and another none.
func TestBugsTellsWhatWasMissed(t *testing.T) {
	dir := t.TempDir()
	if got := invoke(t, dir, "bugs", "quorum-off-by-one"); got.code != 0 || !strings.Contains(got.stdout, "1 of 1 bug caught") {
		t.Errorf("exit %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	if got := invoke(t, dir, "bugs", "skipped-truncation", "--for", "1ns"); got.code != exitUnproven || !strings.Contains(got.stdout, "0 of 1 bug caught") {
		t.Errorf("exit %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}

// TestOldAlarms replays plans that once failed on the correct build: because of a
// server or a client that was wrong, or of a judge.
func TestOldAlarms(t *testing.T) {
	paths, err := filepath.Glob("testdata/alarms/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d plans, %v", len(paths), err)
	}
	for _, path := range paths {
		plan, err := reports.ReadPlan(path)
		if err != nil {
			t.Fatal(err)
		}
		if r := stampede.Run(plan, stampede.RunOptions{}); r.Failed() {
			t.Errorf("%s breaks %s: %s", path, r.Guarantee, r.Explanation)
		}
	}
}

// TestOldFailures replays plans that hunts found and shrank, each named after the
// bug it plants: with the bug it must still break what the catalogue says, and
// without it must pass.
func TestOldFailures(t *testing.T) {
	paths, err := filepath.Glob("testdata/plans/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d plans, %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			plan, err := reports.ReadPlan(path)
			if err != nil {
				t.Fatal(err)
			}
			bug, _ := bugs.Lookup(strings.TrimSuffix(filepath.Base(path), ".txt"))
			if !plan.Bugs.Has(bug.ID) {
				t.Fatalf("the plan plants %q", plan.Bugs)
			}
			broken := stampede.Run(plan, stampede.RunOptions{})
			if !slices.Contains(bug.Breaks, broken.Guarantee) {
				t.Errorf("breaks %q, not one of %v: %s", broken.Guarantee, bug.Breaks, broken.Explanation)
			}
			plan.Bugs = bugs.Of()
			if correct := stampede.Run(plan, stampede.RunOptions{}); correct.Failed() {
				t.Errorf("without the bug it breaks %s: %s", correct.Guarantee, correct.Explanation)
			}
		})
	}
}
