package library

import "testing"

// A frontend asks for every call and member that leaves the program, and nearly
// all of them are in no file: a miss must cost less than 200 ns.
func BenchmarkFind(b *testing.B) {
	s := builtin(b)
	for name, symbol := range map[string]string{
		"exact":    "npm:jsonwebtoken#verify",
		"versions": "go:github.com/golang-jwt/jwt/v5.Parse",
		"miss":     "go:github.com/example/application/internal/orders.Repository.List",
		"missv":    "go:github.com/golang-jwt/jwt/v5.Parser.Nothing",
		"missnpm":  "npm:lodash#default.merge",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Find(symbol)
			}
		})
	}
}
