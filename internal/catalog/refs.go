package catalog

// Refs places an entry in the standards. Each list may be empty.
//
// An entry of Top10 in brackets belongs to that category by meaning: its CWE
// stands on no list of the Top 10, or on that of another category. API1 to API10
// of 2023 have no category for logging, so what concerns it stands with API2 or
// API8. The ids of ATTCK name the technique that an attacker uses, or that goes
// unseen; names of tactics are left out because releases rename them.
//
// NIST53, SOC2, ISO and PCI stay empty until somebody has compared the mapping
// with the texts of those standards: a wrong number in an audit does harm.
type Refs struct {
	API    []string // OWASP API Security Top 10 2023
	Top10  []string // OWASP Top 10 2025
	ASVS   []string // OWASP ASVS 5.0.0
	RFC    []string
	ATTCK  []string // MITRE ATT&CK technique ids, of v18
	NIST53 []string // NIST SP 800-53 r5
	SOC2   []string
	ISO    []string // ISO/IEC 27001:2022
	PCI    []string // PCI DSS 4.0.1
}

// One value for each topic of the map, shared by the weaknesses and detections
// that belong to it. They are never changed.
var (
	aboutFailures    = Refs{API: ids("API2"), Top10: ids("A09", "A10"), ASVS: ids("16.3.1", "16.3.3"), ATTCK: ids("T1110")}
	aboutRecords     = Refs{API: ids("API2"), Top10: ids("A09"), ASVS: ids("16.2.1", "16.2.4")}
	aboutTokenInLog  = Refs{API: ids("API2"), Top10: ids("A09"), ASVS: ids("16.2.5", "14.2.4"), RFC: ids("RFC 6750 section 5.3", "RFC 9700"), ATTCK: ids("T1552.001", "T1528")}
	aboutInjection   = Refs{API: ids("API8"), Top10: ids("A09"), ASVS: ids("16.4.1"), RFC: ids("RFC 8725 section 3.10"), ATTCK: ids("T1070")}
	aboutIssuance    = Refs{API: ids("API2"), Top10: ids("A09"), ASVS: ids("16.3.1"), ATTCK: ids("T1606")}
	aboutRefresh     = Refs{API: ids("API2"), Top10: ids("A09"), ASVS: ids("16.3.1", "16.3.3"), RFC: ids("RFC 9700 section 4.14"), ATTCK: ids("T1528")}
	aboutRevocation  = Refs{API: ids("API2"), Top10: ids("A09"), ASVS: ids("16.3.3"), RFC: ids("RFC 7009")}
	aboutRevokedUse  = Refs{API: ids("API2"), Top10: ids("A09", "A07"), ASVS: ids("16.3.3", "7.4.1", "8.3.2"), RFC: ids("RFC 7009 section 2"), ATTCK: ids("T1550.001")}
	aboutRevokedOK   = Refs{API: ids("API2"), Top10: ids("A07"), ASVS: ids("7.4.1", "8.3.2", "10.4.9"), RFC: ids("RFC 7009 section 2.1"), ATTCK: ids("T1550.001")}
	aboutRotation    = Refs{API: ids("API2"), Top10: ids("A07"), ASVS: ids("10.4.5"), RFC: ids("RFC 9700 section 2.2.2", "RFC 9700 section 4.14.2"), ATTCK: ids("T1528", "T1550.001")}
	aboutFloods      = Refs{API: ids("API2", "API4"), Top10: ids("A07"), ASVS: ids("2.4.1", "6.1.1", "6.3.1"), ATTCK: ids("T1110", "T1499")}
	aboutGuessing    = Refs{API: ids("API2"), Top10: ids("A07", "A04"), ASVS: ids("6.3.1", "16.3.3"), RFC: ids("RFC 8725 section 2.2"), ATTCK: ids("T1110", "T1606")}
	aboutAlgorithms  = Refs{API: ids("API2"), Top10: ids("A04"), ASVS: ids("9.1.1", "9.1.2"), RFC: ids("RFC 8725 section 2.1", "RFC 8725 section 3.1"), ATTCK: ids("T1606")}
	aboutConfusion   = Refs{API: ids("API2"), Top10: ids("A04"), ASVS: ids("9.1.2"), RFC: ids("RFC 8725 section 2.1", "RFC 8725 section 3.1"), ATTCK: ids("T1606")}
	aboutKeyHeaders  = Refs{API: ids("API2", "API7"), Top10: ids("A01", "A04", "A05", "A08"), ASVS: ids("9.1.3"), RFC: ids("RFC 8725 section 3.10", "RFC 7515"), ATTCK: ids("T1606", "T1190")}
	aboutSecrets     = Refs{API: ids("API2"), Top10: ids("A04", "A07"), ASVS: ids("11.2.3", "13.3.1"), RFC: ids("RFC 8725 section 3.5", "RFC 7518 section 3.2"), ATTCK: ids("T1110.002", "T1552")}
	aboutTimes       = Refs{API: ids("API2"), Top10: ids("A07"), ASVS: ids("9.2.1", "7.3.2"), RFC: ids("RFC 7519 section 2", "RFC 7519 section 4.1.4", "RFC 7519 section 4.1.5"), ATTCK: ids("T1550.001")}
	aboutAudience    = Refs{API: ids("API2"), Top10: ids("A07", "A08"), ASVS: ids("9.2.3", "9.2.4", "10.3.1"), RFC: ids("RFC 8725 section 3.8", "RFC 8725 section 3.9", "RFC 9068"), ATTCK: ids("T1550.001")}
	aboutTokenTypes  = Refs{API: ids("API2"), Top10: ids("A07", "A08"), ASVS: ids("9.2.2"), RFC: ids("RFC 8725 section 3.11", "RFC 8725 section 3.12"), ATTCK: ids("T1550.001")}
	aboutSharing     = Refs{API: ids("API2"), Top10: ids("A07"), ASVS: ids("10.3.5"), RFC: ids("RFC 9449", "RFC 8705", "RFC 9700 section 2.2.1"), ATTCK: ids("T1550.001", "T1539")}
	aboutPlaces      = Refs{API: ids("API2"), Top10: ids("A09"), ASVS: ids("6.3.5", "16.3.3"), ATTCK: ids("T1078", "T1550.001")}
	aboutTiming      = Refs{API: ids("API2"), Top10: ids("(A04)"), ASVS: ids("11.2.4"), ATTCK: ids("T1110")}
	aboutAnswers     = Refs{API: ids("API8"), Top10: ids("A10"), ASVS: ids("16.5.1", "6.3.8"), RFC: ids("RFC 6750 section 3.1"), ATTCK: ids("T1589")}
	aboutURLs        = Refs{API: ids("API2", "API8"), Top10: ids("A06", "(A07)"), ASVS: ids("14.2.1"), RFC: ids("RFC 6750 section 2.3", "RFC 9700 section 4.3"), ATTCK: ids("T1528")}
	aboutScope       = Refs{API: ids("API5", "API1"), Top10: ids("A09", "A01"), ASVS: ids("16.3.2", "10.3.2"), ATTCK: ids("T1078")}
	aboutFailOpen    = Refs{API: ids("API8"), Top10: ids("A10"), ASVS: ids("16.5.2", "16.5.3"), ATTCK: ids("T1190")}
	aboutSilence     = Refs{API: ids("API8"), Top10: ids("A09"), ASVS: ids("16.3.4", "16.4.3"), ATTCK: ids("T1562")}
	aboutAlerts      = Refs{API: ids("API2"), Top10: ids("A09"), ASVS: ids("16.4.3")}
	aboutClocks      = Refs{Top10: ids("A09"), ASVS: ids("16.2.2"), RFC: ids("RFC 3339"), ATTCK: ids("T1070.006")}
	aboutKeySets     = Refs{API: ids("API2"), Top10: ids("A04"), ASVS: ids("13.1.4", "13.3.4", "11.1.1"), RFC: ids("RFC 7517"), ATTCK: ids("T1606")}
	aboutCost        = Refs{API: ids("API4"), Top10: ids("(A10)"), ASVS: ids("15.2.2"), RFC: ids("RFC 8725 section 3.6"), ATTCK: ids("T1499")}
	aboutOpenIssuing = Refs{API: ids("API2", "API9"), Top10: ids("A07"), ASVS: ids("6.3.4"), RFC: ids("RFC 6749"), ATTCK: ids("T1606")}
	aboutSignatures  = Refs{API: ids("API2"), Top10: ids("A04"), ASVS: ids("9.1.1"), RFC: ids("RFC 7515 section 5.2", "RFC 8725 section 3.3"), ATTCK: ids("T1606")}
	aboutUnverified  = Refs{API: ids("API2"), Top10: ids("A08"), ASVS: ids("9.1.1"), RFC: ids("RFC 7519 section 7.2", "RFC 8725 section 3.10"), ATTCK: ids("T1606")}
	aboutCrit        = Refs{API: ids("API2"), Top10: ids("(A04)"), ASVS: ids("9.1.1"), RFC: ids("RFC 7515 section 4.1.11"), ATTCK: ids("T1606")}
	aboutPayloads    = Refs{API: ids("API3"), Top10: ids("A01"), ASVS: ids("14.2.6", "14.2.4"), RFC: ids("RFC 7519 section 12")}
	aboutOpenDoors   = Refs{API: ids("API2", "API5"), Top10: ids("A07", "(A01)"), ASVS: ids("8.2.1", "8.3.1"), RFC: ids("RFC 6750 section 3"), ATTCK: ids("T1190")}
	aboutDenials     = Refs{API: ids("API2", "API5"), Top10: ids("(A10)", "(A01)"), ASVS: ids("16.5.3", "8.3.1"), ATTCK: ids("T1190")}
	aboutLimiters    = Refs{API: ids("API4"), Top10: ids("A09"), ASVS: ids("16.3.3"), ATTCK: ids("T1110")}
	aboutLevels      = Refs{API: ids("API2"), Top10: ids("A09"), ASVS: ids("16.2.1")}
	aboutNoise       = Refs{API: ids("API2"), Top10: ids("(A09)"), ASVS: ids("16.2.1")}
	aboutMemory      = Refs{API: ids("API4"), Top10: ids("(A10)"), ASVS: ids("15.2.2"), ATTCK: ids("T1499")}
	aboutCanaries    = Refs{API: ids("API2"), Top10: ids("(A09)"), ASVS: ids("16.3.3"), ATTCK: ids("T1528", "T1552")}
)

func ids(list ...string) []string { return list }
