// Package txnlog is the transaction log of a coordinator server.
package txnlog
