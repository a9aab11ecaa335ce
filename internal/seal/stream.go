package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A sealed file is a header and chunks (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015): a key
// made for this one file, wrapped with the person's key, then chunks of 64 KiB under AES-256-GCM, whose nonce is the
// chunk's number with a last byte that marks the last one. So a file is read without holding it in memory, and a chunk
// that is altered, moved, repeated or missing at the end is found out before its bytes are believed.
const (
	streamMagic = "tizi.sealed/1\n"
	chunkSize   = 64 << 10
	// wrappedSize is a nonce of 12 bytes, the 32 of the file's key and a tag of 16.
	wrappedSize = 12 + 32 + 16
)

// ErrAltered is returned, wrapped, for a sealed file that is not what its key sealed.
var ErrAltered = errors.New("the sealed file is damaged or was altered")

// AlteredError says from where on a file is not what its key sealed.
type AlteredError struct {
	What string
	At   int64 // byte of the file as it lies on the disk, from 0
}

// Error implements error.
func (e *AlteredError) Error() string {
	return fmt.Sprintf("%s, from byte %d on: %v", e.What, e.At, ErrAltered)
}

// Unwrap returns ErrAltered.
func (e *AlteredError) Unwrap() error { return ErrAltered }

func (k *Key) streamData() []byte { return append([]byte(streamMagic), k.Person[:]...) }

// fileCipher is AES-256-GCM with nonces that the stream counts; a file's key is used for one file only.
func fileCipher(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

type nonce [12]byte

func (n *nonce) next() {
	binary.BigEndian.PutUint64(n[3:11], binary.BigEndian.Uint64(n[3:11])+1)
}

// Writer seals what is written to it. Only Close completes the file; without it what was written cannot be read.
func (k *Key) Writer(w io.Writer) (io.WriteCloser, error) {
	secret := random32()
	a, err := fileCipher(secret)
	if err != nil {
		return nil, err
	}
	header := append([]byte(streamMagic), k.aeads[0].Seal(nil, nil, secret, k.streamData())...)
	if _, err := w.Write(header); err != nil {
		return nil, err
	}
	return &sealWriter{w: w, aead: a, buf: make([]byte, 0, chunkSize+a.Overhead())}, nil
}

type sealWriter struct {
	w     io.Writer
	aead  cipher.AEAD
	nonce nonce
	buf   []byte
	err   error
}

func (s *sealWriter) Write(p []byte) (int, error) {
	n := 0
	for len(p) > 0 && s.err == nil {
		if len(s.buf) == chunkSize { // full, and not the last: more has come
			s.flush()
			continue
		}
		m := min(len(p), chunkSize-len(s.buf))
		s.buf = append(s.buf, p[:m]...)
		p, n = p[m:], n+m
	}
	return n, s.err
}

func (s *sealWriter) flush() {
	_, s.err = s.w.Write(s.aead.Seal(s.buf[:0], s.nonce[:], s.buf, nil))
	s.nonce.next()
	s.buf = s.buf[:0]
}

func (s *sealWriter) Close() error {
	if s.err != nil {
		return s.err
	}
	s.nonce[11] = 1
	s.flush()
	err := s.err
	s.err = errors.New("the sealed file is closed already")
	return err
}

// Reader opens what Writer sealed. It gives out no byte that it has not proved, and io.EOF only when the file is whole.
func (k *Key) Reader(r io.Reader) (io.Reader, error) {
	header := make([]byte, len(streamMagic)+wrappedSize)
	if _, err := io.ReadFull(r, header); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			err = ErrAltered
		}
		return nil, fmt.Errorf("sealed file of %s: %w", k.Person, err)
	}
	if string(header[:len(streamMagic)]) != streamMagic {
		return nil, fmt.Errorf("sealed file of %s: %w", k.Person, ErrAltered)
	}
	secret, err := k.open(header[len(streamMagic):], k.streamData())
	if err != nil {
		return nil, fmt.Errorf("sealed file of %s: %w", k.Person, ErrAltered)
	}
	a, err := fileCipher(secret)
	if err != nil {
		return nil, err
	}
	return &sealReader{r: r, aead: a, what: "sealed file of " + k.Person.String(), at: int64(len(header)), buf: make([]byte, chunkSize+a.Overhead()+1)}, nil
}

type sealReader struct {
	r     io.Reader
	aead  cipher.AEAD
	what  string
	at    int64 // where the chunk begins in the file
	nonce nonce
	buf   []byte // one chunk and the byte behind it, which tells whether another follows
	ahead int    // bytes of the next chunk that are in buf already
	out   []byte // room for a chunk's text
	plain []byte // the part of it that is not read yet
	err   error
}

func (s *sealReader) Read(p []byte) (int, error) {
	for len(s.plain) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		s.fill()
	}
	n := copy(p, s.plain)
	s.plain = s.plain[n:]
	return n, nil
}

func (s *sealReader) fill() {
	n, err := io.ReadFull(s.r, s.buf[s.ahead:])
	n += s.ahead
	last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if err != nil && !last {
		s.err = err
		return
	}
	chunk := s.buf[:n]
	var behind byte
	if last {
		s.nonce[11] = 1
	} else {
		behind = s.buf[n-1]
		chunk = s.buf[:n-1]
	}
	plain, err := s.aead.Open(s.out[:0], s.nonce[:], chunk, nil)
	if err != nil {
		s.err = &AlteredError{s.what, s.at}
		return
	}
	s.at += int64(len(chunk))
	s.out, s.plain = plain, plain
	if last {
		s.err = io.EOF
		return
	}
	s.nonce.next()
	s.buf[0], s.ahead = behind, 1
}

// WriterFor seals a file for one node: text that says what it is, a key made for this one file and wrapped for the node
// (HPKE), then chunks as above.
func WriterFor(w io.Writer, magic string, recipient []byte) (io.WriteCloser, error) {
	secret := random32()
	wrapped, err := WrapFor(recipient, magic, secret)
	if err != nil {
		return nil, err
	}
	a, err := fileCipher(secret)
	if err != nil {
		return nil, err
	}
	header := binary.BigEndian.AppendUint16([]byte(magic), uint16(len(wrapped)))
	if _, err := w.Write(append(header, wrapped...)); err != nil {
		return nil, err
	}
	return &sealWriter{w: w, aead: a, buf: make([]byte, 0, chunkSize+a.Overhead())}, nil
}

// ErrNotFor is returned, wrapped, for a file that was sealed for another node, or is no such file.
var ErrNotFor = errors.New("this file was not made for this node")

// Reader opens what WriterFor sealed for this node, as Key.Reader does.
func (n *Identity) Reader(r io.Reader, magic string) (io.Reader, error) {
	header := make([]byte, len(magic)+2)
	got, err := io.ReadFull(r, header)
	if begun := header[:min(got, len(magic))]; string(begun) != magic[:len(begun)] {
		return nil, ErrNotFor
	}
	if err != nil {
		return nil, cutShort(err, got)
	}
	wrapped := make([]byte, binary.BigEndian.Uint16(header[len(magic):]))
	if more, err := io.ReadFull(r, wrapped); err != nil {
		return nil, cutShort(err, got+more)
	}
	secret, err := n.Unwrap(magic, wrapped)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotFor, err)
	}
	a, err := fileCipher(secret)
	if err != nil {
		return nil, err
	}
	return &sealReader{r: r, aead: a, what: "the file", at: int64(len(header) + len(wrapped)), buf: make([]byte, chunkSize+a.Overhead()+1)}, nil
}

// cutShort is what is said of a file whose beginning ends too soon.
func cutShort(err error, at int) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &AlteredError{"the file", int64(at)}
	}
	return err
}
