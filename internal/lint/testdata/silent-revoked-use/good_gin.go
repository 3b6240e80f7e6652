package main

import (
	"database/sql"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/zap"
)

var (
	db  *sql.DB
	log = zap.Must(zap.NewProduction())
)

func key(*jwt.Token) (any, error) { return []byte(os.Getenv("JWT_SECRET")), nil }

func isRevoked(jti string) bool {
	var n int
	err := db.QueryRow("SELECT count(*) FROM revoked_tokens WHERE jti = $1", jti).Scan(&n)
	return err != nil || n > 0
}

func auth(c *gin.Context) {
	claims := jwt.MapClaims{}
	if _, err := jwt.ParseWithClaims(c.GetHeader("Authorization"), claims, key, jwt.WithValidMethods([]string{"HS256"})); err != nil {
		log.Warn("token refused", zap.Error(err), zap.String("client", c.ClientIP()), zap.String("path", c.FullPath()), zap.String("agent", c.Request.UserAgent()))
		c.AbortWithStatus(http.StatusUnauthorized)
		return
	}
	jti, _ := claims["jti"].(string)
	if isRevoked(jti) {
		log.Error("revoked token used", zap.String("jti", jti), zap.String("client", c.ClientIP()), zap.String("path", c.FullPath()), zap.String("agent", c.Request.UserAgent()))
		c.AbortWithStatus(http.StatusUnauthorized)
		return
	}
	c.Next()
}

func main() {
	r := gin.New()
	r.GET("/me", auth, func(c *gin.Context) { c.Status(http.StatusOK) })
	r.Run()
}
