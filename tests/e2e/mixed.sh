#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# mixed.sh OWN OTHER…: the client in OWN with its own worker; then, for each OTHER that is another build and is there, the client
# of each with the worker of the other.
set -euo pipefail
own=$1
shift

pair() {  # pair CLIENT WORKER
  local dir
  dir=$(mktemp -d)
  "$2/e2e_worker" --broker "sqlite:$dir/jobs.db" 2> "$dir/worker.log" &
  local worker=$!
  local result=0
  "$1/e2e_client" "sqlite:$dir/jobs.db" || result=$?
  kill -TERM $worker
  wait $worker || result=$?
  [ $result = 0 ] || cat "$dir/worker.log"
  rm -rf "$dir"
  echo "client of $1, worker of $2: exit $result"
  return $result
}

pair "$own" "$own"
for other in "$@"; do
  if [ "$other" != "$own" ] && [ -x "$other/e2e_worker" ]; then
    pair "$own" "$other"
    pair "$other" "$own"
  fi
done
