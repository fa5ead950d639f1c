package history

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// text is a byte string in JSON: a string if it is UTF-8, else {"base64":…}.
type text string

type base64Text struct {
	Base64 []byte `json:"base64"`
}

// MarshalJSON implements json.Marshaler.
func (t text) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(t)) {
		return json.Marshal(string(t))
	}
	return json.Marshal(base64Text{[]byte(t)})
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		var raw base64Text
		err := json.Unmarshal(b, &raw)
		*t = text(raw.Base64)
		return err
	}
	return json.Unmarshal(b, (*string)(t))
}

// data is what a znode holds: text, or null where the bytes were nil.
type data []byte

// MarshalJSON implements json.Marshaler.
func (d data) MarshalJSON() ([]byte, error) {
	if d == nil {
		return []byte("null"), nil
	}
	return text(d).MarshalJSON()
}

// UnmarshalJSON implements json.Unmarshaler.
func (d *data) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*d = nil
		return nil
	}
	var t text
	if err := t.UnmarshalJSON(b); err != nil {
		return err
	}
	*d = data(t)
	if *d == nil {
		*d = data{}
	}
	return nil
}

// zxid is a zxid in JSON: "epoch:counter", "none" for -1.
type zxid wire.Zxid

// MarshalText implements encoding.TextMarshaler.
func (z zxid) MarshalText() ([]byte, error) { return []byte(wire.Zxid(z).String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (z *zxid) UnmarshalText(b []byte) error {
	if string(b) == "none" {
		*z = zxid(wire.NoZxid)
		return nil
	}
	high, low, ok := strings.Cut(string(b), ":")
	epoch, err1 := strconv.ParseUint(high, 10, 32)
	counter, err2 := strconv.ParseUint(low, 10, 32)
	if !ok || err1 != nil || err2 != nil {
		return fmt.Errorf(`zxid %q is not "epoch:counter"`, b)
	}
	*z = zxid(epoch<<32 | counter)
	return nil
}

// statLine is a Stat in JSON.
type statLine struct {
	Czxid          zxid  `json:"czxid"`
	Mzxid          zxid  `json:"mzxid"`
	Pzxid          zxid  `json:"pzxid"`
	Ctime          int64 `json:"ctime,omitempty"`
	Mtime          int64 `json:"mtime,omitempty"`
	Version        int32 `json:"version,omitempty"`
	Cversion       int32 `json:"cversion,omitempty"`
	Aversion       int32 `json:"aversion,omitempty"`
	EphemeralOwner int64 `json:"ephemeralOwner,omitempty"`
	DataLength     int32 `json:"dataLength,omitempty"`
	NumChildren    int32 `json:"numChildren,omitempty"`
}

func statToLine(s *wire.Stat) *statLine {
	if s == nil {
		return nil
	}
	return &statLine{
		Czxid: zxid(s.Czxid), Mzxid: zxid(s.Mzxid), Pzxid: zxid(s.Pzxid), Ctime: s.Ctime, Mtime: s.Mtime,
		Version: s.Version, Cversion: s.Cversion, Aversion: s.Aversion,
		EphemeralOwner: s.EphemeralOwner, DataLength: s.DataLength, NumChildren: s.NumChildren,
	}
}

func (l *statLine) stat() *wire.Stat {
	if l == nil {
		return nil
	}
	return &wire.Stat{
		Czxid: wire.Zxid(l.Czxid), Mzxid: wire.Zxid(l.Mzxid), Pzxid: wire.Zxid(l.Pzxid), Ctime: l.Ctime, Mtime: l.Mtime,
		Version: l.Version, Cversion: l.Cversion, Aversion: l.Aversion,
		EphemeralOwner: l.EphemeralOwner, DataLength: l.DataLength, NumChildren: l.NumChildren,
	}
}
