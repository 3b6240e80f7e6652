// Package guard verifies JSON Web Tokens in net/http services and writes down
// what happens to them, so that an attack on one cannot go unseen.
//
//	g, err := guard.New(guard.Config{Keys: guard.Static(secret), Algorithms: []string{"HS256"}, Issuers: []string{"https://login.example"}, Audience: []string{"orders"}, Events: guard.EventConfig{Sink: guard.JSONSink(os.Stdout)}})
//	if err != nil { log.Fatal(err) }
//	http.ListenAndServe("127.0.0.1:8080", g.Verify(mux))
package guard
