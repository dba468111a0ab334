#!/bin/sh
# Print the Python to make the environment with: $PYTHON where it is given, else the fastest that is there. Builds of one version differ by
# a third (profile-guided or not), and so do the messages that a second holds.
set -eu
look='
import sys, time
if not (3, 11) <= sys.version_info < (3, 15):
    sys.exit(1)
import ensurepip, venv

def work():
    table = {}
    for number in range(20000):
        text = "number %d" % number
        table[text] = [number, text.partition(" "), {"text": text}]
    return len(table)

def once():
    start = time.perf_counter()
    work()
    return time.perf_counter() - start

print(int(min(once() for _ in range(9)) * 1e6))
'
best= shortest=
if [ -n "${PYTHON:-}" ]; then set -- "$PYTHON"; else set -- python3.14 python3.13 python3.12 python3.11 python3 /usr/bin/python3; fi
for name in "$@"; do
    took=$("$name" -c "$look" 2>/dev/null) || continue
    # a tenth more or less is chance
    if [ -z "$best" ] || [ $((took * 10)) -lt $((shortest * 9)) ]; then best=$name shortest=$took; fi
done
[ -n "$best" ] || { echo "strowger needs Python 3.11 or newer, with venv; looked at: $*" >&2; exit 1; }
echo "$best"
