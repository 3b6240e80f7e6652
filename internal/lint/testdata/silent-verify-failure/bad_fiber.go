package main

import (
	"os"

	jwtware "github.com/gofiber/contrib/jwt"
	"github.com/gofiber/fiber/v2"
)

// The hook is there, and answers without a word.
func refuse(c *fiber.Ctx, err error) error {
	return c.Status(fiber.StatusUnauthorized).JSON(fiber.Map{"error": true}) // want silent-verify-failure
}

func main() {
	app := fiber.New()
	app.Use(jwtware.New(jwtware.Config{
		SigningKey:   jwtware.SigningKey{JWTAlg: "HS256", Key: []byte(os.Getenv("JWT_SECRET"))},
		ErrorHandler: refuse,
	}))
	app.Get("/me", func(c *fiber.Ctx) error { return c.SendStatus(fiber.StatusOK) })
	app.Listen(":8080")
}
