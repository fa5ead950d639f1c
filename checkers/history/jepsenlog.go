package history

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// ReadJepsenLog reads a register history as Jepsen printed it on its console in
// 2013, one event a line:
//
//	INFO  jepsen.util - 3  :invoke  :cas  [4 2]
//	INFO  jepsen.util - 3  :fail    :cas  [4 2]
//
// The log has no clock; the number of the line serves as time. A cas that fails
// tells that the register held something else (Err is ErrBadVersion); a read that
// fails has timed out and tells nothing. Lines of other loggers are passed over.
func ReadJepsenLog(r io.Reader, name string) (*History, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p := newPairing()
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		f := strings.Fields(line)
		if len(f) < 4 || f[0] != "INFO" || f[1] != "jepsen.util" || f[2] != "-" {
			continue
		}
		if len(f) < 7 && isProcess(f[3]) || !strings.HasSuffix(line, "\n") {
			return nil, fmt.Errorf("%s:%d: the last event is cut off, its writer died; delete the line to judge the rest", name, n)
		}
		if err := p.jepsenEvent(f[3:], time.Duration(n)); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
	}
	return &History{Ops: p.ops}, nil
}

// isProcess tells a client's number from the nemesis.
func isProcess(word string) bool {
	_, err := strconv.Atoi(word)
	return err == nil
}

// jepsenEvent enters "3 :invoke :cas [4 2]", split at blanks.
func (p *pairing) jepsenEvent(f []string, at time.Duration) error {
	process, err := strconv.Atoi(f[0])
	if err != nil {
		return nil // the nemesis
	}
	kind, fn, args := f[1], F(strings.TrimPrefix(f[2], ":")), f[3:]
	if fn != Read && fn != Write && fn != CAS {
		return fmt.Errorf("function %s is not a register's; this format holds read, write and cas only", f[2])
	}
	switch kind {
	case ":invoke":
		op := Op{F: fn, Invoke: at, Value: args[0]}
		if fn == Read {
			op.Value = ""
		}
		if fn == CAS {
			if len(args) != 2 {
				return fmt.Errorf("a cas has [old new], not %q", strings.Join(args, " "))
			}
			op.Old, op.Value = strings.TrimPrefix(args[0], "["), strings.TrimSuffix(args[1], "]")
		}
		p.invoke(process, op)
		return nil
	case ":ok":
		return p.complete(process, at, OK, func(op *Op) error {
			if fn == Read {
				op.readResult(args[0])
			}
			return nil
		})
	case ":fail":
		return p.complete(process, at, Fail, func(op *Op) error {
			if fn == CAS {
				op.Err = wire.ErrBadVersion
			}
			return nil
		})
	case ":info":
		return p.complete(process, at, Info, nil)
	}
	return fmt.Errorf("%s is none of :invoke, :ok, :fail and :info", kind)
}

// readResult fills in what a plain register's read returned.
func (op *Op) readResult(value string) {
	if op.OutNil = value == "nil"; !op.OutNil {
		op.OutValue = value
	}
}
