// Package session keeps the sessions a leader is responsible for: when each
// expires, whether it is being closed, and which server its client is connected
// to. It also makes session ids and passwords.
package session
