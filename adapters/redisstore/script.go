package redisstore

import (
	_ "embed"

	"github.com/redis/go-redis/v9"
)

var (
	//go:embed times.lua
	timesLua string
	//go:embed keep.lua
	keepLua string
	//go:embed look.lua
	lookLua string
	//go:embed family.lua
	familyLua string
	//go:embed create.lua
	createLua string
	//go:embed advance.lua
	advanceLua string
	//go:embed revoke.lua
	revokeLua string
	//go:embed changes.lua
	changesLua string
	//go:embed snapshot.lua
	snapshotLua string
	//go:embed check.lua
	checkLua string
)

// Each is sent by its SHA-1, and whole to a server that does not have it yet.
var (
	createScript   = redis.NewScript(timesLua + createLua)
	advanceScript  = redis.NewScript(timesLua + lookLua + keepLua + advanceLua)
	familyScript   = redis.NewScript(timesLua + lookLua + familyLua)
	revokeScript   = redis.NewScript(timesLua + keepLua + revokeLua)
	changesScript  = redis.NewScript(changesLua)
	snapshotScript = redis.NewScript(snapshotLua)
	checkScript    = redis.NewScript(checkLua)
)
