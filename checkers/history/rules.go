package history

import "time"

// Rules are settings of an ensemble that decide what is right. The zero value is
// ZooKeeper's default.
type Rules struct {
	// NeverUsed is after how long without change the ensemble may delete a container
	// that never had a child; 0 for never.
	NeverUsed time.Duration `json:"neverUsed,omitempty"`
	// EnforceQuota: what goes beyond a hard quota is refused.
	EnforceQuota bool `json:"enforceQuota,omitempty"`
	// VersionStart is the version that the first setData gives a znode, 0 for 1.
	VersionStart int32 `json:"versionStart,omitempty"`
	// SequenceStart is the count of creates that a znode's first child gives it, 0 for 1.
	SequenceStart int32 `json:"sequenceStart,omitempty"`
	// Strangers: the coordinator has users that the history has nothing of, brokers.
	Strangers bool `json:"strangers,omitempty"`
	// Retention and DeleteRetention are retention.ms and delete.retention.ms of topics that
	// do not say otherwise; 0 for Kafka's defaults. ClocksWrong: some clocks did not go
	// with the time of the history, so that it does not show what age things had.
	Retention       time.Duration `json:"retention,omitempty"`
	DeleteRetention time.Duration `json:"deleteRetention,omitempty"`
	ClocksWrong     bool          `json:"clocksWrong,omitempty"`
	// SkipACL: everybody may do everything.
	SkipACL bool `json:"skipACL,omitempty"`
}

// rulesLine is the rules as a line of JSON.
type rulesLine struct {
	Type string `json:"type"`
	Rules
}

// Rules writes the rules, unless they are the default.
func (e *Encoder) Rules(r Rules) error {
	if r == (Rules{}) {
		return nil
	}
	return e.write(rulesLine{"rules", r})
}

func lineToRules(l *rulesLine) (*Rules, error) { return &l.Rules, nil }
