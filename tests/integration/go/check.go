// Checks receipt files (C2SP tlog-proof) with the Go project's own libraries.
//
//	lianxi-go-check check VKEY FILE...    prints "OK FILE" or "REFUSED FILE: reason" for each
//	lianxi-go-check mutate VKEY FILE...   tries every single-bit change of each file, prints "FILE: N tried, M accepted"
//
// Exits 1 if a file of `check` is refused, or a change of `mutate` accepted.
package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// strict decodes base64 and refuses a second spelling of the same bytes.
func strict(text string) ([]byte, error) {
	data, err := base64.StdEncoding.DecodeString(text)
	if err == nil && base64.StdEncoding.EncodeToString(data) != text {
		err = errors.New("not canonical base64")
	}
	return data, err
}

func number(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil && (n < 0 || strconv.FormatInt(n, 10) != text) {
		err = errors.New("not a plain decimal number")
	}
	return n, err
}

func hash(text string) (tlog.Hash, error) {
	var h tlog.Hash
	data, err := strict(text)
	if err == nil && len(data) != tlog.HashSize {
		err = errors.New("not a hash")
	}
	copy(h[:], data)
	return h, err
}

type checkpoint struct {
	size int64
	root tlog.Hash
}

// open checks the note's signature and reads the three lines of a tlog-checkpoint.
func open(text []byte, verifier note.Verifier) (checkpoint, error) {
	var c checkpoint
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return c, err
	}
	for _, sig := range opened.Sigs {
		if _, err := strict(sig.Base64); err != nil {
			return c, err
		}
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() || lines[3] != "" {
		return c, errors.New("not a checkpoint of this log")
	}
	if c.size, err = number(lines[1]); err != nil {
		return c, err
	}
	c.root, err = hash(lines[2])
	return c, err
}

func check(file []byte, verifier note.Verifier) error {
	gap := bytes.Index(file, []byte("\n\n"))
	if gap < 0 {
		return errors.New("no checkpoint")
	}
	lines := strings.Split(string(file[:gap]), "\n")
	if len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" ||
		!strings.HasPrefix(lines[1], "extra ") || !strings.HasPrefix(lines[2], "index ") {
		return errors.New("not a tlog-proof with extra data")
	}
	record, err := strict(strings.TrimPrefix(lines[1], "extra "))
	if err != nil {
		return err
	}
	index, err := number(strings.TrimPrefix(lines[2], "index "))
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		h, err := hash(line)
		if err != nil {
			return err
		}
		proof = append(proof, h)
	}
	c, err := open(file[gap+2:], verifier)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, c.size, c.root, index, tlog.RecordHash(record))
}

func mutate(name string, file []byte, verifier note.Verifier) bool {
	accepted := 0
	for bit := 0; bit < len(file)*8; bit++ {
		changed := append([]byte(nil), file...)
		changed[bit/8] ^= 1 << (bit % 8)
		if check(changed, verifier) == nil {
			accepted++
			fmt.Printf("ACCEPTED %s with bit %d changed\n", name, bit)
		}
	}
	fmt.Printf("%s: %d tried, %d accepted\n", name, len(file)*8, accepted)
	return accepted == 0
}

func main() {
	if len(os.Args) < 4 || (os.Args[1] != "check" && os.Args[1] != "mutate") {
		fmt.Fprintln(os.Stderr, "usage: lianxi-go-check check|mutate VKEY FILE...")
		os.Exit(2)
	}
	verifier, err := note.NewVerifier(os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "VKEY:", err)
		os.Exit(2)
	}
	good := true
	for _, name := range os.Args[3:] {
		file, err := os.ReadFile(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		if os.Args[1] == "mutate" {
			good = mutate(name, file, verifier) && good
		} else if err := check(file, verifier); err != nil {
			fmt.Printf("REFUSED %s: %v\n", name, err)
			good = false
		} else {
			fmt.Printf("OK %s\n", name)
		}
	}
	if !good {
		os.Exit(1)
	}
}
