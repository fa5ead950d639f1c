package group

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// offsetsTwin is what a coordinator of groups without members should tell: the list of all
// that came into its log, read from the beginning by every new coordinator.
type offsetsTwin struct {
	*rig
	log    []offsetWrite
	served map[string]offsetWrite
	// checked is when offsets were last looked at for their age.
	checked time.Duration
}

// offsetWrite is an offset of a partition, by its name behind that of the group; gone for
// one that was deleted.
type offsetWrite struct {
	name string
	at   int64
	when time.Duration
	gone bool
}

const (
	twinRetention = time.Minute
	twinCheck     = 7 * time.Second
)

// write adds to the log, unless it is lost, and to what is served, if it is known.
func (w *offsetsTwin) write(o offsetWrite, known bool) {
	if !w.lost {
		w.log = append(w.log, o)
	}
	switch {
	case known && o.gone:
		delete(w.served, o.name)
	case known:
		w.served[o.name] = o
	}
}

// reload is a new coordinator.
func (w *offsetsTwin) reload() {
	w.served = map[string]offsetWrite{}
	for _, o := range w.log {
		delete(w.served, o.name)
		if !o.gone {
			w.served[o.name] = o
		}
	}
}

// age forgets what is too old whenever the coordinator looks.
func (w *offsetsTwin) age() {
	for w.checked+twinCheck <= w.now {
		w.checked += twinCheck
		for name, o := range maps.Clone(w.served) { //sim:unordered each for itself
			if w.checked-o.when >= twinRetention {
				w.write(offsetWrite{name: name, gone: true}, true)
			}
		}
	}
}

func twinName(group, topic string, p int32) string { return fmt.Sprintf("%s/%s-%d", group, topic, p) }

func (w *offsetsTwin) commits(group, topic string, p int32, at int64) {
	r := kmsg.NewPtrOffsetCommitRequest()
	r.Version, r.Group, r.Generation = 7, group, -1
	part := kmsg.NewOffsetCommitRequestTopicPartition()
	part.Partition, part.Offset = p, at
	r.Topics = []kmsg.OffsetCommitRequestTopic{{Topic: topic, Partitions: []kmsg.OffsetCommitRequestTopicPartition{part}}}
	w.c.Serve(Client{}, r, func(a kmsg.Response) {
		ok := a.(*kmsg.OffsetCommitResponse).Topics[0].Partitions[0].ErrorCode == 0
		w.write(offsetWrite{name: twinName(group, topic, p), at: at, when: w.now}, ok)
	})
}

func (w *offsetsTwin) deletes(group, topic string, p int32) {
	r := kmsg.NewPtrOffsetDeleteRequest()
	r.Group = group
	r.Topics = []kmsg.OffsetDeleteRequestTopic{{Topic: topic, Partitions: []kmsg.OffsetDeleteRequestTopicPartition{{Partition: p}}}}
	name := twinName(group, topic, p)
	if _, there := w.served[name]; there {
		w.write(offsetWrite{name: name, gone: true}, w.fail == wire.OK)
	}
	w.c.Serve(Client{}, r, func(kmsg.Response) {})
}

func (w *offsetsTwin) topicGone(topic string) {
	for name := range maps.Clone(w.served) { //sim:unordered each for itself
		var group string
		var p int32
		if n, _ := fmt.Sscanf(name, "%1s/"+topic+"-%d", &group, &p); n == 2 {
			w.write(offsetWrite{name: name, gone: true}, true)
		}
	}
	w.c.TopicDeleted(topic)
}

// check asks for everything.
func (w *offsetsTwin) check(t *rapid.T) {
	for _, group := range []string{"g", "h"} {
		got := map[string]int64{}
		r := kmsg.NewPtrOffsetFetchRequest()
		r.Version, r.Group = 5, group // no topics: all of them
		w.c.Serve(Client{}, r, func(a kmsg.Response) {
			for _, topic := range a.(*kmsg.OffsetFetchResponse).Topics {
				for _, p := range topic.Partitions {
					got[twinName(group, topic.Topic, p.Partition)] = p.Offset
				}
			}
		})
		want := map[string]int64{}
		for name, o := range w.served { //sim:unordered into a map
			if name[:1] == group {
				want[name] = o.at
			}
		}
		if !maps.Equal(got, want) {
			t.Fatalf("group %s is at %v, want %v", group, got, want)
		}
	}
}

// TestOffsetsAgainstTwin commits, deletes and ages offsets at random, over a log that loses
// records or does not say that it has them, and coordinators that come and go.
func TestOffsetsAgainstTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &offsetsTwin{rig: newRig(func(c *Config) { c.OffsetRetention, c.RetentionCheck = twinRetention, twinCheck }), served: map[string]offsetWrite{}}
		epoch := int32(0)
		elect := func() {
			epoch++
			w.c.Elected(0, epoch)
			w.wait(time.Millisecond * 10)
			w.reload()
			w.age()
		}
		elect()
		for at := range int64(rapid.IntRange(5, 60).Draw(t, "steps")) {
			group := rapid.SampledFrom([]string{"g", "h"}).Draw(t, "group")
			topic := rapid.SampledFrom([]string{"t", "u"}).Draw(t, "topic")
			p := rapid.Int32Range(0, 2).Draw(t, "partition")
			switch rapid.SampledFrom([]string{"commit", "commit", "commit", "delete", "topic", "wait", "elect", "log"}).Draw(t, "what") {
			case "commit":
				w.commits(group, topic, p, at)
			case "delete":
				w.deletes(group, topic, p)
			case "topic":
				w.topicGone(topic)
			case "wait":
				w.wait(time.Duration(rapid.IntRange(1, 30).Draw(t, "seconds")) * time.Second)
				w.age()
			case "elect":
				elect()
			case "log":
				w.fail = rapid.SampledFrom([]wire.ErrorCode{wire.OK, wire.OK, wire.RequestTimedOut}).Draw(t, "code")
				w.lost = w.fail != wire.OK && rapid.Bool().Draw(t, "lost")
			}
			w.check(t)
		}
	})
}
