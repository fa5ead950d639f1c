package wire

import "fmt"

// Word is a four-letter word, sent as the first bytes of a client connection in the
// place of a connect request's length. The server answers with [Text] and closes.
type Word struct{ Word string }

// Kind returns "WORD".
func (*Word) Kind() string { return "WORD" }

// Fingerprint mixes the word.
func (w *Word) Fingerprint() uint64 { return uint64(hash(0).text(w.Word)) }

// AppendWire appends the four bytes.
func (w *Word) AppendWire(b []byte) []byte { return append(b, w.Word...) }

// String describes the word in one line.
func (w *Word) String() string { return "WORD " + w.Word }

// IsWord reports whether the first bytes of a connection may be a word: no connect
// request is as long as four letters read as a number.
func IsWord(frame []byte) bool {
	if len(frame) != 4 {
		return false
	}
	for _, c := range frame {
		if c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

// Text is the answer to a word: bytes without any framing, up to the end of the
// connection.
type Text struct{ Text string }

// Kind returns "TEXT".
func (*Text) Kind() string { return "TEXT" }

// Fingerprint mixes the text.
func (t *Text) Fingerprint() uint64 { return uint64(hash(0).text(t.Text)) }

// AppendWire appends the text.
func (t *Text) AppendWire(b []byte) []byte { return append(b, t.Text...) }

// String describes the answer in one line.
func (t *Text) String() string { return fmt.Sprintf("TEXT %dB", len(t.Text)) }
