package ir

// A Tree is what a run found on disk, for the frontends: package lint reads every
// file once, within bounds, and hands all of them to each. A frontend takes those
// of its language, so that it needs no file system:
//
//	func Read(t *ir.Tree) *ir.Program
//
// It is called once, beside the other frontends, and changes nothing in t but
// Broken, Generated and Comments of files of its own language. Program.Files are
// the files that it translated.
type Tree struct {
	Files []*File // sources, sorted by path; no tests, no minified or huge ones
	// Config are the files that say how modules are named and found: go.mod, go.work,
	// package.json, tsconfig.json and its kin, jsconfig.json, deps.edn, project.clj,
	// sorted by path.
	Config []*File
}

// Of lists the files of one language.
func (t *Tree) Of(l Language) (list []*File) {
	for _, f := range t.Files {
		if f.Language == l {
			list = append(list, f)
		}
	}
	return list
}
