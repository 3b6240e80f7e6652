package main

import (
	"net/http"
	"os"

	echojwt "github.com/labstack/echo-jwt/v4"
	"github.com/labstack/echo/v4"
)

func main() {
	e := echo.New()
	e.Use(echojwt.JWT([]byte(os.Getenv("JWT_SECRET")))) // want silent-verify-failure
	e.GET("/me", func(c echo.Context) error { return c.NoContent(http.StatusOK) })
	e.Start(":8080")
}
