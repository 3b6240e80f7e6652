package redisstore

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// none stands for a value that is not there, as in times.lua.
const none = "-"

// timeText writes t as times.lua reads it: exact to the nanosecond, in any year.
func timeText(t time.Time) string {
	return fmt.Sprintf("%d%09d", t.Unix(), t.Nanosecond())
}

// timeOrNone is timeText where the zero time means no time.
func timeOrNone(t time.Time) string {
	if t.IsZero() {
		return none
	}
	return timeText(t)
}

// durationText writes d as times.lua reads it. The part of a second is counted
// upwards, also below zero.
func durationText(d time.Duration) string {
	s, n := d/time.Second, d%time.Second
	if n < 0 {
		s, n = s-1, n+time.Second
	}
	return fmt.Sprintf("%d%09d", int64(s), int64(n))
}

// positiveOrNone is durationText where zero and less mean none.
func positiveOrNone(d time.Duration) string {
	if d <= 0 {
		return none
	}
	return durationText(d)
}

// parseTime reads what timeOrNone wrote.
func parseTime(text string) (time.Time, error) {
	if text == none {
		return time.Time{}, nil
	}
	at := len(text) - 9
	if at < 1 {
		return time.Time{}, errAnswer
	}
	s, err := strconv.ParseInt(text[:at], 10, 64)
	if err != nil {
		return time.Time{}, errAnswer
	}
	n, err := strconv.ParseUint(text[at:], 10, 32)
	if err != nil {
		return time.Time{}, errAnswer
	}
	return time.Unix(s, int64(n)).UTC(), nil
}

// A revocation is what is stored of a guard.Revocation, but for its times: the
// scripts compare those. Cause is a word, because its number may change.
type revocation struct {
	Identity string `json:"identity,omitempty"`
	JTI      string `json:"jti,omitempty"`
	Session  string `json:"session,omitempty"`
	Subject  string `json:"subject,omitempty"`
	KeyID    string `json:"kid,omitempty"`
	Issuer   string `json:"issuer,omitempty"`
	Cause    string `json:"cause,omitempty"`
	Reason   string `json:"reason,omitempty"`
	Actor    string `json:"actor,omitempty"`
}

func rest(r guard.Revocation) (string, error) {
	v := revocation{
		Identity: r.Identity, JTI: r.JTI, Session: r.Session, Subject: r.Subject, KeyID: r.KeyID,
		Issuer: r.Issuer, Reason: r.Reason, Actor: r.Actor,
	}
	if r.Cause != 0 {
		v.Cause = r.Cause.String()
	}
	b, err := json.Marshal(v)
	return string(b), err
}

// name is under what a revocation is stored: there is one of a name.
func name(r guard.Revocation) string {
	kind, what := "k", r.KeyID
	switch {
	case r.Identity != "": // a digest, which no issuer narrows
		return "i" + r.Identity
	case r.JTI != "":
		kind, what = "j", r.JTI
	case r.Session != "":
		kind, what = "s", r.Session
	case r.Subject != "":
		kind, what = "u", r.Subject
	}
	return kind + strconv.Itoa(len(r.Issuer)) + ":" + r.Issuer + what
}

// parseRevocation reads "till from rest".
func parseRevocation(text string) (guard.Revocation, error) {
	fields := strings.SplitN(text, " ", 3)
	if len(fields) != 3 {
		return guard.Revocation{}, errAnswer
	}
	var v revocation
	if err := json.Unmarshal([]byte(fields[2]), &v); err != nil {
		return guard.Revocation{}, fmt.Errorf("redis: stored revocation: %w", err)
	}
	till, err := parseTime(fields[0])
	if err != nil {
		return guard.Revocation{}, err
	}
	from, err := parseTime(fields[1])
	if err != nil {
		return guard.Revocation{}, err
	}
	r := guard.Revocation{
		Identity: v.Identity, JTI: v.JTI, Session: v.Session, Subject: v.Subject, KeyID: v.KeyID,
		Issuer: v.Issuer, Reason: v.Reason, Actor: v.Actor, Until: till, Before: from,
	}
	// A newer version may know a cause that we do not: the token is refused all
	// the same, with the cause that is the default.
	r.Cause, _ = event.ParseReason(v.Cause)
	if r.Cause != event.ReasonCanary && r.Cause.Class() != event.ClassState {
		r.Cause = 0
	}
	return r, nil
}
