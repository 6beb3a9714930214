#!/bin/sh
# What the tests need beside Python: Java and Maven (a real Neo4j), Chromium and a Chinese font (the pages),
# Redis (budgets that processes share).
# As root on Debian or Ubuntu the missing ones are installed; elsewhere a sentence says what to install.
set -eu
missing=""
need() { # command, Debian package
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
need chromium chromium
need redis-server redis-server
if [ -z "${NEO4J_URI:-}" ]; then
    need mvn maven
    need java openjdk-17-jre-headless
fi
if command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=zh family)" ]; then :; else
    missing="$missing fontconfig fonts-wqy-zenhei"
fi
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086 # a list of packages
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "The tests need these packages (Debian names):$missing" >&2
    exit 1
fi
