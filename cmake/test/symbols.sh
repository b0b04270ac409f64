#!/bin/sh
# symbols.sh NM LIBRARY: fails, naming them, when the library needs symbols of the other wings.
symbols=$("$1" -C "$2") || { echo "$1 cannot read $2"; exit 2; }
found=$(printf '%s\n' "$symbols" |
  grep -E '(^|[^a-z_:])(content|wire|engine|upstream|serve|registry|api|console|cli|app)::')
if [ -n "$found" ]; then
  echo "$2 knows the other wings:"
  printf '%s\n' "$found"
  exit 1
fi
