# Control groups of machines, on a version 1, hybrid or version 2 layout. Sourced after switch.sh.
#
# Each machine has one group in every hierarchy, which its own cgroup namespace shows it as the
# root: whatever its containers make lies below it, and can be found and removed by the host.

cgroup_roots() {
    awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/mounts | sort --unique
}

# make_cgroup NAME: in every hierarchy.
make_cgroup() {
    for hierarchy in $(cgroup_roots); do
        above=$hierarchy
        for group in "$hierarchy/$bridge" "$hierarchy/$bridge/$1"; do
            mkdir -p "$group"
            # Version 1: a new cpuset is empty, and takes no process until it is not.
            for file in cpuset.cpus cpuset.mems; do
                [ -e "$above/$file" ] && [ ! -e "$above/cgroup.controllers" ] || continue
                cat "$above/$file" >"$group/$file"
            done
            delegate_controllers "$above"
            above=$group
        done
    done
}

# Version 2: lets the groups below this one use what controllers it has. Not in a hybrid layout:
# there its controllers are of no use, and crun refuses to work beside them.
delegate_controllers() {
    [ -e "$1/cgroup.controllers" ] && [ -e /sys/fs/cgroup/cgroup.controllers ] || return 0
    for controller in $(cat "$1/cgroup.controllers"); do
        echo "+$controller" >"$1/cgroup.subtree_control" 2>/dev/null || true
    done
}

# enter_cgroup NAME: moves the calling shell into the machine's group.
enter_cgroup() {
    for hierarchy in $(cgroup_roots); do
        echo 0 >"$hierarchy/$bridge/$1/cgroup.procs"
    done
}

# Every process of a machine, those in its containers too, as the host numbers them.
processes_of() {
    hierarchy=$(cgroup_roots | head --lines=1)
    find "$hierarchy/$bridge/$1" -name cgroup.procs -exec cat {} + 2>/dev/null || true
}

# remove_cgroup [NAME]: with all below it (all machines' when no name is given).
remove_cgroup() {
    for hierarchy in $(cgroup_roots); do
        [ -d "$hierarchy/$bridge/${1:-}" ] || continue
        find "$hierarchy/$bridge/${1:-}" -depth -type d -exec rmdir {} + 2>/dev/null || true
    done
}
