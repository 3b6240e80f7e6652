package detect

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
)

// An activeKey names the alert that is active for one group of one detection.
type activeKey struct {
	Detection string
	Group     uint64 // seeded hash; 0 with Rollup
	Rollup    bool
}

// An active alert takes in what its group does until the cooldown has passed
// since it fired. Then the next crossing raises another.
type active struct {
	Alert Alert
	Until int64 // nanoseconds
	Told  int64 // the count when it was last emitted
	Fired int64 // the count when it fired
	Level catalog.Severity
	Units uint64 // bits of the units that have had their say
	turn  uint64
	det   *detection
}

// A hit is a reason to raise an alert, or to let one grow.
type hit struct {
	u                  *unit
	key                uint64
	ev                 *event.Event
	group              []groupField
	labels             Labels // instead of the group's
	first, fired, last int64
	count              int64 // in the window
	seen               int64 // this event alone
	events             []string
	rollup             bool
}

func (x *hit) id() activeKey { return activeKey{x.u.det.slug, x.key, x.rollup} }

// grow lets the active alert of the hit take it in. It reports false when the
// unit has more to say: there is none, or the unit has not confirmed it yet.
func (e *Engine) grow(x *hit, emit func(Alert)) bool {
	a := e.active[x.id()]
	if a == nil || x.last >= a.Until {
		return false
	}
	if a.turn != e.turn { // of several rules of one detection, one counts
		a.turn = e.turn
		a.Alert.Count += x.seen
		if t := time.Unix(0, x.last).UTC(); t.After(a.Alert.Last) {
			a.Alert.Last = t
		} else if t.Before(a.Alert.First) {
			a.Alert.First = t
		}
		if len(a.Alert.Events) < MaxEvents && x.seen > 0 && !x.ev.ID.IsZero() {
			a.Alert.Events = append(a.Alert.Events, x.ev.ID.String())
		}
	}
	tell := a.Alert.Count >= 10*a.Told
	for _, esc := range x.u.rule.Hints.Escalate {
		if esc.To > a.Level && a.Alert.Count >= cmp.Or(esc.At, 10*a.Fired) {
			a.raise(esc.To)
			tell = true
		}
	}
	if tell {
		e.tell(a, emit)
	}
	return a.Units&x.u.bit != 0
}

// fire raises an alert for the hit, unless its group has one already; then it
// grows, and escalates if the unit is another than the one that raised it.
func (e *Engine) fire(x hit, emit func(Alert)) {
	if e.grow(&x, emit) {
		return
	}
	level := x.u.rule.Level
	if to, ok := x.u.rule.Hints.SeverityByEnv[x.ev.Environment]; ok {
		level = to
	}
	a := e.active[x.id()]
	if a != nil && x.last < a.Until {
		a.Units |= x.u.bit
		if level > a.Level || x.u.rule.Correlation != nil {
			if !x.rollup {
				a.Alert.Title = x.u.rule.Title
			}
			a.raise(max(level, a.Level))
			e.tell(a, emit)
		}
		return
	}
	if a != nil {
		e.end(x.id(), a)
	}
	if x.u.det.active >= e.config.MaxActive && !x.rollup {
		x.rollup, x.key, x.labels, x.events = true, 0, Labels{}, nil
		x.count = x.seen
		e.fire(x, emit)
		return
	}
	if x.labels == nil {
		x.labels = labels(x.u.keys, x.group, x.ev)
	}
	if x.events == nil && !x.ev.ID.IsZero() {
		x.events = []string{x.ev.ID.String()}
	}
	a = &active{
		Alert: Alert{
			Rule: x.u.det.slug, Title: x.u.rule.Title, Group: x.labels,
			First: time.Unix(0, x.first).UTC(), Last: time.Unix(0, x.last).UTC(),
			Count: x.count, Events: x.events, Attack: x.u.rule.Attack, Rollup: x.rollup,
		},
		Until: x.fired + int64(x.u.rule.Hints.Cooldown),
		Fired: x.count, Level: level, Units: x.u.bit, turn: e.turn, det: x.u.det,
	}
	if a.Alert.Events == nil {
		a.Alert.Events = []string{}
	}
	if x.rollup {
		a.Alert.Title += fmt.Sprintf(": more than %d at once", e.config.MaxActive)
	}
	a.Alert.Severity = severity(level)
	a.Alert.Fingerprint = digest(a.Alert.Rule, strconv.FormatBool(x.rollup), x.labels)
	a.Alert.ID = digest(a.Alert.Rule, x.u.rule.Version, x.labels,
		strconv.FormatInt(x.fired/int64(x.u.rule.Hints.Cooldown), 10), strconv.FormatBool(x.rollup))
	e.active[x.id()] = a
	a.det.active++
	e.stats.Alerts++
	e.tell(a, emit)
}

func (a *active) raise(to catalog.Severity) {
	a.Level, a.Alert.Escalated = to, true
	a.Alert.Severity = severity(to)
}

// tell emits the alert. The receiver gets its own copy of what can change.
func (e *Engine) tell(a *active, emit func(Alert)) {
	a.Told = a.Alert.Count
	if emit != nil {
		emit(a.copy())
	}
}

func (a *active) copy() Alert {
	c := a.Alert
	c.Events = slices.Clone(c.Events)
	return c
}

// Active lists the active alerts as they stand now, the oldest first.
func (e *Engine) Active() []Alert {
	list := make([]Alert, 0, len(e.active))
	for _, a := range e.active {
		list = append(list, a.copy())
	}
	slices.SortFunc(list, Alert.Compare)
	return list
}

// sweep ends the alerts whose cooldown has passed.
func (e *Engine) sweep() {
	var over []activeKey
	for k, a := range e.active {
		if a.Until+int64(e.config.Lateness) < e.now {
			over = append(over, k)
		}
	}
	slices.SortFunc(over, func(a, b activeKey) int { return e.active[a].Alert.Compare(e.active[b].Alert) })
	for _, k := range over {
		e.end(k, e.active[k])
	}
}

func (e *Engine) end(k activeKey, a *active) {
	delete(e.active, k)
	a.det.active--
	if e.config.Ended != nil {
		e.config.Ended(a.copy())
	}
}

// saturate says that the state of a unit is full.
func (e *Engine) saturate(u *unit, emit func(Alert)) {
	x := hit{
		u: e.saturated, key: u.salt, ev: &event.Event{}, labels: Labels{{"rule", u.rule.Name}},
		first: e.now, fired: e.now, last: e.now, count: 1, seen: 1,
	}
	e.fire(x, emit)
}

func severity(s catalog.Severity) string { return max(s, catalog.Low).String() }

// digest names what its parts say: 128 bits of SHA-256, in hex.
func digest(parts ...any) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%q\n", fmt.Sprint(p))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// known reports the detections by slug, to bring a restored alert home.
func (e *Engine) known() map[string]*detection {
	m := map[string]*detection{}
	for _, d := range e.detection {
		m[d.slug] = d
	}
	return m
}
