package promguard_test

import (
	"context"
	"fmt"
	"log"

	"github.com/jotsight/jotsight/adapters/promguard"
	"github.com/jotsight/jotsight/guard"
	"github.com/prometheus/client_golang/prometheus"
)

// Counts for a registry that the service serves already.
func ExampleNew() {
	reg := prometheus.NewRegistry() // in a service most often prometheus.DefaultRegisterer
	metrics, err := promguard.New(reg)
	if err != nil {
		log.Fatal(err)
	}
	g, err := guard.New(guard.Config{
		Keys: guard.Static([]byte("a secret of thirty-two bytes or more")), Algorithms: []string{"HS256"},
		Issuers: []string{"https://login.example"}, Audience: []string{"orders"}, Metrics: metrics,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer g.Close(context.Background())
	g.Check(context.Background(), "garbage", guard.Meta{})
	families, err := reg.Gather()
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if n := m.GetCounter().GetValue(); n > 0 && m.GetLabel()[1].GetValue() != "" {
				fmt.Println(f.GetName(), m.GetLabel()[0].GetValue(), m.GetLabel()[1].GetValue(), n)
			}
		}
	}
	// Output: jwt_events_total verification_failed malformed 1
}
