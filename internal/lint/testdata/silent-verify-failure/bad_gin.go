package main

import (
	"net/http"
	"os"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
)

func tokenValid(r *http.Request) error {
	_, err := jwt.Parse(r.Header.Get("Authorization"), func(*jwt.Token) (interface{}, error) {
		return []byte(os.Getenv("ACCESS_SECRET")), nil
	}, jwt.WithValidMethods([]string{"HS256"}))
	return err
}

func TokenAuth() gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := tokenValid(c.Request); err != nil { // want silent-verify-failure
			c.AbortWithStatusJSON(http.StatusUnauthorized, gin.H{"message": "please log in"})
			return
		}
		c.Next()
	}
}

func main() {
	r := gin.New()
	v1 := r.Group("/v1", TokenAuth())
	v1.GET("/me", func(c *gin.Context) { c.JSON(http.StatusOK, gin.H{}) })
	r.Run()
}
