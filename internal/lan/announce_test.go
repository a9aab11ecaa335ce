package lan

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/pion/mdns/v2"
	"golang.org/x/net/ipv4"
)

// A device of the network finds the box by either of its names, and nobody by another.
func TestAnnounce(t *testing.T) {
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Skip("this machine has no interface lo:", err)
	}
	only := []mdns.ServerOption{mdns.WithIncludeLoopback(true), mdns.WithInterfaces(*lo)}
	box, err := announce([]string{"tizi-x.local", "files-tizi-x.local"}, only...)
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	l, err := listen("udp4", mdns.DefaultAddressIPv4)
	if err != nil {
		t.Fatal(err)
	}
	device, err := mdns.NewServer(ipv4.NewPacketConn(l), nil, only...)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	for name, is := range map[string]bool{"tizi-x.local": true, "files-tizi-x.local": true, "tizi-y.local": false} {
		wait := 20 * time.Second
		if !is {
			wait = 2 * time.Second
		}
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		_, at, err := device.QueryAddr(ctx, name)
		cancel()
		if (err == nil) != is {
			t.Errorf("%s: %v, %v", name, at, err)
		} else if is && !at.IsLoopback() {
			t.Errorf("%s is at %v", name, at)
		}
	}
}
