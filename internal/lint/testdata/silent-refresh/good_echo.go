package main

import (
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"golang.org/x/time/rate"
)

func refreshKey(*jwt.Token) (any, error) { return []byte(os.Getenv("REFRESH_SECRET")), nil }

func record(c echo.Context, event string, rest ...any) {
	slog.Warn(event, append(rest, "client", c.RealIP(), "path", c.Path(), "agent", c.Request().UserAgent())...)
}

func refresh(c echo.Context) error {
	claims := jwt.MapClaims{}
	if _, err := jwt.ParseWithClaims(c.FormValue("refresh_token"), claims, refreshKey, jwt.WithValidMethods([]string{"HS256"})); err != nil {
		record(c, "refresh refused", "err", err)
		return c.NoContent(http.StatusUnauthorized)
	}
	access, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": claims["sub"], "exp": time.Now().Add(15 * time.Minute).Unix(),
	}).SignedString([]byte(os.Getenv("ACCESS_SECRET")))
	if err != nil {
		return err
	}
	record(c, "token refreshed", "sub", claims["sub"])
	return c.JSON(http.StatusOK, map[string]string{"access_token": access})
}

func main() {
	e := echo.New()
	e.Use(middleware.RateLimiter(middleware.NewRateLimiterMemoryStore(rate.Limit(5))))
	e.POST("/refresh", refresh)
	e.Start(":8080")
}
