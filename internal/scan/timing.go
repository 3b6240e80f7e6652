package scan

import (
	"fmt"
	"slices"
	"time"
)

// A comparison is what the clock says of two kinds of request, a and b. It was
// made beside a second series of the first kind, which differs from the first by
// nothing but noise.
type comparison struct {
	difference time.Duration // of the medians, b less a
	floor      time.Duration // what noise may do
	clear      bool          // the difference is beyond the floor, and the series hardly overlap
}

// compare judges a difference of time. The series must have been taken in turns,
// so that what slows the machine down slows all of them. The floor is the
// greatest of: least, which nobody can claim less than; five times the difference
// between the two series that should be equal; and three times the spread of
// these. A median alone would be moved by half of the samples, so the quarters
// that face each other must be apart as well.
func compare(a, again, b []time.Duration, least time.Duration) comparison {
	same := slices.Concat(a, again)
	if len(a) == 0 || len(again) == 0 || len(b) == 0 {
		return comparison{floor: least}
	}
	c := comparison{
		difference: quantile(b, 2) - quantile(same, 2),
		floor:      max(least, 5*(quantile(a, 2)-quantile(again, 2)).Abs(), 3*(quantile(same, 3)-quantile(same, 1))),
	}
	apart := quantile(b, 1) - quantile(same, 3)
	if c.difference < 0 {
		apart = quantile(same, 1) - quantile(b, 3)
	}
	c.clear = c.difference.Abs() > c.floor && apart > c.floor/2
	return c
}

// quantile gives the first, second or third quarter of a series.
func quantile(of []time.Duration, quarter int) time.Duration {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[(len(sorted)-1)*quarter/4+((len(sorted)-1)*quarter%4+2)/4]
}

func micros(d time.Duration) string { return fmt.Sprintf("%d µs", d.Microseconds()) }
