package history

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
)

// sniffed is how much of a file decides its format.
const sniffed = 4096

// ReadAny reads a history in whatever format its content shows: Stampede's JSON
// lines, Jepsen's EDN or its console log. Errors speak of the file as name.
func ReadAny(r io.Reader, name string) (*History, error) {
	br := bufio.NewReaderSize(r, sniffed)
	head, err := br.Peek(sniffed)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	head = bytes.TrimLeft(head, " \t\r\n,")
	switch {
	case len(head) == 0:
		return nil, fmt.Errorf("%s: the file is empty; was the run recorded?", name)
	case bytes.HasPrefix(head, []byte(`{"`)):
		return ReadLines(br, name)
	case head[0] == '{' || head[0] == '[':
		return ReadEDN(br, name)
	case bytes.Contains(head, []byte("jepsen.util")):
		return ReadJepsenLog(br, name)
	}
	return nil, fmt.Errorf("%s: neither JSON lines, EDN nor a Jepsen log; `stampede check` reads history.jsonl, history.edn and jepsen.log", name)
}
