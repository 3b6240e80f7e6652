package auth

import (
	"database/sql"
	"fmt"

	"github.com/golang-jwt/jwt/v5"
)

var db *sql.DB

func key(t *jwt.Token) (any, error) {
	kid := t.Header["kid"].(string)
	var secret []byte
	err := db.QueryRow(fmt.Sprintf("SELECT secret FROM keys WHERE kid = '%s'", kid)).Scan(&secret) // want kid-injection
	return secret, err
}

func Claims(raw string) (*jwt.Token, error) {
	return jwt.Parse(raw, key, jwt.WithValidMethods([]string{"HS256"}))
}
