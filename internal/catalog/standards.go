package catalog

import (
	"fmt"
	"strings"
)

// Standards lists what a fix of w supports, in the words that people search for:
// "OWASP A09:2025", "OWASP API2:2023", "ASVS v5.0.0-16.3.1", "CWE-778",
// "RFC 7009", "ATT&CK T1110". It claims no compliance. Left out is what was
// placed by meaning alone (a category in brackets) and what nobody has compared
// with the original yet: NIST SP 800-53, SOC 2, ISO 27001, PCI DSS.
func (w Weakness) Standards() (list []string) {
	for _, s := range w.Refs.Top10 {
		if !strings.HasPrefix(s, "(") {
			list = append(list, "OWASP "+s+":2025")
		}
	}
	for _, s := range w.Refs.API {
		list = append(list, "OWASP "+s+":2023")
	}
	for _, s := range w.Refs.ASVS {
		list = append(list, "ASVS v5.0.0-"+s)
	}
	for _, n := range w.CWE {
		list = append(list, fmt.Sprintf("CWE-%d", n))
	}
	list = append(list, w.Refs.RFC...)
	for _, s := range w.Refs.ATTCK {
		list = append(list, "ATT&CK "+s)
	}
	return list
}

// Fixes gives w.Fix in two parts: what to do whatever one uses, and what guard,
// or the rest of jotsight, does about it. The second may be empty.
func (w Weakness) Fixes() (anybody, ours string) {
	sentences := strings.SplitAfter(w.Fix, ". ")
	for i, s := range sentences {
		if i > 0 && mentionsUs(s) {
			return strings.TrimSpace(strings.Join(sentences[:i], "")), strings.Join(sentences[i:], "")
		}
	}
	return w.Fix, ""
}

func mentionsUs(s string) bool {
	for _, name := range []string{"`guard", "`g.", "`r.Use(g.", "`Issuer.", "`event.", "`jotsight "} {
		if strings.Contains(s, name) {
			return true
		}
	}
	return false
}
