package history

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"time"

	"olympos.io/encoding/edn"
)

// ednEvent is one event of a Jepsen history.
type ednEvent struct {
	Type    edn.Keyword `edn:"type"`
	F       edn.Keyword `edn:"f"`
	Value   any         `edn:"value"`
	Process any         `edn:"process"`
	Time    int64       `edn:"time"`
	Index   *int64      `edn:"index"`
}

// ReadEDN reads a register history as Jepsen stores it (history.edn): event maps
// one after the other, or a vector of them. Values of independent keys come as
// [key value]. Events of the nemesis are passed over. A cas that fails did not
// happen; Jepsen does not say whether for want of the old value.
func ReadEDN(r io.Reader, name string) (*History, error) {
	br := bufio.NewReader(r)
	p := newPairing()
	d := edn.NewDecoder(br)
	n := 0
	add := func(e *ednEvent) error {
		if n++; e.Index == nil && e.Time == 0 {
			e.Time = int64(n) // no clock: the order has to do
		}
		if err := p.ednEvent(e); err != nil {
			return fmt.Errorf("%s: event %d: %w", name, n, err)
		}
		return nil
	}
	vector, err := startsVector(br)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for {
		var events []ednEvent
		if vector {
			err = d.Decode(&events)
		} else {
			events = make([]ednEvent, 1)
			err = d.Decode(&events[0])
		}
		if errors.Is(err, io.EOF) {
			return &History{Ops: p.ops}, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: after event %d: not EDN, or cut off; delete what follows to judge the rest: %w", name, n, err)
		}
		for i := range events {
			if err := add(&events[i]); err != nil {
				return nil, err
			}
		}
	}
}

// startsVector reports whether the first thing in r is a vector.
func startsVector(r *bufio.Reader) (bool, error) {
	for n := 1; ; n++ {
		b, err := r.Peek(n)
		if errors.Is(err, io.EOF) || errors.Is(err, bufio.ErrBufferFull) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		switch b[n-1] {
		case ' ', '\n', '\t', '\r', ',':
		default:
			return b[n-1] == '[', nil
		}
	}
}

// ednEvent enters one event.
func (p *pairing) ednEvent(e *ednEvent) error {
	process, ok := e.Process.(int64)
	if !ok {
		return nil // the nemesis
	}
	f, at := F(e.F), time.Duration(e.Time)
	if f != Read && f != Write && f != CAS {
		return fmt.Errorf("function %v is not a register's; Jepsen histories hold read, write and cas, judge others from history.jsonl", e.F)
	}
	switch e.Type {
	case "invoke":
		op := Op{F: f, Invoke: at}
		if err := op.ednArguments(e.Value); err != nil {
			return err
		}
		p.invoke(int(process), op)
		return nil
	case "ok":
		return p.complete(int(process), at, OK, func(op *Op) error {
			if f == Read {
				_, v := keyed(e.Value, f)
				op.readResult(ednScalar(v))
			}
			return nil
		})
	case "fail":
		return p.complete(int(process), at, Fail, func(*Op) error { return nil })
	case "info":
		return p.complete(int(process), at, Info, nil)
	}
	return fmt.Errorf("type %v is none of :invoke, :ok, :fail and :info", e.Type)
}

// ednArguments reads the value of an invocation.
func (op *Op) ednArguments(value any) error {
	key, v := keyed(value, op.F)
	op.Path = key
	switch op.F {
	case Write:
		op.Value = ednScalar(v)
	case CAS:
		pair, ok := v.([]any)
		if !ok || len(pair) != 2 {
			return fmt.Errorf("a cas has [old new], not %v", v)
		}
		op.Old, op.Value = ednScalar(pair[0]), ednScalar(pair[1])
	}
	return nil
}

// keyed splits the [key value] of independent registers; a lone register has the
// key "".
func keyed(value any, f F) (string, any) {
	pair, ok := value.([]any)
	if !ok || len(pair) != 2 {
		return "", value
	}
	if _, nested := pair[1].([]any); f == CAS && !nested {
		return "", value // a plain [old new]
	}
	return ednScalar(pair[0]), pair[1]
}

// ednScalar renders a value as text that tells different values apart.
func ednScalar(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case string:
		return v
	}
	return fmt.Sprint(v)
}
