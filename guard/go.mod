module github.com/jotsight/jotsight/guard

go 1.25

require (
	github.com/golang-jwt/jwt/v5 v5.3.1
	github.com/maypok86/otter/v2 v2.4.0
)

require github.com/go-jose/go-jose/v4 v4.1.8
