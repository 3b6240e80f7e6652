// Package guardtest tests what others write for package guard: a [guard.Store]
// and a [guard.Sink]. Each failure names the rule that was broken and why it
// stands.
//
//	func TestStore(t *testing.T) {
//		guardtest.Store(t, func(t *testing.T) guard.Store { return redis.New(t, addr) })
//	}
package guardtest
