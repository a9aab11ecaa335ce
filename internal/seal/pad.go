package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"io"
)

// Pad hides one file that nobody reads after this process: its key is in memory alone, so what is left on the disk says
// nothing when the process is over. It is read from anywhere, as tables are. Whoever can write the file can alter it.
type Pad struct{ block cipher.Block }

// NewPad returns a pad for one file.
func NewPad() *Pad {
	key := make([]byte, 32)
	rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // of a key of another length
	}
	return &Pad{block}
}

func (p *Pad) stream(block uint64) cipher.Stream {
	var counter [aes.BlockSize]byte
	binary.BigEndian.PutUint64(counter[8:], block)
	return cipher.NewCTR(p.block, counter[:])
}

// Writer hides what is written, from the beginning of the file.
func (p *Pad) Writer(w io.Writer) io.Writer { return cipher.StreamWriter{S: p.stream(0), W: w} }

// ReaderAt reads what Writer hid.
func (p *Pad) ReaderAt(r io.ReaderAt) io.ReaderAt { return padded{p, r} }

type padded struct {
	pad *Pad
	in  io.ReaderAt
}

// ReadAt implements io.ReaderAt.
func (r padded) ReadAt(b []byte, off int64) (int, error) {
	n, err := r.in.ReadAt(b, off)
	if n > 0 {
		s := r.pad.stream(uint64(off) / aes.BlockSize)
		var skip [aes.BlockSize]byte
		s.XORKeyStream(skip[:off%aes.BlockSize], skip[:off%aes.BlockSize])
		s.XORKeyStream(b[:n], b[:n])
	}
	return n, err
}
