package stream

import (
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// startTimeout bounds how long the server inside this process may take to
// recover its files.
const startTimeout = 5 * time.Minute

// embed starts a server in this process that listens nowhere, keeps its files in
// dir and syncs every message to the disk before it answers. Nothing but the
// connection tells it from a cluster.
func embed(dir string, queue int64) (*server.Server, *nats.Conn, error) {
	s, err := server.NewServer(&server.Options{
		ServerName:            "jotsight",
		DontListen:            true,
		NoSigs:                true,
		NoLog:                 true,
		JetStream:             true,
		StoreDir:              dir,
		SyncAlways:            true,
		JetStreamMaxStore:     1 << 50, // the stream has its own bound; the default one refuses it on small disks
		JetStreamMaxMemory:    64 << 20,
		StreamMaxBufferedSize: queue,
	})
	if err != nil {
		return nil, nil, err
	}
	s.Start()
	if !s.ReadyForConnections(startTimeout) {
		s.Shutdown()
		return nil, nil, errors.New("the embedded server does not start")
	}
	if !s.JetStreamEnabled() {
		s.Shutdown()
		return nil, nil, errors.New("the directory cannot be used")
	}
	c, err := nats.Connect("", nats.InProcessServer(s), nats.MaxReconnects(-1), nats.Name("jotsight"))
	if err != nil {
		s.Shutdown()
		return nil, nil, fmt.Errorf("connection: %w", err)
	}
	return s, c, nil
}
