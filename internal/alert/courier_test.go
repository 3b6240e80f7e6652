package alert

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jotsight/jotsight/internal/detect"
)

// memory is an Outbox without a disk.
type memory struct {
	mu        sync.Mutex
	open      map[string]Delivery
	delivered []string
	dead      map[string]string
	broken    error
}

func (m *memory) add(list ...Delivery) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.open == nil {
		m.open, m.dead = map[string]Delivery{}, map[string]string{}
	}
	for _, d := range list {
		m.open[d.Channel+"/"+d.ID] = d
	}
}

func (m *memory) Due(_ context.Context, channel string, now time.Time, limit int) (due []Delivery, next time.Time, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.open {
		switch {
		case d.Channel != channel:
		case !d.Next.After(now):
			due = append(due, d)
		case next.IsZero() || d.Next.Before(next):
			next = d.Next
		}
	}
	slices.SortFunc(due, func(a, b Delivery) int { return a.Next.Compare(b.Next) })
	return due[:min(len(due), limit)], next, m.broken
}

func (m *memory) Delivered(_ context.Context, d Delivery) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.open, d.Channel+"/"+d.ID)
	m.delivered = append(m.delivered, d.Channel+"/"+d.ID)
	return nil
}

func (m *memory) Retry(_ context.Context, d Delivery) error { m.add(d); return nil }

func (m *memory) Bury(_ context.Context, d Delivery) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.open, d.Channel+"/"+d.ID)
	m.dead[d.Channel+"/"+d.ID] = d.Problem
	return nil
}

// scripted is a receiver that gives its answers in turn, the last one for ever.
type scripted struct {
	name    string
	answers []error
	at      []time.Duration // when it was called, since the start
	start   time.Time
}

func (s *scripted) Name() string { return s.name }

var errHang = errors.New("hang")

func (s *scripted) Send(ctx context.Context, _ Delivery) error {
	s.at = append(s.at, time.Since(s.start).Round(time.Second))
	answer := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	if answer == errHang {
		<-ctx.Done()
		return ctx.Err()
	}
	return answer
}

func due(channel, id string) Delivery {
	now := time.Now()
	return Delivery{ID: id, Channel: channel, Type: Firing, Alert: detect.Alert{ID: id}, Created: now, Next: now}
}

// Each page is one receiver: how it answers, and what becomes of one delivery.
func TestCourier(t *testing.T) {
	busy := &Refusal{Answer: "429 Too Many Requests", After: time.Hour}
	down := &Refusal{Answer: "500 Internal Server Error"}
	for _, page := range []struct {
		name      string
		answers   []error
		run       time.Duration
		delivered bool
		dead      string
		least     []time.Duration // no attempt before these times
	}{
		{"takes it at once", []error{nil}, time.Minute, true, "", []time.Duration{0}},
		{"fails twice", []error{down, down, nil}, time.Minute, true, "", []time.Duration{0, time.Second, 4 * time.Second}},
		{"asks for an hour of peace", []error{busy, nil}, 2 * time.Hour, true, "", []time.Duration{0, time.Hour}},
		{"hangs once", []error{errHang, nil}, time.Minute, true, "", []time.Duration{0, 16 * time.Second}},
		{"is down for ever", []error{down}, 30 * time.Hour, false, "answered 500 Internal Server Error", nil},
		{"is gone", []error{&Refusal{Answer: "410 Gone", Gone: true}}, time.Hour, false, "answered 410 Gone", []time.Duration{0}},
	} {
		t.Run(page.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				box, to := &memory{}, &scripted{name: "ops", answers: page.answers, start: time.Now()}
				box.add(due("ops", "a1"))
				ctx, cancel := context.WithTimeout(t.Context(), page.run)
				defer cancel()
				NewCourier(box, []Channel{to}, Config{}).Run(ctx)
				if got := slices.Contains(box.delivered, "ops/a1"); got != page.delivered {
					t.Errorf("delivered: %v, want %v", got, page.delivered)
				}
				if got := box.dead["ops/a1"]; got != page.dead {
					t.Errorf("dead letter: %q, want %q", got, page.dead)
				}
				if page.least == nil { // then only the pace is of interest
					if n := len(to.at); n < 100 || n > 250 {
						t.Errorf("%d attempts in a day, want one every ten minutes at most and at least half as many", n)
					}
					return
				}
				if len(to.at) != len(page.least) {
					t.Fatalf("attempts at %v, want %d", to.at, len(page.least))
				}
				for i, at := range to.at {
					if at < page.least[i] {
						t.Errorf("attempt %d at %v, want not before %v", i+1, at, page.least[i])
					}
				}
			})
		})
	}
}

// A receiver that hangs must not hold up another.
func TestChannelsDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := &memory{}
		slow := &scripted{name: "slow", answers: []error{errHang}, start: time.Now()}
		quick := &scripted{name: "quick", answers: []error{nil}, start: time.Now()}
		for i := range 100 {
			box.add(due("slow", fmt.Sprint(i)), due("quick", fmt.Sprint(i)))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		NewCourier(box, []Channel{slow, quick}, Config{}).Run(ctx)
		if len(box.delivered) != 100 {
			t.Errorf("%d delivered, want all 100 of the quick channel", len(box.delivered))
		}
	})
}

// What comes into the outbox while nothing is due is delivered at once.
func TestWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box, to := &memory{}, &scripted{name: "ops", answers: []error{nil}, start: time.Now()}
		k := NewCourier(box, []Channel{to}, Config{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { k.Run(ctx); close(done) }()
		time.Sleep(time.Minute)
		box.add(due("ops", "late"))
		k.Wake()
		synctest.Wait()
		if len(to.at) != 1 || to.at[0] != time.Minute {
			t.Errorf("attempts at %v, want one after a minute", to.at)
		}
		cancel()
		<-done
	})
}

// An outbox that cannot be read is asked again.
func TestBrokenOutbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box, to := &memory{broken: errors.New("disk full")}, &scripted{name: "ops", answers: []error{nil}, start: time.Now()}
		box.add(due("ops", "a1"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		time.AfterFunc(10*time.Second, func() { box.mu.Lock(); box.broken = nil; box.mu.Unlock() })
		NewCourier(box, []Channel{to}, Config{}).Run(ctx)
		if len(box.delivered) != 1 {
			t.Error("not delivered after the outbox could be read again")
		}
	})
}

func TestDeliveries(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	a := detect.Alert{ID: "x"}
	again := Deliveries(a, nil, []string{"ops", "sec"}, now.Add(time.Hour))
	first := Deliveries(a, nil, []string{"ops", "sec"}, now)
	if len(first) != 2 || first[0].ID != again[0].ID || first[0].Channel == first[1].Channel {
		t.Errorf("a repeat owes something new: %v and %v", first, again)
	}
	a.Escalated = true
	if worse := Deliveries(a, nil, []string{"ops"}, now); worse[0].ID == first[0].ID || worse[0].Type != Escalated {
		t.Errorf("an escalation owes nothing new: %v", worse[0])
	}
}
