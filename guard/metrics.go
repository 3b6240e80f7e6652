package guard

import (
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// Metrics counts. Both methods are called on the path of every request, from
// many goroutines, and must neither wait nor allocate. Their arguments are small
// closed sets, so that every counter can be made in advance.
type Metrics interface {
	// Count is told of each fact once, whether or not it is written in full. The
	// reason is zero for a success.
	Count(event.Kind, event.Reason)
	// Time is told how long the guard took for a request, its handler left out.
	Time(Path, time.Duration)
}

// A Path is the way a request took through the guard.
type Path uint8

const (
	PathSeen    Path = iota // the token was verified before
	PathUnseen              // the token was verified now
	PathRefused             // the token was refused
	PathLimited             // the address was over its limit
	paths
)

// Paths lists all of them.
func Paths() []Path { return []Path{PathSeen, PathUnseen, PathRefused, PathLimited} }

// String gives "seen", "unseen", "refused" or "limited".
func (p Path) String() string {
	if p < paths {
		return [paths]string{"seen", "unseen", "refused", "limited"}[p]
	}
	return ""
}

type noMetrics struct{}

func (noMetrics) Count(event.Kind, event.Reason) {}
func (noMetrics) Time(Path, time.Duration)       {}
