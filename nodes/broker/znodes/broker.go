package znodes

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// Plaintext is the security protocol of all endpoints here.
const Plaintext = "PLAINTEXT"

// Endpoint is one listener of a broker.
type Endpoint struct {
	// Listener is its name, Security its protocol.
	Listener, Security string
	Host               string
	Port               int32
}

// String is the endpoint as znodes have it, "CLIENT://b1:9092".
func (e Endpoint) String() string {
	return fmt.Sprintf("%s://%s:%d", e.Listener, e.Host, e.Port)
}

// Broker is a registration, version 5 (KIP-584). Who reads it knows the ID from the
// path, and the epoch of the broker from the czxid (KIP-380).
type Broker struct {
	Endpoints []Endpoint
	// Rack is where the broker stands; nil if nobody said.
	Rack *string
	// Timestamp is the broker's wall clock when it registered, in milliseconds.
	Timestamp int64
	// JMXPort is -1 if there is none.
	JMXPort int32
}

// Endpoint finds a listener by its name.
func (b *Broker) Endpoint(listener string) (Endpoint, bool) {
	for _, e := range b.Endpoints {
		if e.Listener == listener {
			return e, true
		}
	}
	return Endpoint{}, false
}

// Encode writes the registration. Host and port are for clients from before there were
// listeners, which know no security but none.
func (b *Broker) Encode() []byte {
	security, endpoints := object{}, []string{}
	var host any
	port := int32(-1)
	for i := len(b.Endpoints) - 1; i >= 0; i-- {
		if e := b.Endpoints[i]; e.Security == Plaintext {
			host, port = e.Host, e.Port
		}
	}
	for _, e := range b.Endpoints {
		security = append(security, field{e.Listener, e.Security})
		endpoints = append(endpoints, e.String())
	}
	o := object{{"features", object{}}, {"listener_security_protocol_map", security}, {"endpoints", endpoints}}
	if b.Rack != nil {
		o = append(o, field{"rack", *b.Rack})
	}
	return encode(append(o, object{
		{"jmx_port", b.JMXPort}, {"port", port}, {"host", host}, {"version", 5},
		{"timestamp", strconv.FormatInt(b.Timestamp, 10)},
	}...))
}

// brokerJSON is a registration of any version from 1.
type brokerJSON struct {
	Version   int               `json:"version"`
	Host      string            `json:"host"`
	Port      int32             `json:"port"`
	JMXPort   *int32            `json:"jmx_port"`
	Timestamp string            `json:"timestamp"`
	Endpoints []string          `json:"endpoints"`
	Security  map[string]string `json:"listener_security_protocol_map"`
	Rack      *string           `json:"rack"`
}

// DecodeBroker reads the registration of a broker.
func DecodeBroker(id int32, data []byte) (*Broker, error) {
	path := BrokerPath(id)
	var j brokerJSON
	if err := decode(path, data, &j); err != nil {
		return nil, err
	}
	if j.Version < 1 {
		return nil, fmt.Errorf("znodes: %s is a registration of version %d; versions begin with 1", path, j.Version)
	}
	b := &Broker{Rack: j.Rack, JMXPort: -1}
	if j.JMXPort != nil {
		b.JMXPort = *j.JMXPort
	}
	if j.Timestamp != "" {
		var err error
		if b.Timestamp, err = strconv.ParseInt(j.Timestamp, 10, 64); err != nil {
			return nil, fmt.Errorf("znodes: %s has timestamp %q; want milliseconds", path, j.Timestamp)
		}
	}
	if j.Version == 1 {
		b.Endpoints = []Endpoint{{Plaintext, Plaintext, j.Host, j.Port}}
		return b, nil
	}
	for _, text := range j.Endpoints {
		e, err := parseEndpoint(text, j.Security)
		if err != nil {
			return nil, fmt.Errorf("znodes: %s has endpoint %q: %w", path, text, err)
		}
		b.Endpoints = append(b.Endpoints, e)
	}
	return b, nil
}

// parseEndpoint reads "LISTENER://host:port". Before version 4 listeners were named
// after their security protocol.
func parseEndpoint(text string, security map[string]string) (Endpoint, error) {
	listener, address, ok := strings.Cut(text, "://")
	if !ok {
		return Endpoint{}, fmt.Errorf("want LISTENER://HOST:PORT")
	}
	u, err := url.Parse("x://" + address)
	if err != nil {
		return Endpoint{}, err
	}
	port, err := strconv.ParseInt(u.Port(), 10, 32)
	if err != nil {
		return Endpoint{}, fmt.Errorf("the port %q is no number", u.Port())
	}
	protocol, known := security[listener]
	if !known && security != nil {
		return Endpoint{}, fmt.Errorf("nothing says which security protocol %s has", listener)
	}
	if !known {
		protocol = listener
	}
	return Endpoint{listener, protocol, u.Hostname(), int32(port)}, nil
}
