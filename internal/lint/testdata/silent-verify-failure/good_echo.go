package main

import (
	"log/slog"
	"net/http"
	"os"

	"github.com/golang-jwt/jwt/v5"
	"github.com/labstack/echo/v4"
)

func auth(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		_, err := jwt.Parse(c.Request().Header.Get("Authorization"), func(*jwt.Token) (any, error) {
			return []byte(os.Getenv("JWT_SECRET")), nil
		}, jwt.WithValidMethods([]string{"HS256"}))
		if err != nil {
			return echo.NewHTTPError(http.StatusUnauthorized, "unauthorized").SetInternal(err)
		}
		return next(c)
	}
}

func main() {
	e := echo.New()
	e.HTTPErrorHandler = func(err error, c echo.Context) {
		slog.Warn("request refused", "err", err, "client", c.RealIP(), "path", c.Path(), "agent", c.Request().UserAgent())
		e.DefaultHTTPErrorHandler(err, c)
	}
	e.GET("/me", func(c echo.Context) error { return c.NoContent(http.StatusOK) }, auth)
	e.Start(":8080")
}
