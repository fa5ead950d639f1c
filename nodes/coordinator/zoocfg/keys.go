package zoocfg

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/admin"
)

// key is a setting with a meaning here. get returns "" for what needs no line.
type key struct {
	name string
	set  func(f *File, value string) error
	get  func(f *File) string
}

var keys = []key{
	millis("tickTime", func(f *File) *time.Duration { return &f.Config.Tick }),
	whole("initLimit", func(f *File) *int { return &f.Config.InitLimit }),
	whole("syncLimit", func(f *File) *int { return &f.Config.SyncLimit }),
	text("dataDir", func(f *File) *string { return &f.DataDir }),
	text("dataLogDir", func(f *File) *string { return &f.DataLogDir }),
	text("clientPortAddress", func(f *File) *string { return &f.Client.Host }),
	whole("clientPort", func(f *File) *int { return &f.Client.Port }),
	text("dynamicConfigFile", func(f *File) *string { return &f.Dynamic }),
	{"standaloneEnabled", setAlone, getAlone},
	millis("minSessionTimeout", func(f *File) *time.Duration { return &f.Config.MinSessionTimeout }),
	millis("maxSessionTimeout", func(f *File) *time.Duration { return &f.Config.MaxSessionTimeout }),
	whole("snapCount", func(f *File) *int { return &f.Config.SnapCount }),
	whole("commitLogCount", func(f *File) *int { return &f.Config.CommitLogCount }),
	truth("localSessionsEnabled", func(f *File) *bool { return &f.Config.LocalSessions }),
	truth("localSessionsUpgradingEnabled", func(f *File) *bool { return &f.Config.UpgradeSessions }),
	truth("readonlymode.enabled", func(f *File) *bool { return &f.Config.ReadOnlyMode }),
	truth("extendedTypesEnabled", func(f *File) *bool { return &f.Config.ExtendedTypes }),
	truth("enforceQuota", func(f *File) *bool { return &f.Config.EnforceQuota }),
	truth("skipACL", func(f *File) *bool { return &f.Config.SkipACL }),
	text("DigestAuthenticationProvider.superDigest", func(f *File) *string { return &f.Config.SuperDigest }),
	millis("znode.container.checkIntervalMs", func(f *File) *time.Duration { return &f.Config.ReapInterval }),
	whole("znode.container.maxPerMinute", func(f *File) *int { return &f.Config.ReapsPerMinute }),
	millis("znode.container.maxNeverUsedIntervalMs", func(f *File) *time.Duration { return &f.Config.NeverUsed }),
	truth("reconfigEnabled", func(f *File) *bool { return &f.Config.ReconfigEnabled }),
	{"leaderServes", setServes, getServes},
	whole("maxClientCnxns", func(f *File) *int { return &f.Config.MaxClientCnxns }),
	whole("maxCnxns", func(f *File) *int { return &f.Config.MaxCnxns }),
	whole("jute.maxbuffer", func(f *File) *int { return &f.Config.MaxBuffer }),
	whole("globalOutstandingLimit", func(f *File) *int { return &f.Config.OutstandingLimit }),
	{"autopurge.snapRetainCount", setRetain, func(f *File) string { return unlessZero(f.Config.SnapRetain) }},
	{"autopurge.purgeInterval", setPurge, getPurge},
	{"4lw.commands.whitelist", setWords, getWords},
	{"enforce.auth.schemes", setSchemes, getSchemes},
	{"sessionRequireClientSASLAuth", setSASL, func(*File) string { return "" }},
	{"snapshotSizeFactor", setFactor, getFactor},
	{"electionAlg", setElection, func(*File) string { return "" }},
	{"peerType", setPeerType, func(*File) string { return "" }},
}

func text(name string, at func(*File) *string) key {
	return key{name,
		func(f *File, value string) error { *at(f) = value; return nil },
		func(f *File) string { return *at(f) },
	}
}

func whole(name string, at func(*File) *int) key {
	return key{name,
		func(f *File, value string) (err error) { *at(f), err = positive(value); return err },
		func(f *File) string { return unlessZero(*at(f)) },
	}
}

// millis is a time in milliseconds, which ZooKeeper writes without a unit.
func millis(name string, at func(*File) *time.Duration) key {
	return key{name,
		func(f *File, value string) error {
			n, err := positive(value)
			*at(f) = time.Duration(n) * time.Millisecond
			return err
		},
		func(f *File) string { return unlessZero(int(at(f).Milliseconds())) },
	}
}

func truth(name string, at func(*File) *bool) key {
	return key{name,
		func(f *File, value string) (err error) { *at(f), err = boolean(value); return err },
		func(f *File) string {
			if *at(f) {
				return "true"
			}
			return ""
		},
	}
}

// mostNumber keeps sums and products of settings far from overflow.
const mostNumber = 1 << 40

func positive(value string) (int, error) {
	n, err := strconv.Atoi(value)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is no whole number (times are in milliseconds, without a unit)", value)
	case n < 0 || n > mostNumber:
		return 0, fmt.Errorf("%d is out of range", n)
	}
	return n, nil
}

func boolean(value string) (bool, error) {
	switch strings.ToLower(value) {
	case "true", "yes":
		return true, nil
	case "false", "no":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither true nor false", value)
}

func unlessZero(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func setAlone(f *File, value string) (err error) { f.Alone, err = boolean(value); return err }

func getAlone(f *File) string {
	if f.Alone {
		return ""
	}
	return "false"
}

// setServes reads leaderServes, of which only "no" means no.
func setServes(f *File, value string) error {
	serves, err := boolean(value)
	f.Config.LeaderRefuses = !serves
	return err
}

func getServes(f *File) string {
	if f.Config.LeaderRefuses {
		return "no"
	}
	return ""
}

// setRetain reads autopurge.snapRetainCount, which ZooKeeper raises to 3.
func setRetain(f *File, value string) error {
	n, err := positive(value)
	f.Config.SnapRetain = max(n, 3)
	return err
}

// setPurge reads autopurge.purgeInterval, in hours.
func setPurge(f *File, value string) error {
	hours, err := positive(value)
	if hours > 1e6 {
		return fmt.Errorf("%d is out of range", hours)
	}
	f.Config.PurgeInterval = time.Duration(hours) * time.Hour
	return err
}

func getPurge(f *File) string { return unlessZero(int(f.Config.PurgeInterval / time.Hour)) }

func setWords(f *File, value string) (err error) {
	f.Config.FourLetterWords, err = admin.ParseWhitelist(value)
	return err
}

func getWords(f *File) string {
	return strings.ReplaceAll(f.Config.FourLetterWords.String(), " ", "")
}

func setSchemes(f *File, value string) error {
	for scheme := range strings.SplitSeq(value, ",") {
		f.Config.EnforceAuth = append(f.Config.EnforceAuth, strings.TrimSpace(scheme))
	}
	return nil
}

func getSchemes(f *File) string { return strings.Join(f.Config.EnforceAuth, ",") }

// setSASL is the older name of one of the schemes.
func setSASL(f *File, value string) error {
	required, err := boolean(value)
	if required {
		f.Config.EnforceAuth = append(f.Config.EnforceAuth, "sasl")
	}
	return err
}

// setFactor: how much of a snapshot's size a leader reads from its logs for a learner is
// not modelled, but that a negative factor forbids it.
func setFactor(f *File, value string) error {
	digits := strings.TrimPrefix(value, "-")
	if digits == "" || strings.Trim(digits, ".0123456789") != "" {
		return fmt.Errorf("%q is no number", value)
	}
	f.Config.DiskSync = digits == value
	return nil
}

func getFactor(f *File) string {
	if f.Config.DiskSync {
		return ""
	}
	return "-1"
}

// setElection: the elections before fast leader election are gone since 3.4.
func setElection(_ *File, value string) error {
	if value != "3" {
		return errors.New("only 3, fast leader election, is left")
	}
	return nil
}

// setPeerType takes what the lines of the servers say, too; where they differ ZooKeeper
// goes by the lines.
func setPeerType(_ *File, value string) error {
	if value != "observer" && value != "participant" {
		return fmt.Errorf("%q is neither observer nor participant", value)
	}
	return nil
}

// ignored are keys that mean nothing here, ignoredBelow the beginnings of such keys.
var (
	ignored = []string{
		"quorumListenOnAllIPs", "preAllocSize", "txnLogSizeLimitInKb", "cnxTimeout", "observerMasterPort", "forceSync", "syncEnabled", "clientPortListenBacklog",
		"secureClientPort", "secureClientPortAddress", "portUnification", "sslQuorum", "sslQuorumReloadCertFiles",
		"audit.enable", "tcpKeepAlive", "snapshot.trust.empty", "fsync.warningthresholdms", "digest.enabled",
		"multiAddress.enabled", "serverCnxnFactory", "connectToLearnerMasterLimit", "electionPortBindRetry",
		"enforce.auth.enabled", "requireClientAuthScheme",
		"maxResponseCacheSize", "strategy", "quorumCnxnTimeoutMs", "flushDelay", "maxBatchSize", "db.autocreate",
	}
	ignoredBelow = []string{
		"admin.", "ssl.", "quorum.", "metricsProvider.", "authProvider.", "commitProcessor.", "netty.", "kerberos.",
		"request_throttle", "nio.", "large",
	}
)

func ignorable(key string) bool {
	for _, name := range ignored {
		if name == key {
			return true
		}
	}
	for _, prefix := range ignoredBelow {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

func allKeys() []string {
	names := append([]string{}, ignored...)
	for _, k := range keys {
		names = append(names, k.name)
	}
	return names
}
