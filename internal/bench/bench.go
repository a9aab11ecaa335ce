// Package bench measures a node on the machine it runs on, with real kinds, real projections and the real pages. What it
// prints names the engine and the data, so that anybody can run it again.
package bench

import (
	"runtime"
	"slices"
	"time"
)

// Machine is said in every result.
type Machine struct {
	Engine string `json:"engine"`
	Cores  int    `json:"cores"`
}

func machine(engine string) Machine { return Machine{engine, runtime.NumCPU()} }

// percentile returns the p-th percentile (0 to 1) in milliseconds.
func percentile(times []time.Duration, p float64) float64 {
	if len(times) == 0 {
		return 0
	}
	s := slices.Clone(times)
	slices.Sort(s)
	i := int(p*float64(len(s)-1) + 0.5)
	return float64(s[i].Microseconds()) / 1000
}
