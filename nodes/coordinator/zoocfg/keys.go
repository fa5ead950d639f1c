package zoocfg

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator"
	"github.com/stampede-sim/stampede/nodes/coordinator/admin"
)

// setter enters the value of one key.
type setter func(p *parser, value string) error

// keys are those that mean something here, without the prefix "zookeeper." that
// those have which are system properties.
var keys = map[string]setter{
	"tickTime":          span(time.Millisecond, func(c *coordinator.Config) *time.Duration { return &c.Tick }),
	"minSessionTimeout": span(time.Millisecond, func(c *coordinator.Config) *time.Duration { return &c.MinSessionTimeout }),
	"maxSessionTimeout": span(time.Millisecond, func(c *coordinator.Config) *time.Duration { return &c.MaxSessionTimeout }),
	"initLimit":         count(1, func(c *coordinator.Config) *int { return &c.InitLimit }),
	"syncLimit":         count(1, func(c *coordinator.Config) *int { return &c.SyncLimit }),
	"snapCount":         count(2, func(c *coordinator.Config) *int { return &c.SnapCount }),
	"commitLogCount":    count(1, func(c *coordinator.Config) *int { return &c.CommitLogCount }),

	"dataDir":    word(func(f *File) *string { return &f.DataDir }),
	"dataLogDir": word(func(f *File) *string { return &f.DataLogDir }),
	"clientPort": func(p *parser, value string) (err error) { p.file.ClientPort, err = port(value); return err },

	"standaloneEnabled": toggle(func(p *parser) *bool { return &p.file.Standalone }),

	"localSessionsEnabled":                     toggle(func(p *parser) *bool { return &p.file.Server.LocalSessions }),
	"localSessionsUpgradingEnabled":            toggle(func(p *parser) *bool { return &p.file.Server.UpgradeSessions }),
	"readonlymode.enabled":                     toggle(func(p *parser) *bool { return &p.file.Server.ReadOnlyMode }),
	"extendedTypesEnabled":                     toggle(func(p *parser) *bool { return &p.file.Server.ExtendedTypes }),
	"skipACL":                                  skipACL,
	"snapshotSizeFactor":                       snapshotSizeFactor,
	"peerType":                                 peerType,
	"electionAlg":                              electionAlg,
	"dynamicConfigFile":                        dynamicConfigFile,
	"version":                                  version,
	"4lw.commands.whitelist":                   whitelist,
	"enforce.auth.schemes":                     schemes,
	"sessionRequireClientSASLAuth":             requireSASL,
	"znode.container.checkIntervalMs":          span(time.Millisecond, func(c *coordinator.Config) *time.Duration { return &c.ReapInterval }),
	"znode.container.maxPerMinute":             count(1, func(c *coordinator.Config) *int { return &c.ReapsPerMinute }),
	"znode.container.maxNeverUsedIntervalMs":   span(time.Millisecond, func(c *coordinator.Config) *time.Duration { return &c.NeverUsed }),
	"fastleader.maxNotificationInterval":       span(time.Millisecond, func(c *coordinator.Config) *time.Duration { return &c.ElectionTimeoutMax }),
	"DigestAuthenticationProvider.superDigest": word(func(f *File) *string { return &f.Server.SuperDigest }),
}

// Reasons why a key is ignored.
const (
	noSockets = "simulated servers have no sockets of their own"
	noJVM     = "there is no JVM"
	noFiles   = "the simulated disk has no such limit"
	noAdmin   = "administration commands are data here, see stampede run --ask"
)

// ignored are keys that ZooKeeper knows and a simulated server has no use for.
var ignored = map[string]string{
	"clientPortAddress": noSockets, "secureClientPort": noSockets, "secureClientPortAddress": noSockets, "clientPortListenBacklog": noSockets,
	"quorumListenOnAllIPs": noSockets, "multiAddress.enabled": noSockets, "multiAddress.reachabilityCheckEnabled": noSockets,
	"multiAddress.reachabilityCheckTimeoutMs": noSockets, "cnxTimeout": noSockets, "tcpKeepAlive": noSockets, "clientTcpKeepAlive": noSockets,
	"electionPortBindRetry": noSockets, "observer.reconnectDelayMs": noSockets, "observer.election.DelayMs": noSockets,
	"portUnification": noSockets, "client.portUnification": noSockets, "sslQuorum": noSockets, "sslQuorumReloadCertFiles": noSockets, "serverCnxnFactory": noSockets,
	"admin.enableServer": noAdmin, "admin.serverPort": noAdmin, "admin.serverAddress": noAdmin, "admin.commandURL": noAdmin, "admin.idleTimeout": noAdmin,
	"preAllocSize": noFiles, "fsync.warningthresholdms": "no log lines are written", "forceSync": "a server that skips fsync is the bug ack-before-sync",
	"jmx.log4j.disable": noJVM, "nio.numSelectorThreads": noJVM, "nio.numWorkerThreads": noJVM, "commitProcessor.numWorkerThreads": noJVM, "nio.shutdownTimeout": noJVM,
	"syncEnabled": "observers always log here", "observerMasterPort": "observers follow the leader only",
	"maxResponseCacheSize": "there is no response cache", "maxGetChildrenResponseCacheSize": "there is no response cache",
	"digest.enabled": "the digest of the tree is always on", "serializeLastProcessedZxid.enabled": "snapshots are named by their zxid",
	"connectToLearnerMasterLimit": "initLimit bounds it", "maxTimeToWaitForEpoch": "leaders wait for initLimit", "db.autocreate": "an empty server takes part",
	"snapshot.trust.empty": "a log without a snapshot is replayed", "snapshot.compression.method": "snapshots are not compressed",
	"advancedFlowControlEnabled": noJVM,
}

// ignoredPrefixes are those of families of keys.
var ignoredPrefixes = map[string]string{
	"ssl.": noSockets, "zookeeper.ssl.": noSockets, "quorum.auth.": noSockets, "quorum.cnxn.": noSockets, "metricsProvider.": "see stampede run --ask mntr",
	"authProvider.": "x509 and sasl identities are facts of a run", "zookeeper.netty.": noSockets, "java.": noJVM, "security.": noJVM,
	"zookeeper.request_throttle": "requests are not throttled", "zookeeper.throttled": "requests are not throttled", "zookeeper.connection_throttle": "connections are not throttled",
}

// knownKeys lists what a slip may have meant, sorted.
func knownKeys() []string {
	return append(slices.Sorted(maps.Keys(keys)), slices.Sorted(maps.Keys(ignored))...)
}

func span(unit time.Duration, field func(*coordinator.Config) *time.Duration) setter {
	return func(p *parser, value string) error {
		n, err := strconv.ParseInt(value, 10, 32)
		if err != nil || n < 1 {
			return fmt.Errorf("%q: want a positive number, in %v", value, unit)
		}
		*field(&p.file.Server) = time.Duration(n) * unit
		return nil
	}
}

func count(least int, field func(*coordinator.Config) *int) setter {
	return func(p *parser, value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < least {
			return fmt.Errorf("%q: want a number of at least %d", value, least)
		}
		*field(&p.file.Server) = n
		return nil
	}
}

func word(field func(*File) *string) setter {
	return func(p *parser, value string) error {
		if value == "" {
			return errors.New("is empty")
		}
		*field(p.file) = value
		return nil
	}
}

// toggle reads true and false in any case. ZooKeeper takes everything else for false.
func toggle(field func(*parser) *bool) setter {
	return func(p *parser, value string) error {
		b, err := boolean(value)
		*field(p) = b
		return err
	}
}

func boolean(value string) (bool, error) {
	switch strings.ToLower(value) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("%q: want true or false", value)
}

func port(value string) (int, error) {
	n, err := strconv.ParseUint(value, 10, 16)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("%q is no port", value)
	}
	return int(n), nil
}

func skipACL(p *parser, value string) error {
	p.file.Server.SkipACL = value == "yes"
	if value != "yes" && value != "no" {
		return fmt.Errorf("%q: want yes or no", value)
	}
	return nil
}

// snapshotSizeFactor: what is negative turns synchronisation from the log files off.
func snapshotSizeFactor(p *parser, value string) error {
	f, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return fmt.Errorf("%q is no number", value)
	}
	p.file.Server.DiskSync = f >= 0
	return nil
}

func peerType(p *parser, value string) error {
	p.peerType = strings.ToLower(value)
	if p.peerType != "observer" && p.peerType != "participant" {
		return fmt.Errorf("%q: want observer or participant", value)
	}
	return nil
}

func electionAlg(_ *parser, value string) error {
	if value != "3" {
		return fmt.Errorf("%q: only 3, Fast Leader Election over TCP, is left since 3.6", value)
	}
	return nil
}

func dynamicConfigFile(p *parser, value string) error {
	if len(p.members) > 0 {
		return errors.New("members are listed here already; move them to the dynamic file")
	}
	p.dynamic = value
	return nil
}

func version(p *parser, value string) error {
	if !p.inDynamic {
		return errors.New("belongs into the dynamic file")
	}
	if _, err := strconv.ParseInt(value, 16, 64); err != nil {
		return fmt.Errorf("%q is no hexadecimal number", value)
	}
	return nil
}

func whitelist(p *parser, value string) (err error) {
	p.file.Server.FourLetterWords, err = admin.ParseWhitelist(value)
	return err
}

func schemes(p *parser, value string) error {
	for _, s := range strings.Split(value, ",") {
		p.file.Server.EnforceAuth = append(p.file.Server.EnforceAuth, strings.TrimSpace(s))
	}
	return nil
}

func requireSASL(p *parser, value string) error {
	b, err := boolean(value)
	if b {
		p.file.Server.EnforceAuth = append(p.file.Server.EnforceAuth, "sasl")
	}
	return err
}
