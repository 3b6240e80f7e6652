package bank

import _ "embed"

// Recipe is how jotsight scan is told about a bank, of either build. It asks the
// environment for BANK_URL, BANK_LOG and BANK_SECRET.
//
//go:embed jotsight.yaml
var Recipe []byte
