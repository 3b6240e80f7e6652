package main

import (
	"os"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/limiter"
	"github.com/golang-jwt/jwt/v5"
	"github.com/rs/zerolog/log"
	"golang.org/x/crypto/bcrypt"
)

var hashes = map[string][]byte{}

func token(c *fiber.Ctx) error {
	name := c.FormValue("user")
	if err := bcrypt.CompareHashAndPassword(hashes[name], []byte(c.FormValue("password"))); err != nil {
		log.Warn().Str("client", c.IP()).Msg("login refused")
		return c.SendStatus(fiber.StatusUnauthorized)
	}
	claims := jwt.MapClaims{"sub": name, "exp": time.Now().Add(time.Hour).Unix()}
	t, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(os.Getenv("JWT_SECRET")))
	if err != nil {
		return c.SendStatus(fiber.StatusInternalServerError)
	}
	log.Info().Str("sub", name).Str("client", c.IP()).Msg("token issued")
	return c.JSON(fiber.Map{"token": t})
}

func main() {
	app := fiber.New()
	app.Use(limiter.New())
	app.Post("/token", token)
	app.Listen(":8080")
}
