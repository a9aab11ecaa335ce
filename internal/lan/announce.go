package lan

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pion/mdns/v2"
	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// look is how often it is seen whether the machine has come to another network.
const look = 30 * time.Second

// Announce answers the devices of the network that ask where a name under .local is (RFC 6762), until the context ends. A machine
// answers to its own name where Avahi runs on it, and to no other.
func Announce(ctx context.Context, names []string, log *slog.Logger) {
	names = announced(names)
	if len(names) == 0 {
		return
	}
	var at []string
	var conn *mdns.Conn
	defer func() {
		if conn != nil {
			conn.Close()
		}
	}()
	t := time.NewTicker(look)
	defer t.Stop()
	for {
		if now := networks(); !slices.Equal(now, at) {
			if conn != nil {
				conn.Close()
				conn = nil
			}
			var err error
			if conn, err = announce(names); err != nil {
				log.Warn("the names of this box are not announced", "err", err)
			}
			at = now
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// announced are the names that nobody else on this machine answers to.
func announced(names []string) []string {
	host, err := os.Hostname()
	if err == nil {
		host, _, _ = strings.Cut(strings.ToLower(host), ".")
	}
	_, err = os.Stat("/run/avahi-daemon/socket")
	avahi := err == nil
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool {
		return !strings.HasSuffix(n, ".local") || avahi && n == host+".local"
	})
}

// networks are the addresses of the machine, in order.
func networks() (at []string) {
	all, _ := net.InterfaceAddrs() // none: looked at again
	for _, a := range all {
		at = append(at, a.String())
	}
	slices.Sort(at)
	return at
}

// announce answers on every network that the machine is on now.
func announce(names []string, more ...mdns.ServerOption) (*mdns.Conn, error) {
	var v4 *ipv4.PacketConn
	var v6 *ipv6.PacketConn
	l4, err4 := listen("udp4", mdns.DefaultAddressIPv4)
	if err4 == nil {
		v4 = ipv4.NewPacketConn(l4)
	}
	l6, err6 := listen("udp6", mdns.DefaultAddressIPv6)
	if err6 == nil {
		v6 = ipv6.NewPacketConn(l6)
	}
	if v4 == nil && v6 == nil {
		return nil, errors.Join(err4, err6)
	}
	conn, err := mdns.NewServer(v4, v6, append(more, mdns.WithLocalNames(names...), mdns.WithRecordTypes(dnsmessage.TypeA, dnsmessage.TypeAAAA))...)
	if err != nil {
		for _, l := range []*net.UDPConn{l4, l6} {
			if l != nil {
				l.Close()
			}
		}
		return nil, fmt.Errorf("announce %s: %w", strings.Join(names, ", "), err)
	}
	return conn, nil
}

// listen takes the port of multicast DNS, which programs of a machine share.
func listen(network, address string) (*net.UDPConn, error) {
	a, err := net.ResolveUDPAddr(network, address)
	if err != nil {
		return nil, err
	}
	return net.ListenUDP(network, a)
}
