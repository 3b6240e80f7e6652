package main

import (
	"slices"
)

// A verdict is what one scan got right and wrong.
type verdict struct {
	testcase
	measure
	err    error
	found  []string
	missed []string
	wrong  []reported // reported, and not true
}

// judge compares a report with what is true. A finding that the report itself
// explains by another one counts as found, and as false only if that one is.
func judge(c testcase, m measure, err error) verdict {
	v := verdict{testcase: c, measure: m, err: err}
	truth := slices.Concat(c.finds, c.may)
	ids := map[string]bool{}
	for _, f := range m.report.Findings {
		if f.Suppressed != nil {
			continue
		}
		ids[f.ID] = true
		if !slices.Contains(truth, f.ID) && (f.Implied == "" || !slices.Contains(truth, f.Implied)) {
			v.wrong = append(v.wrong, f)
		}
	}
	for _, id := range c.finds {
		if ids[id] {
			v.found = append(v.found, id)
		} else {
			v.missed = append(v.missed, id)
		}
	}
	return v
}

// severe reports whether a finding is one that must never be false.
func (f reported) severe() bool { return f.Severity == "critical" || f.Severity == "high" }

// A score is the sum over cases, for one finding or for all.
type score struct {
	Expected int     `json:"expected"`
	Found    int     `json:"found"`
	False    int     `json:"false"`
	Recall   float64 `json:"recall"`
	Precise  float64 `json:"precision"`
}

func (s *score) ratios() {
	s.Recall, s.Precise = 1, 1
	if s.Expected > 0 {
		s.Recall = float64(s.Found) / float64(s.Expected)
	}
	if s.Found+s.False > 0 {
		s.Precise = float64(s.Found) / float64(s.Found+s.False)
	}
}

// A summary is what all scans together say.
type summary struct {
	Recall        float64           `json:"recall"`
	Precision     float64           `json:"precision"`
	Severe        int               `json:"false_critical_or_high"`      // on sound services
	SevereWeak    int               `json:"false_critical_or_high_weak"` // on weak ones, beside the true findings
	False         int               `json:"false"`                       // of any severity
	Switches      int               `json:"switches"`                    // single ones
	SwitchesFound int               `json:"switches_found"`              // of these, those whose findings were all reported
	Cases         int               `json:"cases"`                       // with the combinations
	Requests      int               `json:"requests"`                    // most of one scan
	Median        int               `json:"requests_median"`
	Seconds       float64           `json:"seconds"` // longest scan
	MedianSec     float64           `json:"seconds_median"`
	MemoryMiB     float64           `json:"memory_mib"` // peak of the scanner
	Failed        int               `json:"failed"`     // scans that gave no report
	Findings      map[string]*score `json:"findings"`
	Missed        []string          `json:"missed"`
	Wrong         []string          `json:"wrong"`
}

func summarize(all []verdict) summary {
	s := summary{Findings: map[string]*score{}, Cases: len(all), Missed: []string{}, Wrong: []string{}}
	total := &score{}
	at := func(id string) *score {
		if s.Findings[id] == nil {
			s.Findings[id] = &score{}
		}
		return s.Findings[id]
	}
	var requests []int
	var seconds []float64
	for _, v := range all {
		single := v.group == "protection" || v.group == "log" || v.group == "alert" || v.group == "odd" && len(v.switches) == 1
		if single {
			s.Switches++
			if len(v.missed) == 0 && v.err == nil {
				s.SwitchesFound++
			}
		}
		if v.err != nil {
			s.Failed++
			s.Wrong = append(s.Wrong, v.name()+": "+v.err.Error())
		}
		for _, id := range v.finds {
			at(id).Expected++
			total.Expected++
		}
		for _, id := range v.found {
			at(id).Found++
			total.Found++
		}
		for _, id := range v.missed {
			s.Missed = append(s.Missed, v.name()+": "+id)
		}
		for _, f := range v.wrong {
			at(f.ID).False++
			total.False++
			if f.severe() && v.sound {
				s.Severe++
			} else if f.severe() {
				s.SevereWeak++
			}
			s.Wrong = append(s.Wrong, v.name()+": "+f.ID+" ("+f.Severity+")")
		}
		requests, seconds = append(requests, v.requests), append(seconds, v.seconds)
		s.MemoryMiB = max(s.MemoryMiB, float64(v.memory)/(1<<20))
	}
	for _, f := range s.Findings {
		f.ratios()
	}
	total.ratios()
	s.Recall, s.Precision, s.False = total.Recall, total.Precise, total.False
	slices.Sort(requests)
	slices.Sort(seconds)
	if n := len(all); n > 0 {
		s.Requests, s.Median, s.Seconds, s.MedianSec = requests[n-1], requests[n/2], seconds[n-1], seconds[n/2]
	}
	return s
}

// good reports whether the bar is reached: everything found, and nothing severe
// that is not true.
func (s summary) good() bool {
	return s.Recall == 1 && s.Severe == 0 && s.SevereWeak == 0 && s.Failed == 0
}
