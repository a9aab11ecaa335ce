package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"rsc.io/qr"

	"tizi/internal/house"
	"tizi/internal/lan"
	"tizi/internal/whole"
)

// firstFile has in the data folder what tells how an empty node is set up, for tizi status and the package.
const firstFile = "first-visit.txt"

// welcome says how an empty node is set up, on the terminal and in a file of its folder, which goes once it is.
func welcome(ctx context.Context, h *house.House, at net.Addr) error {
	path := filepath.Join(h.Config.Dir, firstFile)
	founded, err := h.Founded(ctx)
	if err != nil {
		return err
	}
	if founded {
		if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	text, err := firstVisit(at, lan.Addresses(), h.Code())
	if err != nil {
		return err
	}
	fmt.Fprint(os.Stderr, text)
	return whole.Write(path, []byte(text))
}

// firstVisit says where an empty node is set up: on the machine itself, or with the code from another device, if it listens there.
func firstVisit(at net.Addr, addrs []netip.Addr, code string) (string, error) {
	a, err := netip.ParseAddrPort(at.String())
	if err != nil {
		return "", fmt.Errorf("where the node listens: %w", err)
	}
	port := ""
	if a.Port() != 80 {
		port = fmt.Sprintf(":%d", a.Port())
	}
	out := "Nobody has set this node up yet. On this machine open http://localhost" + port + " in a browser.\n"
	if !a.Addr().IsUnspecified() {
		addrs = []netip.Addr{a.Addr()}
	}
	if len(addrs) == 0 || addrs[0].IsLoopback() {
		return out, nil
	}
	host := addrs[0].String()
	if addrs[0].Is6() {
		host = "[" + host + "]"
	}
	link := "http://" + host + port + "/setup?code=" + code
	picture, err := blocks(link)
	if err != nil {
		return "", err
	}
	return out + fmt.Sprintf("From a telephone on the same network, by this QR, or at http://%s%s with the code  %s\n\n%s\n", host, port, code, picture), nil
}

// blocks draws a QR code of half blocks, for a terminal with light letters on a dark ground.
func blocks(text string) (string, error) {
	c, err := qr.Encode(text, qr.L)
	if err != nil {
		return "", fmt.Errorf("draw a QR code: %w", err)
	}
	const quiet = 2
	var b strings.Builder
	for y := -quiet; y < c.Size+quiet; y += 2 {
		b.WriteString("  ")
		for x := -quiet; x < c.Size+quiet; x++ {
			switch upper, lower := !c.Black(x, y), !c.Black(x, y+1); {
			case upper && lower:
				b.WriteString("█")
			case upper:
				b.WriteString("▀")
			case lower:
				b.WriteString("▄")
			default:
				b.WriteString(" ")
			}
		}
		b.WriteString("\n")
	}
	return b.String(), nil
}
