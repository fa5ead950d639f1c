package history

import (
	"strings"
	"testing"
)

// A log that ends in the middle of an event is refused with its line, wherever in
// the event it ends; cut between two events it is a shorter history.
func TestCutJepsenLogIsRefused(t *testing.T) {
	whole := "INFO  jepsen.util - 0\t:invoke\t:write\t12\nINFO  jepsen.util - 0\t:ok\t:write\t12\n"
	second := strings.Index(whole, "\n") + 1
	for at := second + len("INFO  jepsen.util - 0"); at < len(whole); at++ {
		_, err := ReadJepsenLog(strings.NewReader(whole[:at]), "x.log")
		if err == nil || !strings.HasPrefix(err.Error(), "x.log:2: the last event is cut off") {
			t.Errorf("%q: %v", whole[second:at], err)
		}
	}
	for _, at := range []int{second, len(whole)} {
		if _, err := ReadJepsenLog(strings.NewReader(whole[:at]), "x.log"); err != nil {
			t.Errorf("%d bytes: %v", at, err)
		}
	}
}
