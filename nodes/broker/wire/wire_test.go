package wire

import (
	"bytes"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"
)

// TestEveryRequestSurvives sends each request in each version, with the defaults of
// kmsg, through its encoding and back.
func TestEveryRequestSurvives(t *testing.T) {
	for key := int16(0); key <= kmsg.MaxKey; key++ {
		body := kmsg.RequestForKey(key)
		if body == nil {
			continue
		}
		for version := int16(0); version <= body.MaxVersion(); version++ {
			body := kmsg.RequestForKey(key)
			body.SetVersion(version)
			sent := &Request{Key: key, Version: version, Correlation: 7, ClientID: "c1", Body: body}
			if key == controlledShutdown && version == 0 {
				continue // taken for unknown
			}
			frame := sent.AppendWire(nil)
			got, err := DecodeRequest(frame)
			if err != nil {
				t.Fatalf("%v: %v", sent, err)
			}
			if again := got.AppendWire(nil); !bytes.Equal(frame, again) {
				t.Fatalf("%v: sent %x, decoded and encoded %x", sent, frame, again)
			}
			answer := &Response{Correlation: 7, Body: body.ResponseKind()}
			frame = answer.AppendWire(nil)
			back, err := DecodeResponse(frame, key, version)
			if err != nil {
				t.Fatalf("%v: %v", answer, err)
			}
			if again := back.AppendWire(nil); !bytes.Equal(frame, again) {
				t.Fatalf("%v: sent %x, decoded and encoded %x", answer, frame, again)
			}
		}
	}
}

// TestHeaderBytes holds the headers against bytes worked out from the protocol guide.
func TestHeaderBytes(t *testing.T) {
	body := kmsg.NewPtrApiVersionsRequest()
	body.SetVersion(0)
	r := &Request{Key: 18, Version: 0, Correlation: 258, ClientID: "ab", Body: body}
	want := []byte{0, 18, 0, 0, 0, 0, 1, 2, 0, 2, 'a', 'b'}
	if got := r.AppendWire(nil); !bytes.Equal(got, want) {
		t.Errorf("ApiVersions v0 is %v, want %v", got, want)
	}
	metadata := kmsg.NewPtrMetadataRequest()
	metadata.SetVersion(9)
	r = &Request{Key: 3, Version: 9, Correlation: 1, ClientID: "a", Body: metadata}
	head := []byte{0, 3, 0, 9, 0, 0, 0, 1, 0, 1, 'a', 0 /* no tagged fields */}
	if got := r.AppendWire(nil); !bytes.HasPrefix(got, head) {
		t.Errorf("Metadata v9 begins %v, want %v", got, head)
	}
	versions := kmsg.NewPtrApiVersionsResponse()
	versions.SetVersion(3)
	answer := &Response{Correlation: 1, Body: versions}
	if got := answer.AppendWire(nil); !bytes.HasPrefix(got, []byte{0, 0, 0, 1, 0, 0 /* error code: no tags before it */}) {
		t.Errorf("an ApiVersions response begins %v: its header has no tags in any version", got)
	}
}

// TestUnknownVersion decodes the header of what this build cannot read.
func TestUnknownVersion(t *testing.T) {
	got, err := DecodeRequest([]byte{0, 18, 0, 99, 0, 0, 0, 5, 0, 1, 'x', 1, 2, 3})
	if err != nil || got.Body != nil || got.Correlation != 5 || got.ClientID != "x" {
		t.Errorf("an unknown version gave %+v, %v; want its header and no body", got, err)
	}
}

// TestDecodeNeverPanics feeds the decoders damaged frames.
func TestDecodeNeverPanics(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 0, 80).Draw(t, "frame")
		if len(b) > 3 {
			b[0], b[1] = 0, byte(rapid.IntRange(0, 92).Draw(t, "key"))
			b[2], b[3] = 0, byte(rapid.IntRange(0, 14).Draw(t, "version"))
		}
		if r, err := DecodeRequest(b); err == nil && r.Body != nil {
			_ = r.String()
			r.Fingerprint()
		}
		key := int16(rapid.IntRange(0, 92).Draw(t, "answer"))
		if body := kmsg.ResponseForKey(key); body != nil {
			DecodeResponse(b, key, int16(rapid.IntRange(0, int(body.MaxVersion())).Draw(t, "version of the answer")))
		}
	})
}
