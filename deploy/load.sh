#!/bin/sh
# Calls a gateway again and again: load.sh HOST:PORT [CALLS [PAUSE]]. Without CALLS it never ends.
# One call in three repeats the one before it, so that the cache has something to do. A failed call says why.
set -u

addr="$1"
calls="${2:-0}"
pause="${3:-0.3}"

pick() {
  shift "$1"
  printf '%s' "$1"
}

call=0
failed=0
while [ "$calls" -eq 0 ] || [ "$call" -lt "$calls" ]; do
  call=$((call + 1))
  file=$((call - call % 3 / 2))
  person=$(pick $((file % 4 + 1)) "Ada Lovelace" "Grace Hopper" "Alan Turing" "Barbara Liskov")
  firm=$(pick $((file % 3 + 1)) "Northwind Bank" "Tidewater Inc" "Kestrel AG")
  place=$(pick $((file % 5 + 1)) London Rotterdam Lisbon Singapore Oslo)
  text="On 3 March 2026 $person of $firm in $place agreed to pay \$1,200 (file $file)."
  tidegate extract --addr "$addr" --timeout 10s "$text" >/dev/null || failed=$((failed + 1))
  sleep "$pause"
done
echo "$calls calls, $failed failed"
