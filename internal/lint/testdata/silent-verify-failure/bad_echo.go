package main

import (
	"net/http"
	"os"

	"github.com/golang-jwt/jwt/v5"
	"github.com/labstack/echo/v4"
)

func auth(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		token, err := jwt.Parse(c.Request().Header.Get("Authorization"), func(*jwt.Token) (any, error) {
			return []byte(os.Getenv("JWT_SECRET")), nil
		}, jwt.WithValidMethods([]string{"HS256"}))
		if err != nil || !token.Valid { // want silent-verify-failure
			return c.JSON(http.StatusForbidden, map[string]string{"error": "invalid token"})
		}
		return next(c)
	}
}

func main() {
	e := echo.New()
	e.GET("/me", func(c echo.Context) error { return c.NoContent(http.StatusOK) }, auth)
	e.Start(":8080")
}
