#!/bin/sh
# symbols.sh NM LIBRARY ROOMS: fails, naming them, when the library holds or needs symbols of the
# ROOMS (namespaces, parted by bars).
symbols=$("$1" -C "$2") || { echo "$1 cannot read $2"; exit 2; }
found=$(printf '%s\n' "$symbols" | grep -E "(^|[^a-z_:])($3)::")
if [ -n "$found" ]; then
  echo "$2 knows the other wings:"
  printf '%s\n' "$found"
  exit 1
fi
