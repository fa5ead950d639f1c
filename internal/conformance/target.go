package conformance

import (
	"errors"
	"time"
)

// Target is what scripts run against: servers numbered from 1, of one ensemble of
// their own.
type Target interface {
	// Name is what only=… calls it, Version the ZooKeeper version it stands for.
	Name() string
	Version() Version
	// Servers is how many there are.
	Servers() int
	// Dial opens a connection to a server's client port.
	Dial(server int) (Conn, error)
	// Sleep lets time pass, Millis is the servers' wall clock.
	Sleep(d time.Duration)
	Millis() int64
	// Kill ends a server's process at once; Start starts it again. Ready returns when
	// every server that runs serves clients.
	Kill(server int)
	Start(server int)
	Ready() error
	// Pause makes a server's process stand still, with its connections up; Resume lets
	// it go on.
	Pause(server int)
	Resume(server int)
	// Address and ClientAddress are a server as a configuration names it, Anonymous
	// puts $1, $2 … and $1c, $2c … in the place of addresses in a text.
	Address(server int) string
	ClientAddress(server int) string
	Anonymous(text string) string
	// Client is the address that servers see us at.
	Client() string
	// Close ends all servers.
	Close()
}

// Conn is a client's connection, in frames.
type Conn interface {
	// Send sends one frame, Word four bytes without a length.
	Send(frame []byte)
	Word(word string)
	// Receive returns the next frame, [ErrEnd] if the server has closed the
	// connection, [ErrSilent] if nothing comes in time.
	Receive(timeout time.Duration) ([]byte, error)
	// Rest returns what comes until the server closes the connection, as text. It is
	// for the answers to four-letter words, which have no frames.
	Rest(timeout time.Duration) (string, error)
	Close()
}

// The ways in which a connection gives no frame.
var (
	ErrEnd    = errors.New("closed")
	ErrSilent = errors.New("silent")
)

// Setup is how the servers of a script are configured: the settings of zoo.cfg that
// scripts need. Zero values mean ZooKeeper's defaults, except that Tick is 200 ms and
// MaxSession a minute, so that scripts are quick and their sessions outlive a slow
// machine.
type Setup struct {
	Servers                int
	Tick                   time.Duration
	MinSession, MaxSession time.Duration
	ContainerCheck         time.Duration
	MaxNeverUsed           time.Duration
	// MaxClients is how many connections an address may have, MaxConnections how many
	// there may be in all; 0 are ZooKeeper's defaults.
	MaxClients, MaxConnections int
	// Super is the digest user:hash of the super user.
	Super string
	// Observers is how many of the servers, the last ones, are observers.
	Observers int
	// Features are the words of the serve command: see [features].
	Features map[string]bool
}

// features are the switches of a server that scripts may turn on.
var features = []string{
	"ttl",             // extendedTypesEnabled
	"reconfig",        // reconfigEnabled
	"read-only",       // readonlymode.enabled
	"quota",           // enforceQuota
	"local",           // localSessionsEnabled
	"upgrading",       // localSessionsUpgradingEnabled
	"digest-required", // enforce.auth.schemes=digest
	"alone",           // standaloneEnabled=false: one server is an ensemble, too
	"few-words",       // no 4lw.commands.whitelist
	"maxbuffer",       // jute.maxbuffer=4096
}

// Version is a version of ZooKeeper.
type Version [3]int

// Before reports whether v is older than w.
func (v Version) Before(w Version) bool {
	for i := range v {
		if v[i] != w[i] {
			return v[i] < w[i]
		}
	}
	return false
}
