package conformance

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Apache launches a private Apache ZooKeeper: java, jars that lie in a directory, a
// data directory and ports of its own.
func Apache(jars string) (Launcher, error) {
	if _, err := exec.LookPath("java"); err != nil {
		return Launcher{}, errors.New("there is no java on the path")
	}
	found, _ := filepath.Glob(filepath.Join(jars, "zookeeper-3.*.jar"))
	if len(found) == 0 {
		return Launcher{}, fmt.Errorf("%s holds no zookeeper-3.….jar", jars)
	}
	l := Launcher{Name: "zookeeper"}
	name := strings.TrimPrefix(filepath.Base(found[len(found)-1]), "zookeeper-")
	if _, err := fmt.Sscanf(name, "%d.%d.%d", &l.Version[0], &l.Version[1], &l.Version[2]); err != nil {
		return Launcher{}, fmt.Errorf("%s has no version in its name", found[len(found)-1])
	}
	classes := classPath(jars, found[len(found)-1])
	l.Launch = func(s Setup) (Target, error) { return launchApache(l.Version, classes, s) }
	return l, nil
}

// classPath is the whole directory if it is a distribution's, or else the one jar,
// which names what it needs itself: Debian keeps all of Java in one directory.
func classPath(dir, jar string) string {
	if _, err := os.Stat(filepath.Join(dir, "slf4j-nop.jar")); err == nil {
		return jar + ":" + filepath.Join(dir, "slf4j-nop.jar")
	}
	return filepath.Join(dir, "*")
}

// apache is an ensemble of Java processes.
type apache struct {
	version Version
	setup   Setup
	classes string
	dir     string
	ports   [][3]int // client, quorum, election
	running []*exec.Cmd
}

func launchApache(v Version, classes string, s Setup) (Target, error) {
	dir, err := os.MkdirTemp("", "conformance")
	if err != nil {
		return nil, err
	}
	a := &apache{version: v, setup: s, classes: classes, dir: dir, running: make([]*exec.Cmd, s.Servers)}
	for range s.Servers {
		ports, err := freePorts()
		if err != nil {
			return nil, err
		}
		a.ports = append(a.ports, ports)
	}
	for sid := 1; sid <= s.Servers; sid++ {
		if err := a.prepare(sid); err != nil {
			a.Close()
			return nil, err
		}
		a.Start(sid)
	}
	return a, nil
}

// freePorts asks the system for ports, which somebody else might take before we do.
func freePorts() (ports [3]int, err error) {
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return ports, err
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}

func (a *apache) file(sid int, name string) string {
	return filepath.Join(a.dir, fmt.Sprint(sid), name)
}

// prepare writes zoo.cfg and myid.
func (a *apache) prepare(sid int) error {
	if err := os.MkdirAll(a.file(sid, "data"), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(a.file(sid, "data/myid"), fmt.Appendln(nil, sid), 0o600); err != nil {
		return err
	}
	return os.WriteFile(a.file(sid, "zoo.cfg"), []byte(a.config(sid)), 0o600)
}

// settings maps features to lines of zoo.cfg, properties to those of the machine.
var (
	settings = map[string]string{
		"reconfig": "reconfigEnabled=true", "local": "localSessionsEnabled=true",
		"upgrading": "localSessionsUpgradingEnabled=true", "alone": "standaloneEnabled=false",
		"quota": "enforceQuota=true",
	}
	properties = map[string]string{
		"ttl": "zookeeper.extendedTypesEnabled=true", "read-only": "readonlymode.enabled=true",
		"digest-required": "zookeeper.enforce.auth.enabled=true -Dzookeeper.enforce.auth.schemes=digest",
		"maxbuffer":       "jute.maxbuffer=4096",
	}
)

func (a *apache) config(sid int) string {
	s := a.setup
	lines := []string{
		fmt.Sprintf("tickTime=%d", s.Tick.Milliseconds()), "initLimit=20", "syncLimit=10",
		"dataDir=" + a.file(sid, "data"), fmt.Sprintf("maxSessionTimeout=%d", s.MaxSession.Milliseconds()),
		"admin.enableServer=false",
	}
	if !s.Features["reconfig"] || s.Servers == 1 {
		lines = append(lines, fmt.Sprintf("clientPort=%d", a.ports[sid-1][0]), "clientPortAddress=127.0.0.1")
	}
	if !s.Features["few-words"] {
		lines = append(lines, "4lw.commands.whitelist=*")
	}
	if s.MaxClients > 0 {
		lines = append(lines, fmt.Sprintf("maxClientCnxns=%d", s.MaxClients))
	}
	if s.MaxConnections > 0 {
		lines = append(lines, fmt.Sprintf("maxCnxns=%d", s.MaxConnections))
	}
	if s.MinSession > 0 {
		lines = append(lines, fmt.Sprintf("minSessionTimeout=%d", s.MinSession.Milliseconds()))
	}
	for _, f := range features {
		if line := settings[f]; line != "" && s.Features[f] {
			lines = append(lines, line)
		}
	}
	if s.Servers > 1 || s.Features["alone"] {
		for i := range s.Servers {
			lines = append(lines, a.member(i+1))
		}
	}
	if sid > s.Servers-s.Observers {
		lines = append(lines, "peerType=observer")
	}
	return strings.Join(lines, "\n") + "\n"
}

func (a *apache) member(sid int) string {
	line := fmt.Sprintf("server.%d=%s", sid, a.Address(sid))
	if sid > a.setup.Servers-a.setup.Observers {
		line += ":observer"
	}
	if a.setup.Features["reconfig"] {
		line += ";" + a.ClientAddress(sid) // a reconfiguration wants it there
	}
	return line
}

// Address implements [Target].
func (a *apache) Address(sid int) string {
	return fmt.Sprintf("127.0.0.1:%d:%d", a.ports[sid-1][1], a.ports[sid-1][2])
}

// ClientAddress implements [Target].
func (a *apache) ClientAddress(sid int) string {
	return fmt.Sprintf("127.0.0.1:%d", a.ports[sid-1][0])
}

// Client implements [Target].
func (a *apache) Client() string { return "127.0.0.1" }

// Anonymous implements [Target].
func (a *apache) Anonymous(text string) string {
	for sid := range a.ports {
		text = strings.ReplaceAll(text, a.Address(sid+1), fmt.Sprintf("$%d", sid+1))
		text = strings.ReplaceAll(text, a.ClientAddress(sid+1), fmt.Sprintf("$%dc", sid+1))
	}
	return strings.ReplaceAll(text, a.dir, "$dir")
}

// Start implements [Target].
func (a *apache) Start(sid int) {
	s := a.setup
	args := []string{"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx200m", "-cp", a.classes}
	for _, f := range features {
		if p := properties[f]; p != "" && s.Features[f] {
			args = append(args, strings.Fields("-D"+p)...)
		}
	}
	if s.Super != "" {
		args = append(args, "-Dzookeeper.DigestAuthenticationProvider.superDigest="+s.Super)
	}
	if s.ContainerCheck > 0 {
		args = append(args, fmt.Sprintf("-Dznode.container.checkIntervalMs=%d", s.ContainerCheck.Milliseconds()))
	}
	if s.MaxNeverUsed > 0 {
		args = append(args, fmt.Sprintf("-Dznode.container.maxNeverUsedIntervalMs=%d", s.MaxNeverUsed.Milliseconds()))
	}
	args = append(args, "org.apache.zookeeper.server.quorum.QuorumPeerMain", a.file(sid, "zoo.cfg"))
	cmd := exec.Command("java", args...)
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	a.running[sid-1] = cmd
}

// Kill implements [Target].
func (a *apache) Kill(sid int) {
	if cmd := a.running[sid-1]; cmd != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it says that the process was killed
		a.running[sid-1] = nil
	}
}

// Pause implements [Target].
func (a *apache) Pause(sid int) { a.signal(sid, "STOP") }

// Resume implements [Target].
func (a *apache) Resume(sid int) { a.signal(sid, "CONT") }

// signal has the shell send a signal: Go names those of job control on some systems only.
func (a *apache) signal(sid int, name string) {
	command := fmt.Sprintf("kill -%s %d", name, a.running[sid-1].Process.Pid)
	if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil {
		panic(fmt.Sprintf("%s: %v\n%s", command, err, out))
	}
}

// Close implements [Target].
func (a *apache) Close() {
	for sid := range a.running {
		a.Kill(sid + 1)
	}
	_ = os.RemoveAll(a.dir) // what stays behind is in the system's own directory for it
}

// readyWithin is how long a server may take to serve: a machine may be busy.
const readyWithin = time.Minute

// Ready implements [Target]. A server says srvr only when it serves.
func (a *apache) Ready() error {
	deadline := time.Now().Add(readyWithin)
	for sid := range a.running {
		for a.running[sid] != nil && !a.serves(sid+1) {
			if time.Now().After(deadline) {
				return fmt.Errorf("server %d does not serve after %v", sid+1, readyWithin)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	return nil
}

func (a *apache) serves(sid int) bool {
	c, err := a.Dial(sid)
	if err != nil {
		return false
	}
	defer c.Close()
	c.Word("srvr")
	text, err := c.Rest(time.Second)
	return err == nil && strings.Contains(text, "Mode:")
}

// Name implements [Target].
func (a *apache) Name() string { return "zookeeper" }

// Version implements [Target].
func (a *apache) Version() Version { return a.version }

// Servers implements [Target].
func (a *apache) Servers() int { return a.setup.Servers }

// Sleep implements [Target].
func (a *apache) Sleep(d time.Duration) { time.Sleep(d) }

// Millis implements [Target].
func (a *apache) Millis() int64 { return time.Now().UnixMilli() }
