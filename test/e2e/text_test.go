package e2e

import "encoding/json"

// jsonText reads a string out of a value of the protocol.
func jsonText(raw []byte, s *string) bool { return json.Unmarshal(raw, s) == nil }
