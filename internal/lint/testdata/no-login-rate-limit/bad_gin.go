package main

import (
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/crypto/bcrypt"
)

var hashes = map[string][]byte{}

func login(c *gin.Context) {
	name := c.PostForm("user")
	if err := bcrypt.CompareHashAndPassword(hashes[name], []byte(c.PostForm("password"))); err != nil {
		c.Status(http.StatusUnauthorized)
		return
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": name, "exp": time.Now().Add(15 * time.Minute).Unix(),
	}).SignedString([]byte(os.Getenv("JWT_SECRET")))
	if err != nil {
		c.Status(http.StatusInternalServerError)
		return
	}
	slog.Info("token issued", "sub", name, "client", c.ClientIP())
	c.JSON(http.StatusOK, gin.H{"token": token})
}

func main() {
	r := gin.New()
	r.POST("/login", login) // want no-login-rate-limit
	r.Run()
}
