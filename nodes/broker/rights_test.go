package broker

import (
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestEveryRequestNeedsItsRights: what is served is in the table of rights, and nothing
// else is; a request without a right is one that everybody needs to find that out.
func TestEveryRequestNeedsItsRights(t *testing.T) {
	rows := apis()
	for _, row := range rows {
		d := demandOf(row.key.Int16())
		free := row.key == kmsg.ApiVersions || row.key == kmsg.SASLHandshake || row.key == kmsg.SASLAuthenticate
		if free != (len(d.rights) == 0) {
			t.Errorf("%s needs %d rights", row.key.Name(), len(d.rights))
		}
	}
	if len(demands) != len(rows) {
		t.Errorf("%d rows of rights for %d requests", len(demands), len(rows))
	}
	for i := range demands[1:] {
		if demands[i].key.Int16() >= demands[i+1].key.Int16() {
			t.Errorf("row %d of the rights is out of order", i+1)
		}
	}
}

// TestRefusals: whatever is refused as a whole has an answer that says so, under its own
// error.
func TestRefusals(t *testing.T) {
	for _, d := range demands {
		if len(d.rights) == 0 || fmt.Sprintf("%p", d.gate) != fmt.Sprintf("%p", (*gate).whole) {
			continue
		}
		answer := refusal(d.key.Request(), failed(d.rights[0]))
		if answer.Key() != d.key.Int16() {
			t.Errorf("%s is refused by an answer to %s", d.key.Name(), kmsg.NameForKey(answer.Key()))
		}
	}
}
