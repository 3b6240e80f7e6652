package main

import (
	"net/http"
	"os"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
)

func refreshKey(*jwt.Token) (any, error) { return []byte(os.Getenv("REFRESH_SECRET")), nil }

func Refresh(c *gin.Context) { // want silent-refresh
	var form struct {
		RefreshToken string `json:"refresh_token"`
	}
	if c.ShouldBindJSON(&form) != nil {
		c.JSON(http.StatusBadRequest, gin.H{"message": "bad form"})
		return
	}
	claims := jwt.MapClaims{}
	if _, err := jwt.ParseWithClaims(form.RefreshToken, claims, refreshKey, jwt.WithValidMethods([]string{"HS256"})); err != nil {
		c.JSON(http.StatusUnauthorized, gin.H{"message": "unauthorized"})
		return
	}
	access, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": claims["sub"], "exp": time.Now().Add(15 * time.Minute).Unix(),
	}).SignedString([]byte(os.Getenv("ACCESS_SECRET")))
	if err != nil {
		c.JSON(http.StatusInternalServerError, gin.H{"message": "error"})
		return
	}
	c.JSON(http.StatusOK, gin.H{"access_token": access})
}

func main() {
	r := gin.New()
	r.POST("/token/refresh", Refresh)
	r.Run()
}
