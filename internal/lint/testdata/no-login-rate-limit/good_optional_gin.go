package main

import (
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/time/rate"
)

var hashes = map[string][]byte{}

var limiter = rate.NewLimiter(rate.Every(time.Second), 10)

// A limiter is known by what it does.
func slow(c *gin.Context) {
	if !limiter.Allow() {
		c.AbortWithStatus(http.StatusTooManyRequests)
		return
	}
	c.Next()
}

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

// A setting may switch the limiter off: that is the choice of whoever runs it.
func main() {
	r := gin.New()
	if os.Getenv("LOGIN_LIMIT") != "off" {
		r.POST("/login", slow, login)
	} else {
		r.POST("/login", login)
	}
	r.Run()
}
