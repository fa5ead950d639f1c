package broker_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/client"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// TestAdministration asks for everything that an administrator can, and looks whether it
// has happened.
func TestAdministration(t *testing.T) {
	c := newCluster(t, 4)
	c.run(5 * time.Second)
	app := c.application()
	a := app.NewAdmin()
	var got string
	note := func(d client.Done) { got = fmt.Sprint(d.Outcome, " ", d.Code) }
	expect := c.expects(&got, 5*time.Second)
	t0 := client.TopicPartition{Topic: "t"}
	short := "3600000"
	a.CreateTopic(client.NewTopic{Name: "t", Assignment: [][]int32{{1, 2, 3}}, Configs: []client.Setting{{Name: "retention.ms", Value: &short}}}, note)
	expect("create", "ok NONE")
	a.CreateTopic(client.NewTopic{Name: "t", Partitions: 1, Replication: 1}, note)
	expect("create again", "failed TOPIC_ALREADY_EXISTS")

	p := app.NewProducer(client.ProducerConfig{Acks: -1})
	for i := range 10 {
		p.Send(client.Record{Topic: "t", Partition: 0, Value: fmt.Append(nil, i)}, func(client.Sent) {})
	}
	c.run(2 * time.Second)
	places := func() (all []int64) {
		for _, at := range []int64{client.LogStart, client.LogEnd} {
			a.ListOffsets(t0, at, func(place client.Place, d client.Done) { all = append(all, place.Offset) })
			c.run(2 * time.Second)
		}
		return all
	}
	a.DeleteRecords(t0, 4, note)
	expect("delete records", "ok NONE")
	if at := places(); !slices.Equal(at, []int64{4, 10}) {
		t.Errorf("the log is between %v, want 4 and 10", at)
	}

	a.TopicConfig("t", func(all []client.Setting, d client.Done) {
		for _, s := range all {
			if s.Name == "retention.ms" && s.Value != nil {
				got = *s.Value
			}
		}
	})
	expect("the configuration", short)
	a.SetTopicConfig("t", []client.Setting{{Name: "retention.ms"}}, note)
	expect("a setting deleted", "ok NONE")

	// The log now begins in the middle of a batch, which the new replica is sent whole.
	a.Reassign(t0, []int32{4, 2, 3}, note)
	expect("reassign", "ok NONE")
	c.run(10 * time.Second)
	a.Reassignments(func(all []client.Reassignment, d client.Done) { got = fmt.Sprint(all, d.Outcome) })
	expect("what is under way", "[] ok")
	a.ElectLeader(t0, false, note)
	c.run(5 * time.Second)
	if got != "ok NONE" && got != "failed "+wire.ElectionNotNeeded.String() {
		t.Errorf("the election of the preferred leader: %s", got)
	}
	got = ""
	app.Refresh()
	c.run(2 * time.Second)
	topic, _ := app.Topic("t")
	if part := topic.Partitions[0]; !slices.Equal(part.Replicas, []int32{4, 2, 3}) || part.Leader != 4 {
		t.Errorf("the partition is %+v", part)
	}

	a.CreatePartitions("t", 3, note)
	expect("more partitions", "ok NONE")
	a.CreatePartitions("t", 2, note)
	expect("fewer partitions", "failed INVALID_PARTITIONS")

	app.NewOffsets("g").Commit([]client.Commit{{TopicPartition: t0, Offset: 5, Epoch: -1}}, func(e client.Committed) { got = fmt.Sprint(e.Outcome) })
	c.run(10 * time.Second)
	expect("commit", "ok")
	a.DescribeGroup("g", func(g *kmsg.DescribeGroupsResponseGroup, d client.Done) { got = fmt.Sprint(d.Outcome, " ", g.State) })
	expect("describe", "ok Empty")
	a.DeleteGroup("g", note)
	expect("delete the group", "ok NONE")
	a.DeleteGroup("g", note)
	expect("delete the group again", "failed GROUP_ID_NOT_FOUND")

	a.DeleteTopic("t", note)
	expect("delete", "ok NONE")
	a.DeleteTopic("t", note)
	expect("delete again", "failed UNKNOWN_TOPIC_OR_PARTITION")
}
