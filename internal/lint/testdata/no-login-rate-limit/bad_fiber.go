package main

import (
	"os"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/golang-jwt/jwt/v5"
	"github.com/rs/zerolog/log"
	"golang.org/x/crypto/bcrypt"
)

var hashes = map[string][]byte{}

func login(c *fiber.Ctx) error {
	name := c.FormValue("user")
	if err := bcrypt.CompareHashAndPassword(hashes[name], []byte(c.FormValue("password"))); err != nil {
		return fiber.ErrUnauthorized
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": name, "exp": time.Now().Add(15 * time.Minute).Unix(),
	}).SignedString([]byte(os.Getenv("JWT_SECRET")))
	if err != nil {
		return err
	}
	log.Info().Str("sub", name).Str("client", c.IP()).Msg("token issued")
	return c.JSON(fiber.Map{"token": token})
}

func main() {
	app := fiber.New()
	app.Post("/login", login) // want no-login-rate-limit
	app.Listen(":8080")
}
