// Checks a C2SP tlog-tiles log with Go's own code: golang.org/x/mod/sumdb/note and tlog.
//
//	go run tlog.go VKEY SOURCE [PROOF | CHECKPOINT]...
//
// SOURCE is a folder or a URL that has checkpoint and tile/ below it. Prints one line and exits 0
// when everything holds.
package main

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "tlog: %s: %v\n", what, err)
		os.Exit(1)
	}
}

func fetch(source, path string) ([]byte, error) {
	if !strings.HasPrefix(source, "http://") {
		return os.ReadFile(filepath.Join(source, path))
	}
	response, err := http.Get(source + "/" + path)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != 200 {
		return nil, fmt.Errorf("%s: %s", path, response.Status)
	}
	return io.ReadAll(response.Body)
}

// Reads tiles as they are served: without the height in the path.
type tiles struct{ source string }

func (tiles) Height() int { return 8 }
func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range wanted {
		bytes, err := fetch(t.source, strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
		if err != nil {
			return nil, err
		}
		data = append(data, bytes)
	}
	return data, nil
}
func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func checkpoint(text []byte, verifier note.Verifier) tlog.Tree {
	signed, err := note.Open(text, note.VerifierList(verifier))
	must(err, "checkpoint")
	lines := strings.Split(signed.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		must(fmt.Errorf("%q", signed.Text), "checkpoint is not origin, size, root")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err, "size")
	root, err := tlog.ParseHash(lines[2])
	must(err, "root")
	return tlog.Tree{N: size, Hash: root}
}

// Every leaf is in the tree, and every entry is what its leaf says.
func checkLeaves(source string, tree tlog.Tree, hashes tlog.HashReader) {
	for first := int64(0); first < tree.N; first += 256 {
		tile := tlog.Tile{H: 8, L: 0, N: first / 256, W: 256}
		if tree.N-first < 256 {
			tile.W = int(tree.N - first)
		}
		data, err := fetch(source, strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1))
		must(err, "entries")
		for i := first; i < first+int64(tile.W); i++ {
			if len(data) < 2 || len(data) < 2+int(data[0])<<8+int(data[1]) {
				must(fmt.Errorf("entry %d", i), "entries end early")
			}
			length := int(data[0])<<8 + int(data[1])
			leaf := tlog.RecordHash(data[2 : 2+length])
			data = data[2+length:]
			stored, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, i)})
			must(err, "leaf")
			if stored[0] != leaf {
				must(fmt.Errorf("entry %d", i), "an entry is not what its leaf says")
			}
			// A proof for each would read the log again and again: the first, the last and some.
			if i%97 == 0 || i+1 == tree.N {
				proof, err := tlog.ProveRecord(tree.N, i, hashes)
				must(err, "inclusion")
				must(tlog.CheckRecord(proof, tree.N, tree.Hash, i, leaf), "inclusion")
			}
		}
	}
}

func checkConsistency(tree tlog.Tree, hashes tlog.HashReader) int {
	checked := 0
	for before := int64(1); before < tree.N; before += before/2 + 1 {
		root, err := tlog.TreeHash(before, hashes)
		must(err, "an earlier root")
		proof, err := tlog.ProveTree(tree.N, before, hashes)
		must(err, "consistency")
		must(tlog.CheckTree(proof, tree.N, tree.Hash, before, root), "consistency")
		checked++
	}
	return checked
}

// An older checkpoint that somebody kept: the tree of now continues it.
func checkOlder(file string, text []byte, verifier note.Verifier, tree tlog.Tree, hashes tlog.HashReader) {
	older := checkpoint(text, verifier)
	proof, err := tlog.ProveTree(tree.N, older.N, hashes)
	must(err, file)
	must(tlog.CheckTree(proof, tree.N, tree.Hash, older.N, older.Hash), file)
}

// A .tlog-proof of ours: SHA-256 of its extra data is the entry.
func checkProof(file string, text []byte, verifier note.Verifier) {
	head, signed, found := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		must(fmt.Errorf("no proof"), file)
	}
	extra, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	must(err, file)
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	must(err, file)
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		must(err, file)
		proof = append(proof, hash)
	}
	tree := checkpoint([]byte(signed), verifier)
	entry := sha256.Sum256(extra)
	must(tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry[:])), file)
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: tlog VKEY SOURCE [PROOF | CHECKPOINT]...")
		os.Exit(2)
	}
	verifier, err := note.NewVerifier(os.Args[1])
	must(err, "verifier key")
	source := os.Args[2]
	text, err := fetch(source, "checkpoint")
	must(err, "checkpoint")
	tree := checkpoint(text, verifier)
	hashes := tlog.TileHashReader(tree, tiles{source})
	root, err := tlog.TreeHash(tree.N, hashes)
	must(err, "root")
	if root != tree.Hash {
		must(fmt.Errorf("%v", root), "the tiles have another root")
	}
	checkLeaves(source, tree, hashes)
	consistent := checkConsistency(tree, hashes)
	for _, file := range os.Args[3:] {
		text, err := os.ReadFile(file)
		must(err, file)
		if strings.HasPrefix(string(text), "c2sp.org/tlog-proof") {
			checkProof(file, text, verifier)
		} else {
			checkOlder(file, text, verifier, tree, hashes)
		}
	}
	fmt.Printf("tlog: %d leaves, %d earlier sizes and %d proofs hold\n", tree.N, consistent, len(os.Args)-3)
}
