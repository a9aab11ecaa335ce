// Command summary reads the output of go test -json and prints what failed, what was skipped and why, and one line that
// counts all tests.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

func main() {
	f, err := os.Open(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "summary:", err)
		os.Exit(1)
	}
	defer f.Close()
	output := map[string][]string{}
	var passed, failed int
	skipped := map[string]int{}
	var bad, slow []string
	told := map[string]bool{}
	in := bufio.NewScanner(f)
	in.Buffer(make([]byte, 1<<20), 16<<20)
	for in.Scan() {
		var e event
		if json.Unmarshal(in.Bytes(), &e) != nil {
			fmt.Println(in.Text()) // a build that failed writes plain text
			continue
		}
		key := e.Package + " " + e.Test
		switch e.Action {
		case "output", "build-output":
			output[key] = append(output[key], e.Output)
			// Counts that tests print for people, such as the missing messages of a language.
			if line := strings.TrimSpace(e.Output); strings.HasPrefix(line, "zgh:") && !told[line] {
				told[line] = true
				fmt.Println(line)
			}
		case "build-fail":
			bad = append(bad, e.Package)
			fmt.Print(strings.Join(output[key], ""))
		case "fail":
			if e.Test == "" {
				bad = append(bad, e.Package)
				fmt.Print(strings.Join(output[key], ""))
				continue
			}
			failed++
			bad = append(bad, key)
			fmt.Print(strings.Join(output[key], ""))
		case "pass":
			if e.Test == "" {
				if e.Elapsed > 60 {
					slow = append(slow, fmt.Sprintf("%s took %.0f s", e.Package, e.Elapsed))
				}
				continue
			}
			passed++
		case "skip":
			if e.Test == "" {
				continue
			}
			skipped[reason(output[key])]++
		}
	}
	for _, s := range slow {
		fmt.Println(s)
	}
	n := 0
	for why, count := range skipped {
		n += count
		fmt.Printf("skipped %d: %s\n", count, why)
	}
	if len(bad) > 0 {
		fmt.Println("failed:")
		for _, b := range slices.Compact(bad) {
			fmt.Println(" ", b)
		}
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", passed, failed, n)
	if len(bad) > 0 {
		os.Exit(1)
	}
}

// reason is what a skipped test said.
func reason(lines []string) string {
	for _, l := range lines {
		l = strings.TrimSpace(l)
		if l == "" || strings.HasPrefix(l, "===") || strings.HasPrefix(l, "---") {
			continue
		}
		if _, after, ok := strings.Cut(l, ".go:"); ok {
			if _, why, ok := strings.Cut(after, ": "); ok {
				return why
			}
		}
		return l
	}
	return "without a reason"
}
