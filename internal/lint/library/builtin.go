package library

import (
	"embed"
	"errors"
	"io/fs"
	"sync"
)

//go:embed *.yaml
var files embed.FS

// Builtin is the catalogue that we ship, one file a field of work. It is read
// once, and the same for everybody.
var Builtin = sync.OnceValues(func() (*Set, error) {
	entries, err := Entries()
	return New(entries), err
})

// Entries are what Builtin is made of, for a run that adds a user's own.
var Entries = sync.OnceValues(func() ([]Entry, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, err
	}
	lists := make([][]Entry, len(names))
	errs := make([]error, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() {
			data, err := files.ReadFile(name)
			if err != nil {
				errs[i] = err
				return
			}
			lists[i], errs[i] = Parse(name, data)
		})
	}
	wg.Wait()
	var all []Entry
	for _, l := range lists {
		all = append(all, l...)
	}
	if err := errors.Join(errs...); err != nil {
		return all, err
	}
	return all, duplicates(all)
})
