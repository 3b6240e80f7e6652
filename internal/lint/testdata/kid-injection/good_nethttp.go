package auth

import (
	"database/sql"

	"github.com/golang-jwt/jwt/v5"
)

var db *sql.DB

func key(t *jwt.Token) (any, error) {
	kid, _ := t.Header["kid"].(string)
	var secret []byte
	err := db.QueryRow("SELECT secret FROM keys WHERE kid = $1", kid).Scan(&secret)
	return secret, err
}

func Claims(raw string) (*jwt.Token, error) {
	return jwt.Parse(raw, key, jwt.WithValidMethods([]string{"HS256"}))
}
