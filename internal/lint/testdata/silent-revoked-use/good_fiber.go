package main

import (
	"os"

	"github.com/gofiber/fiber/v2"
	"github.com/golang-jwt/jwt/v5"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog/log"
)

var store = redis.NewClient(&redis.Options{Addr: os.Getenv("REDIS")})

func key(*jwt.Token) (any, error) { return []byte(os.Getenv("JWT_SECRET")), nil }

func auth(c *fiber.Ctx) error {
	claims := jwt.MapClaims{}
	if _, err := jwt.ParseWithClaims(c.Get("Authorization"), claims, key, jwt.WithValidMethods([]string{"HS256"})); err != nil {
		log.Warn().Err(err).Str("client", c.IP()).Str("path", c.Path()).Str("agent", c.Get("User-Agent")).Msg("token refused")
		return c.SendStatus(fiber.StatusUnauthorized)
	}
	jti, _ := claims["jti"].(string)
	revoked, err := store.Exists(c.Context(), "revoked:"+jti).Result()
	if err != nil {
		return err
	}
	if revoked > 0 {
		log.Error().Str("jti", jti).Str("client", c.IP()).Str("path", c.Path()).Str("agent", c.Get("User-Agent")).Msg("revoked token used")
		return c.SendStatus(fiber.StatusUnauthorized)
	}
	return c.Next()
}

func main() {
	app := fiber.New()
	app.Use(auth)
	app.Get("/me", func(c *fiber.Ctx) error { return c.SendStatus(fiber.StatusOK) })
	app.Listen(":8080")
}
