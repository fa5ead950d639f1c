// Package config is what an operator can tell a broker: the keys of server.properties
// and of topics, with their types, defaults and bounds, who may change them while the
// broker runs (KIP-226), and what stands for what. It reads files of them and says what
// is wrong with file and line. It knows names and values and no broker; package broker
// has the other side of the table, the field that a key sets.
//
// A key of Kafka's is one of three here. Most set something. Some mean nothing to a
// simulated broker (threads, buffers of sockets, the JVM) and are taken and listed with
// the reason. A few ask for what is not here (TLS, tiers, KRaft); these may only have
// their default value, since a run that silently did without would prove nothing about
// the cluster that the file is for.
//
// The names, types and defaults are those of the broker configurations and topic
// configurations in the documentation of Kafka 2.8 to 3.x.
package config
