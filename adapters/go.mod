module github.com/jotsight/jotsight/adapters

go 1.26.0

require github.com/prometheus/client_golang v1.25.0 // indirect
