package main

import (
	"net"
	"net/netip"
	"strings"
	"testing"
)

// An empty node says where it is set up; the code and its QR only where others reach it.
func TestFirstVisit(t *testing.T) {
	const code = "K7QF2-9M3XD"
	own := []netip.Addr{netip.MustParseAddr("192.168.1.20"), netip.MustParseAddr("10.0.0.5")}
	for _, c := range []struct {
		listens   string
		addrs     []netip.Addr
		has, hasn string
	}{
		{"[::]:80", own, "http://192.168.1.20 with the code  " + code, "10.0.0.5"},
		{"[::]:8080", own, "http://192.168.1.20:8080 with the code", ""},
		{"10.0.0.5:8080", own, "http://10.0.0.5:8080 with the code", "192.168"},
		{"[::]:8080", []netip.Addr{netip.MustParseAddr("fd00::7")}, "http://[fd00::7]:8080 with the code", ""},
		{"127.0.0.1:8080", own, "http://localhost:8080", code},
		{"[::]:8080", nil, "http://localhost:8080", code},
	} {
		at, err := net.ResolveTCPAddr("tcp", c.listens)
		if err != nil {
			t.Fatal(err)
		}
		text, err := firstVisit(at, c.addrs, code)
		if err != nil || !strings.Contains(text, c.has) || c.hasn != "" && strings.Contains(text, c.hasn) {
			t.Errorf("%s: %v\n%s", c.listens, err, text)
		}
		if strings.Contains(text, "█") != strings.Contains(text, code) {
			t.Errorf("%s: the QR goes with the code\n%s", c.listens, text)
		}
	}
}
