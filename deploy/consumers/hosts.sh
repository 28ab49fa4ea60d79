#!/usr/bin/env bash
# Hosts as the event stream has them: ports, services, banners and certificates, one line a host.
#
#   hosts.sh -b localhost:9092 [-p PREFIX] [-X key=value]… [-F file]
#
# Reads `entities` and `associations` to their end and prints what they say. -X and -F are kcat's.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")

prefix=sonde
kafka=()
while getopts b:p:X:F: flag; do
  case $flag in
    p) prefix=$OPTARG ;;
    b | X | F) kafka+=("-$flag" "$OPTARG") ;;
    *) sed -n 's/^#   /usage: /p' "$0" >&2; exit 64 ;;
  esac
done

for topic in entities associations; do
  kcat "${kafka[@]}" -C -t "$prefix.$topic.v1" -o beginning -e -q -J
done | jq -ncS -f "$here/hosts.jq"
