package auth

import "github.com/golang-jwt/jwt/v5"

var signingKey = []byte("s3cr3t") // want weak-secret

func Claims(raw string) (*jwt.Token, error) {
	return jwt.Parse(raw, func(*jwt.Token) (any, error) { return signingKey, nil }, jwt.WithValidMethods([]string{"HS256"}))
}
