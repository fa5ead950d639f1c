// Package admin is what an operator may ask a server: the four-letter words of the
// client port and the commands of the administration port, with their answers as
// data and in the text that ZooKeeper's tools parse.
//
// A server fills in a [State], a plain description of itself at one moment; this
// package only renders it. So an answer is a function of what the server says, and
// monitoring can neither change a run nor lag behind it.
package admin
