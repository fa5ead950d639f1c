#!/bin/sh
# Hunts planted bugs, shrinks what breaks, and stores the plans where TestOldFailures
# replays them. Names are arguments; without any, the bugs whose stored plan does not
# break any more. Run it after a change that shifts what seeds come to.
set -eu
cd "$(dirname "$0")/.."
plans=cmd/stampede/testdata/plans
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/stampede" ./cmd/stampede

if [ $# -eq 0 ]; then
	set -- $(go test ./cmd/stampede -run TestOldFailures 2>/dev/null |
		sed -n 's,^ *--- FAIL: TestOldFailures/\([^ ]*\) .*,\1,p')
fi
for bug in "$@"; do
	scenario=$("$work/stampede" bugs "$bug" | sed -n 's,.*stampede run \([^ ]*\) .*,\1,p')
	out="$work/$bug"
	"$work/stampede" hunt "$scenario" --bug "$bug" --seeds 1-4000 --max-failures 4 --out "$out" >"$work/log" 2>&1 || true
	best=
	for dir in "$out"/*/; do
		"$work/stampede" shrink "$dir" --attempts 3000 >"$work/log" 2>&1 || { cat "$work/log"; continue; }
		lines=$(grep -c '^fault\|^op' "$dir/plan.shrunk.txt" || true)
		if [ -z "$best" ] || [ "$lines" -lt "$best" ]; then
			best=$lines
			cp "$dir/plan.shrunk.txt" "$plans/$bug.txt"
		fi
	done
	echo "$bug: ${best:-no plan found} lines"
done
