// Package web is the monitor's dashboard: pages rendered on the server that a
// person reads, a JSON form of the same for programs, and a stream of
// server-sent events that keeps open pages current.
//
// # Who may read
//
// Nobody but a user with a session. There is no default password: while there
// is no user at all, [Web.SetupURL] gives a link that works once and asks for
// the first administrator's name and password. A stranger's browser is sent to
// the login page, a stranger's program gets 401.
//
// # What is shown is attacker input
//
// Most texts on these pages were chosen by whoever sent the token. They are
// escaped by html/template, control and bidirectional characters are made
// visible, and what an unverified token claims is marked as unverified. The
// pages hold no script or style of their own, so that the content security
// policy can forbid both.
//
// # What it needs
//
// The interfaces of this package are written for it alone: [History] to read
// from, [Accounts] to keep users and sessions in, [Live] to hear that something
// is new. Everything is read per request; the package keeps no copy.
package web
