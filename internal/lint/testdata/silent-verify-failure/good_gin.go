package main

import (
	"net/http"
	"os"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/zap"
)

var log = zap.Must(zap.NewProduction())

func tokenValid(r *http.Request) error {
	_, err := jwt.Parse(r.Header.Get("Authorization"), func(*jwt.Token) (interface{}, error) {
		return []byte(os.Getenv("ACCESS_SECRET")), nil
	}, jwt.WithValidMethods([]string{"HS256"}))
	return err
}

// Refusals are collected, and one middleware records them.
func Record() gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Next()
		for _, e := range c.Errors {
			log.Warn("request refused", zap.Error(e.Err), zap.String("client", c.ClientIP()), zap.String("path", c.FullPath()), zap.String("agent", c.Request.UserAgent()))
		}
	}
}

func TokenAuth() gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := tokenValid(c.Request); err != nil {
			c.Error(err)
			c.AbortWithStatusJSON(http.StatusUnauthorized, gin.H{"message": "please log in"})
			return
		}
		c.Next()
	}
}

func main() {
	r := gin.New()
	r.Use(Record())
	v1 := r.Group("/v1", TokenAuth())
	v1.GET("/me", func(c *gin.Context) { c.JSON(http.StatusOK, gin.H{}) })
	r.Run()
}
