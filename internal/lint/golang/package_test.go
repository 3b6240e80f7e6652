package golang

import (
	"testing"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

func TestReadPackage(t *testing.T) {
	file := func(name, src string) *ir.File { return &ir.File{Path: name, Language: ir.Go, Source: src} }
	p := ReadPackage("example.com/app/auth", []*ir.File{
		file("/abs/auth/a.go", "package auth\nimport \"example.com/app/log\"\nfunc A() { b(); log.Print() }"),
		file("/abs/auth/b.go", "package auth\nfunc b() {}"),
		file("/abs/auth/b_test.go", "package auth\nfunc c() {}"),
		file("/abs/auth/bad.go", "no"),
	})
	want := `package example.com/app/auth
	file /abs/auth/a.go
	file /abs/auth/b.go
	exports A: &A
func A() {
	&b()
	<go:example.com/app/log.Print>()
}
func b() {
}
`
	if got := outline(p); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
