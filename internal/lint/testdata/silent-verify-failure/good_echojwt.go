package main

import (
	"log/slog"
	"net/http"
	"os"

	echojwt "github.com/labstack/echo-jwt/v4"
	"github.com/labstack/echo/v4"
)

func main() {
	e := echo.New()
	e.Use(echojwt.WithConfig(echojwt.Config{
		SigningKey: []byte(os.Getenv("JWT_SECRET")),
		ErrorHandler: func(c echo.Context, err error) error {
			slog.Warn("token refused", "err", err, "client", c.RealIP(), "path", c.Path(), "agent", c.Request().UserAgent())
			return c.NoContent(http.StatusUnauthorized)
		},
	}))
	e.GET("/me", func(c echo.Context) error { return c.NoContent(http.StatusOK) })
	e.Start(":8080")
}
