#!/usr/bin/env bash
# Runs the same seeds in worlds that must not matter and compares the hashes:
# twice in one process, in two processes, on one processor and on eight, under the
# race detector, and as WebAssembly, where words are laid out otherwise, code
# generation is another and there is one thread.
#
#   scripts/determinism.sh [SEEDS]        a range or list, 1-5 by default
#   WITHOUT="race wasm" scripts/…         leaves variants out
set -euo pipefail

seeds=${1:-1-5}
without=" ${WITHOUT:-} "
house=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" # failures leave their directories here
failed=0

say() { printf '%-18s %s\n' "$1" "$2"; }

# build OUTPUT [FLAGS…]
build() { go build -C "$house" -o "$work/$1" "${@:2}" ./cmd/stampede; }

# fingerprints PROGRAM… prints "scenario seed hash" for every run, in order. A program
# that dies of a signal is tried again: some versions of node crash under WASI. After
# three times it gives up and returns 3. (Node 20 crashes at the end of long runs unless
# it is told to use one thread.)
fingerprints() {
	local code attempt
	for attempt in 1 2 3; do
		code=0
		"$@" hunt --seeds "$seeds" --max-failures 0 --json >json || code=$?
		if [ "$code" -lt 128 ]; then
			break
		fi
		echo "determinism: $1 died of signal $((code - 128)), attempt $attempt of 3" >&2
	done
	if [ "$code" -ge 128 ]; then
		return 3
	fi
	if [ "$code" -ne 0 ] && [ "$code" -lt 10 ]; then
		echo "determinism: $* ended with exit code $code" >&2
		exit 1
	fi
	sed -n 's/^{"scenario":"\([^"]*\)","seed":\([0-9]*\),.*"hash":"\([0-9a-f]*\)".*/\1 \2 \3/p' json | sort
}

# compare NAME PROGRAM… holds the fingerprints of a variant against the reference.
compare() {
	if ! fingerprints "${@:2}" >variant; then
		if [ "$2" = node ]; then
			say "$1" "skipped: node crashes here"
		else
			say "$1" "CRASHES"
			failed=1
		fi
	elif diff -u reference variant >difference; then
		say "$1" "same $(wc -l <variant) hashes"
	else
		say "$1" "DIFFERS"
		cat difference
		failed=1
	fi
}

# twice runs a seed of every scenario two times in one process.
twice() {
	local scenario code
	for scenario in $(./stampede list scenarios | cut -d' ' -f1); do
		code=0
		./stampede run "$scenario" --seed 1 --twice >block || code=$?
		if [ "$code" -eq 13 ]; then
			say "one process" "$scenario DIFFERS"
			cat block
			failed=1
		fi
	done
	say "one process" "compared"
}

build stampede
fingerprints ./stampede >reference
if [ ! -s reference ]; then
	echo "determinism: no run gave a hash" >&2
	exit 1
fi
twice
compare "two processes" ./stampede
compare "GOMAXPROCS=1" env GOMAXPROCS=1 ./stampede
compare "GOMAXPROCS=8" env GOMAXPROCS=8 ./stampede

if [[ $without == *" race "* ]]; then
	say "race detector" "left out"
elif ! command -v cc >/dev/null; then
	say "race detector" "skipped: it needs a C compiler, and there is no cc"
else
	build race -race
	compare "race detector" ./race
fi

if [[ $without == *" wasm "* ]]; then
	say "WebAssembly" "left out"
elif ! command -v node >/dev/null; then
	say "WebAssembly" "skipped: it runs under node, and there is none"
else
	GOOS=wasip1 GOARCH=wasm build stampede.wasm
	compare "WebAssembly" node --no-warnings --single-threaded "$house/scripts/wasip1.mjs" stampede.wasm
fi
exit "$failed"
