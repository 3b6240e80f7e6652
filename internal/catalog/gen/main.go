// Gen writes docs/reference from the catalogue. Run it from the root of the
// repository; a test of package reference fails when its files are stale.
package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"

	"github.com/jotsight/jotsight/internal/catalog/reference"
)

//go:generate go run . -dir ../../../docs/reference

func main() {
	log.SetFlags(0)
	log.SetPrefix("gen: ")
	dir := flag.String("dir", filepath.Join("docs", "reference"), "where to write")
	flag.Parse()
	if err := os.MkdirAll(*dir, 0o755); err != nil {
		log.Fatal(err)
	}
	for name, text := range reference.Files() {
		if err := os.WriteFile(filepath.Join(*dir, name), []byte(text), 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
