#!/bin/sh
# Plays the scripts of internal/conformance against Apache ZooKeeper: a private server a
# script, on the loopback address, in a directory of its own.
#
# STAMPEDE_ZOOKEEPER names a directory of jars to use. Without it, this fetches the
# release that the scripts were written against with maven, and takes the older one of
# Debian besides, installing it if it may. What cannot be had is skipped, and said so.
set -eu
cd "$(dirname "$0")/.."

play() {
	echo "== $1"
	STAMPEDE_ZOOKEEPER=$1 ${GO:-go} test ./internal/conformance -run TestZooKeeper -count=1 -v |
		grep -v '^=== \|^    --- PASS'
}

if [ -n "${STAMPEDE_ZOOKEEPER:-}" ]; then
	play "$STAMPEDE_ZOOKEEPER"
	exit
fi

release=3.9.4
jars=${XDG_CACHE_HOME:-$HOME/.cache}/stampede/zookeeper-$release
if [ ! -e "$jars/zookeeper-$release.jar" ] && command -v mvn >/dev/null; then
	mvn -q -B -f scripts/zookeeper.xml dependency:copy-dependencies "-Dzookeeper=$release" "-DoutputDirectory=$jars" ||
		echo "maven could not fetch ZooKeeper $release"
fi
if [ -e "$jars/zookeeper-$release.jar" ]; then
	play "$jars"
else
	echo "skipped ZooKeeper $release: needs maven, or STAMPEDE_ZOOKEEPER with a directory of its jars"
fi

if [ ! -e /usr/share/java/zookeeper.jar ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	apt-get install -y zookeeper default-jre-headless >/dev/null || echo "apt-get could not install zookeeper"
fi
if [ -e /usr/share/java/zookeeper.jar ]; then
	play /usr/share/java
else
	echo "skipped Debian's ZooKeeper: apt-get install zookeeper default-jre-headless"
fi
