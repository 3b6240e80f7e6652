package main

import (
	"os"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/limiter"
	"github.com/golang-jwt/jwt/v5"
	"github.com/rs/zerolog/log"
)

func token(c *fiber.Ctx) error {
	claims := jwt.MapClaims{"exp": time.Now().Add(time.Hour).Unix()}
	t, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(os.Getenv("JWT_SECRET")))
	if err != nil {
		return c.SendStatus(fiber.StatusInternalServerError)
	}
	log.Info().Str("client", c.IP()).Msg("token issued")
	return c.JSON(fiber.Map{"token": t})
}

func main() {
	app := fiber.New()
	app.Use(limiter.New())
	app.Get("/token/new", token) // want unauthenticated-issuance
	app.Listen(":8080")
}
