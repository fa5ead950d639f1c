package history

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Stampede's own format is JSON lines: one object a line, whose "type" is "config", "op",
// "session", "local", "event", "rearm", "auth", "claim", "tail", "partition", "state", "access", "txn" or "rules". It loses nothing. Times are nanoseconds of virtual time,
// zxids are "epoch:counter", data is text where it is UTF-8 and {"base64":…} else.

// Encoder writes a history line by line, while it grows.
type Encoder struct{ json *json.Encoder }

// NewEncoder writes to w, which the caller buffers and closes.
func NewEncoder(w io.Writer) *Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return &Encoder{json: e}
}

// Op writes one operation.
func (e *Encoder) Op(op *Op) error {
	l, err := opToLine(op)
	if err != nil {
		return err
	}
	return e.write(l)
}

// Session writes one session event.
func (e *Encoder) Session(s *SessionEvent) error {
	return e.write(sessionLine{
		Type: "session", At: s.At, Client: s.Client, Kind: s.Kind, Session: s.Session,
		Conn: s.Conn, Server: s.Server, Zxid: zxid(s.Zxid), Timeout: s.Timeout,
		Before: s.Before, Asked: s.Asked, Vouched: identitiesToLines(s.Vouched),
	})
}

// Txn writes one transaction of the committed log.
func (e *Encoder) Txn(a *Applied) error {
	l, err := txnToLine(a)
	if err != nil {
		return err
	}
	return e.write(l)
}

func (e *Encoder) write(line any) error {
	if err := e.json.Encode(line); err != nil {
		return fmt.Errorf("writing a history: %w", err)
	}
	return nil
}

// WriteLines writes a whole history in Stampede's format.
func WriteLines(w io.Writer, h *History) error {
	e := NewEncoder(w)
	for _, section := range []func() error{
		func() error { return e.config(h.Config) },
		func() error { return e.Rules(h.Rules) },
		func() error { return each(h.Sessions, e.Session) },
		func() error { return each(h.Locals, e.Local) },
		func() error { return each(h.Events, e.Event) },
		func() error { return each(h.Rearms, e.Rearm) },
		func() error { return each(h.Auths, e.Auth) },
		func() error { return each(h.Claims, e.Claim) },
		func() error { return each(h.Tails, e.Tail) },
		func() error { return each(h.Partitions, e.Partition) },
		func() error { return each(h.States, e.State) },
		func() error { return each(h.Access, e.Access) },
		func() error { return each(h.Log, e.Txn) },
		func() error { return each(h.Ops, e.Op) },
	} {
		if err := section(); err != nil {
			return err
		}
	}
	return nil
}

// each writes the records of one kind, up to the first error.
func each[T any](records []T, write func(*T) error) error {
	for i := range records {
		if err := write(&records[i]); err != nil {
			return err
		}
	}
	return nil
}

// config writes the configuration that a run begins with, if there is one.
func (e *Encoder) config(text string) error {
	if text == "" {
		return nil
	}
	return e.write(configLine{Type: "config", Text: text})
}

// Decoder reads line by line what Encoder wrote.
type Decoder struct {
	r    *bufio.Reader
	name string
	line int
}

// NewDecoder reads from r; errors speak of it as name.
func NewDecoder(r io.Reader, name string) *Decoder {
	return &Decoder{r: bufio.NewReaderSize(r, 1<<16), name: name}
}

// Next returns the next *Op, *string (the configuration to begin with), *SessionEvent,
// *LocalSession, *WatchEvent, *Rearm, *Auth, *Claim, *Tail, *LogEvent, *StateOp, *Applied or *Rules, and
// io.EOF after the last. Any other error names file and line and says what to do.
func (d *Decoder) Next() (any, error) {
	for {
		text, err := d.r.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s:%d: %w", d.name, d.line+1, err)
		}
		if len(text) == 0 {
			return nil, io.EOF
		}
		d.line++
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		v, perr := parseLine(text)
		if perr != nil {
			return nil, d.explain(perr, err != nil)
		}
		return v, nil
	}
}

// explain adds the place and the remedy to what is wrong with a line.
func (d *Decoder) explain(err error, unended bool) error {
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax) && unended:
		return fmt.Errorf("%s:%d: the last line is cut off, its writer died; delete it to judge the rest: %w", d.name, d.line, err)
	case errors.As(err, &syntax):
		return fmt.Errorf("%s:%d: not JSON; the file is damaged, record the history again: %w", d.name, d.line, err)
	}
	return fmt.Errorf("%s:%d: %w", d.name, d.line, err)
}

// parseLine reads one object.
func parseLine(text []byte) (any, error) {
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, err
	}
	switch head.Type {
	case "op":
		return decodeAs(text, lineToOp)
	case "session":
		return decodeAs(text, lineToSession)
	case "tail":
		return decodeAs(text, lineToTail)
	case "local":
		return decodeAs(text, lineToLocal)
	case "event":
		return decodeAs(text, lineToEvent)
	case "rearm":
		return decodeAs(text, lineToRearm)
	case "auth":
		return decodeAs(text, lineToAuth)
	case "claim":
		return decodeAs(text, lineToClaim)
	case "partition":
		return decodeAs(text, func(l *partitionLine) (*LogEvent, error) { return &l.LogEvent, nil })
	case "state":
		return decodeAs(text, lineToState)
	case "access":
		return decodeAs(text, func(l *accessLine) (*AccessEvent, error) { return &l.AccessEvent, nil })
	case "config":
		return decodeAs(text, func(l *configLine) (*string, error) { return &l.Text, nil })
	case "txn":
		return decodeAs(text, lineToTxn)
	case "rules":
		return decodeAs(text, lineToRules)
	}
	return nil, fmt.Errorf(`type %q is none of "config", "op", "session", "local", "event", "rearm", "auth", "claim", "tail", "partition", "state", "access", "rules" and "txn"; a newer version may have written it, judge it with that`, head.Type)
}

// decodeAs reads a line strictly: an unknown field is a history that this version
// would misjudge.
func decodeAs[L any, V any](text []byte, convert func(*L) (V, error)) (any, error) {
	var line L
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&line); err != nil {
		return nil, fmt.Errorf("%w; correct the line, or judge it with the version that wrote it", err)
	}
	return convert(&line)
}

// ReadLines reads a whole history in Stampede's format.
func ReadLines(r io.Reader, name string) (*History, error) {
	h := &History{}
	d := NewDecoder(r, name)
	for {
		v, err := d.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		switch v := v.(type) {
		case *string:
			h.Config = *v
		case *Op:
			h.Ops = append(h.Ops, *v)
		case *SessionEvent:
			h.Sessions = append(h.Sessions, *v)
		case *Tail:
			h.Tails = append(h.Tails, *v)
		case *LocalSession:
			h.Locals = append(h.Locals, *v)
		case *WatchEvent:
			h.Events = append(h.Events, *v)
		case *Rearm:
			h.Rearms = append(h.Rearms, *v)
		case *Auth:
			h.Auths = append(h.Auths, *v)
		case *Claim:
			h.Claims = append(h.Claims, *v)
		case *LogEvent:
			h.Partitions = append(h.Partitions, *v)
		case *StateOp:
			h.States = append(h.States, *v)
		case *AccessEvent:
			h.Access = append(h.Access, *v)
		case *Applied:
			h.Log = append(h.Log, *v)
		case *Rules:
			h.Rules = *v
		}
	}
	slices.SortStableFunc(h.Ops, func(a, b Op) int { return a.ID - b.ID })
	for i := 1; i < len(h.Ops); i++ {
		if h.Ops[i].ID == h.Ops[i-1].ID {
			return nil, fmt.Errorf("%s: operation %d occurs twice; the file joins several runs, judge them one by one", name, h.Ops[i].ID)
		}
	}
	return h, nil
}
