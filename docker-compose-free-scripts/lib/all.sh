# Everything that a script about machines needs. $scripts must be set.
. "$scripts/lib/common.sh"
. "$scripts/lib/record.sh"
. "$scripts/lib/switch.sh"
. "$scripts/lib/cgroups.sh"
. "$scripts/lib/machine.sh"
. "$scripts/lib/cluster.sh"
