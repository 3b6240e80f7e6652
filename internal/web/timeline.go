package web

import (
	"fmt"
	"time"
)

// The timeline covers the last hour, a minute a bar.
const (
	timelineSpan = time.Hour
	timelineStep = time.Minute
	barWidth     = 12  // units of the drawing
	laneHeight   = 44  // of each of the two lanes
	laneGap      = 2   // between them
	barGap       = 2.5 // between bars
)

// A timeline is a drawing of two lanes: what succeeded grows up, what failed
// grows down. Each lane has its own scale, since a handful of attacks among
// thousands of good requests has to be seen.
type timeline struct {
	Width, Height          int
	Base                   int // the line between the lanes
	Bars                   []bar
	Marks                  []mark
	Success, Fail, Unknown int64 // totals
	MaxSuccess, MaxFail    int64 // of one bar
	From, To               stamp
	Rows                   []binRow // the same as a table, without empty minutes
}

type bar struct {
	X, W                   float64
	SuccessY, SuccessH     float64
	FailY, FailH, UnknownH float64
	UnknownY               float64
	Title                  string
}

// A mark is an alert that first fired at X.
type mark struct {
	X        float64
	Severity string
	Title    string
}

type binRow struct {
	At                     stamp
	Success, Fail, Unknown int64
}

// hour is the span that a timeline drawn at now covers, the running minute
// included.
func hour(now time.Time) (from, to time.Time) {
	to = now.UTC().Truncate(timelineStep).Add(timelineStep)
	return to.Add(-timelineSpan), to
}

func drawTimeline(bins []Bin, alerts []AlertView, now time.Time) timeline {
	from, to := hour(now)
	n := int(timelineSpan / timelineStep)
	t := timeline{Width: n * barWidth, Height: 2*laneHeight + laneGap, Base: laneHeight,
		From: stampOf(from, now), To: stampOf(to, now)}

	all := make([]Bin, n)
	for _, b := range bins {
		i := int(b.Start.Sub(from) / timelineStep)
		if i < 0 || i >= n || b.Start.Before(from) {
			continue
		}
		all[i].Success += b.Success
		all[i].Failure += b.Failure
		all[i].Unknown += b.Unknown
	}
	for _, b := range all {
		t.Success += b.Success
		t.Fail += b.Failure
		t.Unknown += b.Unknown
		t.MaxSuccess = max(t.MaxSuccess, b.Success+b.Unknown)
		t.MaxFail = max(t.MaxFail, b.Failure)
	}
	for i, b := range all {
		if b == (Bin{}) {
			continue
		}
		start := from.Add(time.Duration(i) * timelineStep)
		one := bar{X: float64(i*barWidth) + barGap/2, W: barWidth - barGap,
			SuccessH: height(b.Success, t.MaxSuccess), UnknownH: height(b.Unknown, t.MaxSuccess), FailH: height(b.Failure, t.MaxFail)}
		one.SuccessY = float64(t.Base) - one.SuccessH
		one.UnknownY = one.SuccessY - one.UnknownH
		one.FailY = float64(t.Base + laneGap)
		one.Title = fmt.Sprintf("%s UTC: %s accepted, %s refused", start.Format("15:04"), grouped(b.Success), grouped(b.Failure))
		if b.Unknown > 0 {
			one.Title += fmt.Sprintf(", %s unknown", grouped(b.Unknown))
		}
		t.Bars = append(t.Bars, one)
		t.Rows = append(t.Rows, binRow{stampOf(start, now), b.Success, b.Failure, b.Unknown})
	}
	for _, a := range alerts {
		if a.First.Before(from) || !a.First.Before(to) {
			continue
		}
		x := float64(a.First.Sub(from)) / float64(timelineStep) * barWidth
		t.Marks = append(t.Marks, mark{X: x, Severity: severityOf(a.Severity).Name, Title: titleOf(a)})
	}
	return t
}

// height gives a bar at least a visible unit: one is not none.
func height(n, most int64) float64 {
	if n <= 0 {
		return 0
	}
	return max(1.5, float64(n)/float64(most)*laneHeight)
}
