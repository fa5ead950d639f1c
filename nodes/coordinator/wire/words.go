package wire

import "strconv"

// Word is a four-letter word: what comes on a client connection instead of a
// [ConnectRequest], from people, monitors, and clients that look for a server.
type Word struct{ Text string }

// WordReply answers it, after which the server closes the connection.
type WordReply struct{ Text string }

// IsReadOnly is the word that asks a server whether it is read-only.
const IsReadOnly = "isro"

// The answers to [IsReadOnly]; a server that serves nobody says null.
const (
	ReadWriteServer = "rw"
	ReadOnlyServer  = "ro"
	NoServer        = "null"
)

// wordLength is that of every word. No ConnectRequest is that short.
const wordLength = 4

// Kind returns "WORD".
func (*Word) Kind() string { return "WORD" }

// Kind returns "ANSWER".
func (*WordReply) Kind() string { return "ANSWER" }

// Fingerprint mixes the word.
func (w *Word) Fingerprint() uint64 { return uint64(hash(1).text(w.Text)) }

// Fingerprint mixes the answer.
func (w *WordReply) Fingerprint() uint64 { return uint64(hash(2).text(w.Text)) }

// String is the word.
func (w *Word) String() string { return "WORD " + w.Text }

// String is the answer.
func (w *WordReply) String() string { return "ANSWER " + strconv.Quote(w.Text) }

// AppendWire appends the word, which stands in the place of a length.
func (w *Word) AppendWire(b []byte) []byte { return append(b, w.Text...) }

// AppendWire appends the text.
func (w *WordReply) AppendWire(b []byte) []byte { return append(b, w.Text...) }

// DecodeOpening reads the first frame of a client connection: a word, or a
// [ConnectRequest].
func DecodeOpening(frame []byte) (word *Word, connect *ConnectRequest, err error) {
	if len(frame) == wordLength {
		return &Word{string(frame)}, nil, nil
	}
	connect, err = DecodeConnectRequest(frame)
	return nil, connect, err
}

// DecodeWordReply reads what [WordReply.AppendWire] wrote: any text, for a server may
// have nothing to list.
func DecodeWordReply(frame []byte) *WordReply { return &WordReply{string(frame)} }
