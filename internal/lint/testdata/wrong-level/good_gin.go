package main

import (
	"net/http"
	"os"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/sirupsen/logrus"
)

func key(*jwt.Token) (any, error) { return []byte(os.Getenv("JWT_SECRET")), nil }

func auth(c *gin.Context) {
	if _, err := jwt.Parse(c.GetHeader("Authorization"), key, jwt.WithValidMethods([]string{"HS256"})); err != nil {
		logrus.WithError(err).Warnf("refused %s on %s with %s", c.ClientIP(), c.FullPath(), c.Request.UserAgent())
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
