package znodes

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// object is a JSON object whose fields are written in this order.
type object []field

type field struct {
	key   string
	value any
}

// MarshalJSON writes the fields in order.
func (o object) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, f := range o {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, encode(f.key)...)
		b = append(b, ':')
		b = append(b, encode(f.value)...)
	}
	return append(b, '}'), nil
}

// encode writes a value as Jackson does: without spaces, and without escapes for the
// sake of HTML. Everything this package hands it can be encoded.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("znodes: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
}

// decode reads the content of a znode.
func decode(path string, data []byte, into any) error {
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("znodes: %s holds %q: %w", path, data, err)
	}
	return nil
}

// missing says that a field without which a znode means nothing is not there.
func missing(path, field string, data []byte) error {
	return fmt.Errorf("znodes: %s holds %q, which has no %s", path, data, field)
}

// ids is a list of brokers that is never null.
func ids(list []int32) []int32 {
	if list == nil {
		return []int32{}
	}
	return list
}
