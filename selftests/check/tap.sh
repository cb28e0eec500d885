# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Checks that are commands, their results in TAP.

tap_count=0
tap_failed=0

# tap NAME COMMAND...: passed if COMMAND succeeds and prints nothing; what it
# prints explains the failure.
tap()
{
	local name=$1 output status=0

	shift
	tap_count=$((tap_count + 1))
	output=$("$@" 2>&1) || status=$?
	if [ "$status" -eq 0 ] && [ -z "$output" ]; then
		echo "ok $tap_count $name"
		return
	fi
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count $name"
	# Not "# ok", which would count as a result.
	printf '#   %s\n' "${output//$'\n'/$'\n#   '}"
}

tap_end()
{
	echo "1..$tap_count"
	exit $((tap_failed > 0))
}
