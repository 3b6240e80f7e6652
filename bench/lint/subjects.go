package main

// A subject is one tree to lint. Nothing of it is kept: modules come through the
// Go module proxy and packages from the npm registry, at these versions.
type subject struct {
	name    string
	module  string   // of Go, with version
	npm     []string // packages, with versions
	why     string
	peers   bool // small enough for go vet and the others
	without bool // no token library
}

var subjects = []subject{
	{name: "pocketbase", module: "github.com/pocketbase/pocketbase@v0.36.1", why: "a service of middle size, golang-jwt", peers: true},
	{name: "minio", module: "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c", why: "a large one, golang-jwt and go-oidc"},
	{name: "traefik", module: "github.com/traefik/traefik/v3@v3.7.13", why: "no token library at all", without: true},
	{name: "ghost", npm: []string{"ghost@5.130.6"}, why: "a large application in JavaScript, jsonwebtoken"},
	{name: "parse-server", npm: []string{"parse-server@9.10.0"}, why: "a service of middle size in JavaScript, jsonwebtoken"},
	{name: "typescript", npm: tsPackages, why: "sources in TypeScript"},
	{name: "javascript", npm: jsPackages, why: "sources in JavaScript"},
}

// Packages that ship their sources. What they do with tokens is not the point;
// they are there for their size.
var (
	tsPackages = []string{"effect@3.22.4", "@tanstack/query-core@5.108.0", "rxjs@7.8.0", "zod@4.6.7", "@trpc/server@11.25.2"}
	jsPackages = []string{"jsonwebtoken@9.0.3", "express@5.3.0", "fastify@5.12.8", "mongoose@9.12.1", "sequelize@6.9.0", "passport@0.7.0", "koa@3.3.0", "three@0.187.0", "knex@3.3.0", "webpack@5.112.2"}
)
