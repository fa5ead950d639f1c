package assign

import (
	"encoding/binary"
	"maps"
	"slices"
)

// Note is what a leader puts into every share beside partitions. Nobody keeps what was
// shared out but the coordinator, who cannot read it: a static member that returns is
// given its share again, without a new generation (KIP-345), and has forgotten the rest.
// Kafka's leaders write nothing there, so that
//
//   - a partition that a cooperative member was to give up stays with nobody when it is
//     restarted before it joins again: it has nothing any more that it could give up;
//   - partitions that are added while the leader is away are never shared out
//     (KAFKA-13435 is about those that are added later);
//   - topics that a returning member reads besides are not shared out.
//
// Who finds in the note what is not as it should be joins again.
type Note struct {
	// Counts are the topics that members read and the numbers of their partitions, 0 for
	// those that the leader did not know; nil if it did not say.
	Counts Topics
	// Unfinished: a partition waits for a member to give it up, for another to get it in
	// the next generation.
	Unfinished bool
}

// noteVersion begins a note. Other bytes are another leader's, and no note.
const noteVersion = 0x5301

// NoteOn describes an assignment.
func NoteOn(shares Shares, members []Member, topics Topics) Note {
	n := Note{Counts: maps.Clone(topics)}
	total, given := 0, 0
	for _, t := range wanted(ordered(members), topics) {
		total += int(topics[t])
	}
	for _, share := range shares { //sim:unordered a sum
		given += len(share)
	}
	n.Unfinished = given < total
	return n
}

func (n Note) encode() []byte {
	if n.Counts == nil {
		return nil
	}
	b := binary.BigEndian.AppendUint16(nil, noteVersion)
	unfinished := byte(0)
	if n.Unfinished {
		unfinished = 1
	}
	b = append(b, unfinished)
	for _, t := range slices.Sorted(maps.Keys(n.Counts)) {
		b = binary.BigEndian.AppendUint16(b, uint16(len(t)))
		b = append(b, t...)
		b = binary.BigEndian.AppendUint32(b, uint32(n.Counts[t]))
	}
	return b
}

// decodeNote is the inverse of encode. What is not a note says nothing.
func decodeNote(b []byte) Note {
	if len(b) < 3 || binary.BigEndian.Uint16(b) != noteVersion {
		return Note{}
	}
	n := Note{Counts: Topics{}, Unfinished: b[2] == 1}
	for b = b[3:]; len(b) > 0; {
		if len(b) < 2 || len(b) < 6+int(binary.BigEndian.Uint16(b)) {
			return Note{}
		}
		end := 2 + int(binary.BigEndian.Uint16(b))
		n.Counts[string(b[2:end])] = int32(binary.BigEndian.Uint32(b[end:]))
		b = b[end+4:]
	}
	return n
}
