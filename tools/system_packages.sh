#!/bin/sh
# Installs what Python packages cannot bring, where it is missing and we may: on Debian and Ubuntu, as root. Elsewhere it says what is missing.
# Usage: tools/system_packages.sh [PART…]; without a PART all of them. Safe to run again: what is there is left alone.
set -u

# part|a test that it is there|the packages that bring it. One line for each part.
PARTS='
pango|ldconfig -p | grep -q libpango-1.0.so.0 && ldconfig -p | grep -q libpangoft2-1.0.so.0 && ldconfig -p | grep -q libharfbuzz-subset.so.0|libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0
chromium|command -v chromium|chromium
postgresql|ls /usr/lib/postgresql/*/bin/initdb|postgresql
fonts|command -v fc-list >/dev/null && [ -n "$(fc-list)" ]|fontconfig fonts-dejavu-core fonts-liberation
'

wanted=" ${*:-all} "
missing=""
while IFS= read -r line; do
  [ -n "$line" ] || continue
  part=${line%%|*}
  packages=${line##*|}
  check=${line#*|}
  check=${check%|*}
  case "$wanted" in *" all "* | *" $part "*) ;; *) continue ;; esac
  PATH="$PATH:/sbin:/usr/sbin" sh -c "$check" >/dev/null 2>&1 || missing="$missing $packages"
done <<EOF
$PARTS
EOF

[ -n "$missing" ] || exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  # shellcheck disable=SC2086 # names of packages, one a word
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing && exit 0
fi
echo "not installed:$missing (what needs them is skipped)" >&2
exit 0
