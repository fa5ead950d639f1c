package sim

import (
	"math/rand/v2"
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
)

// World is the simulated world; see the package comment.
type World struct {
	cfg       Config
	streams   map[string]*rand.Rand
	onEvent   []func(Seen)
	onProcess []func(ProcessChange)
}

// Disk is one process's disk, as a tool outside the process sees it.
type Disk struct{}

// CrashMode says what a crash does to what was not synced.
type CrashMode uint8

// The crash modes.
const (
	KeepAll CrashMode = iota
	LoseAll
	Torn
	Arbitrary
)

// Line is one line of the trace.
type Line struct {
	Step uint64
	At   time.Duration
	Node node.ID
	Verb string
	Peer node.ID
}

// Counter is one count of what actually happened in a world.
type Counter struct {
	Name string
	N    uint64
}

func NewWorld(cfg Config) *World                                       { panic("unfinished") }
func (w *World) Add(name, group string, make func() node.Node) node.ID { panic("unfinished") }
func (w *World) Start(id node.ID)                                      { panic("unfinished") }
func (w *World) Run(until time.Duration) bool                          { panic("unfinished") }
func (w *World) Stop(reason string)                                    { panic("unfinished") }
func (w *World) StopReason() string                                    { panic("unfinished") }
func (w *World) Close()                                                { panic("unfinished") }
func (w *World) Now() time.Duration                                    { panic("unfinished") }
func (w *World) Hash() uint64                                          { panic("unfinished") }
func (w *World) Steps() uint64                                         { panic("unfinished") }
func (w *World) Checkpoints() []Checkpoint                             { panic("unfinished") }
func (w *World) Counters() []Counter                                   { panic("unfinished") }
func (w *World) At(t time.Duration, label string, fn func())           { panic("unfinished") }
func (w *World) Failure() *Failure                                     { panic("unfinished") }
func (w *World) Processes() []ProcessInfo                              { panic("unfinished") }
func (w *World) SetTrace(fn func(Line))                                { panic("unfinished") }
func (w *World) Crash(id node.ID, how CrashMode)                       { panic("unfinished") }
func (w *World) CrashAfter(id node.ID, effects int, how CrashMode)     { panic("unfinished") }
func (w *World) Disarm(id node.ID)                                     { panic("unfinished") }
func (w *World) Pause(id node.ID)                                      { panic("unfinished") }
func (w *World) Resume(id node.ID)                                     { panic("unfinished") }
func (w *World) Block(name string, match LinkMatch)                    { panic("unfinished") }
func (w *World) Unblock(name string)                                   { panic("unfinished") }
func (w *World) Slow(name string, match LinkMatch, extra Latency)      { panic("unfinished") }
func (w *World) Unslow(name string)                                    { panic("unfinished") }
func (w *World) Rule(name string, fn RuleFunc)                         { panic("unfinished") }
func (w *World) Unrule(name string)                                    { panic("unfinished") }
func (w *World) Cut(match LinkMatch) int                               { panic("unfinished") }
func (w *World) SetDrift(id node.ID, ppm int64)                        { panic("unfinished") }
func (w *World) JumpWall(id node.ID, ms int64)                         { panic("unfinished") }
func (w *World) DiskOf(id node.ID) *Disk                               { panic("unfinished") }
func (d *Disk) Files() []string                                        { panic("unfinished") }
func (d *Disk) Read(name string) ([]byte, bool)                        { panic("unfinished") }
func (d *Disk) Durable(name string) ([]byte, bool)                     { panic("unfinished") }
func (l Line) Text() string                                            { panic("unfinished") }
func (l Line) String() string                                          { panic("unfinished") }
