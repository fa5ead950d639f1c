#!/usr/bin/awk -f
# Lays the output of `go test -bench` out as a table: name, time an iteration, what
# the benchmark measures itself, allocations.
/^Benchmark/ {
	name = $1
	sub(/^Benchmark/, "", name)
	sub(/-[0-9]+$/, "", name)
	time = rates = allocs = ""
	for (i = 3; i < NF; i += 2) {
		value = $i
		unit = $(i + 1)
		if (unit == "ns/op") time = human(value)
		else if (unit == "allocs/op") allocs = value " allocs"
		else if (unit != "B/op") rates = rates sprintf("%s %s  ", round(value), unit)
	}
	printf "%-34s %10s  %-56s %s\n", name, time, rates, allocs
	next
}
/^(FAIL|panic|---)/ { print; failed = 1 }
END { exit failed }

function human(ns) {
	if (ns >= 1e9) return sprintf("%.2f s", ns / 1e9)
	if (ns >= 1e6) return sprintf("%.2f ms", ns / 1e6)
	if (ns >= 1e3) return sprintf("%.2f µs", ns / 1e3)
	return sprintf("%.1f ns", ns)
}

function round(n) {
	if (n >= 1e6) return sprintf("%.2f M", n / 1e6)
	if (n >= 1e4) return sprintf("%.0f k", n / 1e3)
	return sprintf("%.4g", n)
}
