package clojure

import (
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// A space is one namespace of the program.
type space struct {
	name    string
	root    string // the folder in which its path begins
	module  *ir.Module
	aliases map[string]string // alias or name of a namespace: its name
	refers  map[string]string // name: namespace/name
	all     []string          // namespaces whose names are all seen here
	classes map[string]string // short name: name of a class
	hidden  map[string]bool   // names of clojure.core that are not seen
	defs    map[string]*def
	body    []source // what to lower
}

// A source is one file of a namespace.
type source struct {
	file  *ir.File
	forms []*form
}

// A def is what a name of a namespace stands for.
type def struct {
	v       *ir.Var
	arities []*ir.Func // of a function, in order
	class   *ir.Class  // of a record, type or protocol
	maker   bool       // it makes instances of class: ->User; with whole from a map: map->User
	whole   bool
	multi   *multi
	macro   bool
	yields  bool   // its calls give functions
	plain   bool   // its value is no function, but text, a number, a map
	init    *form  // what its value is, for maps that others build on
	from    *space // in which init is read
	file    *ir.File
}

// header reads the ns form of a file; where there is none, its path names it.
func header(forms []*form, path string) (name string, clauses []*form) {
	for _, f := range forms {
		switch f.head() {
		case "ns", "clojure.core/ns":
			if len(f.kids) > 1 && f.kids[1].kind == symbol {
				return f.kids[1].text, f.kids[2:]
			}
		case "in-ns":
			if len(f.kids) > 1 && f.kids[1].kind == quote {
				return f.kids[1].kids[0].text, nil
			}
		}
	}
	return path, nil
}

// clauses takes what an ns form says of other namespaces.
func (s *space) take(clauses []*form) {
	for _, c := range clauses {
		if c.kind != list && c.kind != vector || len(c.kids) == 0 {
			continue
		}
		switch c.kids[0].text {
		case "require", "use":
			for _, spec := range c.kids[1:] {
				s.spec(spec, "", c.kids[0].text == "use", 0)
			}
		case "import":
			for _, spec := range c.kids[1:] {
				s.imported(spec)
			}
		case "refer-clojure":
			for i := 1; i+1 < len(c.kids); i += 2 {
				if c.kids[i].key("exclude") {
					for _, n := range c.kids[i+1].kids {
						s.hidden[n.text] = true
					}
				}
			}
		}
	}
}

// spec takes one entry of :require or :use: a.b, [a.b :as c :refer [d]], and with a
// common beginning (a [b :as c] d).
func (s *space) spec(f *form, prefix string, use bool, depth int) {
	if f.kind == quote && len(f.kids) == 1 {
		f = f.kids[0]
	}
	if f.kind == symbol {
		s.aliases[prefix+f.text] = prefix + f.text
		if use {
			s.all = append(s.all, prefix+f.text)
		}
		return
	}
	if (f.kind != vector && f.kind != list) || len(f.kids) == 0 || f.kids[0].kind != symbol || depth > 3 {
		return
	}
	name := prefix + f.kids[0].text
	if len(f.kids) > 1 && f.kids[1].kind != keyword {
		for _, k := range f.kids[1:] {
			s.spec(k, name+".", use, depth+1)
		}
		return
	}
	s.aliases[name] = name
	everything := use
	var renamed *form
	for i := 1; i+1 < len(f.kids); i += 2 {
		v := f.kids[i+1]
		switch f.kids[i].text {
		case "as", "as-alias":
			s.aliases[v.text] = name
		case "refer", "only", "refer-macros":
			if v.key("all") {
				everything = true
				continue
			}
			everything = everything && f.kids[i].text != "only"
			for _, n := range v.kids {
				s.refers[n.text] = name + "/" + n.text
			}
		case "rename":
			renamed = v
		}
	}
	if renamed != nil {
		for i := 0; i+1 < len(renamed.kids); i += 2 {
			delete(s.refers, renamed.kids[i].text)
			s.refers[renamed.kids[i+1].text] = name + "/" + renamed.kids[i].text
		}
	}
	if everything {
		s.all = append(s.all, name)
	}
}

// imported takes one entry of :import: java.util.Date or (java.util Date UUID).
func (s *space) imported(f *form) {
	if f.kind == quote && len(f.kids) == 1 {
		f = f.kids[0]
	}
	if f.kind == symbol {
		s.classes[short(f.text)] = f.text
		return
	}
	if len(f.kids) == 0 {
		return
	}
	for _, k := range f.kids[1:] {
		s.classes[k.text] = f.kids[0].text + "." + k.text
	}
}

// short is the last part of the name of a class.
func short(class string) string { return class[strings.LastIndexByte(class, '.')+1:] }

// className gives the full name of the class that a symbol names here, or "".
func (s *space) className(name string) string {
	if c := s.classes[name]; c != "" {
		return c
	}
	if javaLang[name] {
		return "java.lang." + name
	}
	if last := short(name); last != name && last != "" && last[0] >= 'A' && last[0] <= 'Z' {
		return name
	}
	return ""
}
