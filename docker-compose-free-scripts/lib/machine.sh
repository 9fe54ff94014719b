# Machines: disk, power, orderly stop. Sourced after common.sh, switch.sh and cgroups.sh.

# make_disk NAME: what stays when the machine loses power. Made once.
make_disk() {
    disk=$state/machines/$1/disk
    [ -d "$disk" ] && return 0
    new=$disk.new
    rm -rf "$new"
    mkdir -p "$new/var/lib/podmesh" "$new/var/log"
    cp --archive "$images/containerd" "$new/var/lib/containerd"
    # The machine's own /etc; programs, users and certificates are the host's.
    mkdir -p "$new/etc/cni/net.d" "$new/etc/containerd/certs.d" "$new/etc/podmesh" \
        "$new/etc/alternatives" "$new/etc/ssl"
    for entry in group ld.so.cache localtime nsswitch.conf os-release passwd protocols services; do
        [ ! -e "/etc/$entry" ] || cp --archive "/etc/$entry" "$new/etc/$entry"
    done
    printf '%s\n' "$1" >"$new/etc/hostname"
    printf '127.0.0.1 localhost\n%s %s\n' "$(address_of "$1")" "$1" >"$new/etc/hosts"
    # Whatever resolver the host uses cannot be reached from a machine; one that listens on the
    # switch can, and where there is none the answer is an immediate refusal.
    printf 'nameserver %s.1\n' "$network" >"$new/etc/resolv.conf"
    tr -d - </proc/sys/kernel/random/uuid >"$new/etc/machine-id"
    mv "$new" "$disk"
}

# power_on NAME: the first process starts, and with it containerd and (once the machine is a
# member of a cluster) the daemon. Returns as soon as their processes are there.
power_on() {
    pid_of "$1" >/dev/null && return 0
    folder=$state/machines/$1
    rm -f "$folder/pid" "$folder/plugged"
    cp "$scripts/lib/containerd.toml" "$folder/disk/etc/containerd/config.toml"
    cp "$configs/$1.yaml" "$folder/disk/etc/podmesh/config.yaml"
    remove_cgroup "$1"
    make_cgroup "$1"
    # unshare waits outside of the machine and reaps its first process, so that no zombie keeps
    # the number. The group has to be entered before the cgroup namespace is made.
    PODMESH_STATE=$state PODMESH_BINARY=$podmesh bridge=$bridge setsid \
        unshare --mount --net --uts --ipc --pid --fork sh -eu -c '
            . "$1/lib/cgroups.sh"
            enter_cgroup "$2"
            exec unshare --cgroup "$1/lib/machine-init" "$2" "$1" "$3"
        ' sh "$scripts" "$1" "$(address_of "$1")" </dev/null >>"$folder/console.log" 2>&1 &
    until pid=$(pid_of "$1"); do sleep 0.01; done
    plug "$1" "$pid"
    link_containerd "$1" "$pid"
    touch "$folder/plugged"
    is_member "$1" || return 0
    until grep --quiet '"daemon_pid": [0-9]' "$folder/json"; do sleep 0.01; done
}

# containerd's socket lies on the machine's own /run; a link that stays leads there.
link_containerd() {
    socket=/proc/$2/root/run/containerd/containerd.sock
    link=$state/machines/$1/containerd.sock
    ln -sfn "$socket" "$link"
    # A socket's path has room for 107 bytes.
    [ ${#link} -le 107 ] && socket=$link
    echo "$socket" >"$state/machines/$1/containerd"
    record "$1" "$(address_of "$1")" "$2" null
}

# power_off NAME: kill -9 of the first process; the kernel ends all the others at once.
power_off() {
    if pid=$(pid_of "$1"); then
        kill -KILL "$pid"
        while pid_of "$1" >/dev/null; do sleep 0.01; done
    fi
    forget_process "$1"
}

forget_process() {
    rm -f "$state/machines/$1/pid" "$state/machines/$1/plugged"
    unplug "$1"
    remove_cgroup "$1"
    record "$1" "$(address_of "$1")" null null
}

# in_machine NAME COMMAND…: runs a command in all namespaces of a machine.
in_machine() {
    inside=$(pid_of "$1") || fail "$1 is not running"
    shift
    nsenter --target "$inside" --mount --net --uts --ipc --pid --cgroup \
        env PATH="/run/podmesh/bin:$PATH" "$@"
}

# signal_all NAME SIGNAL: to every process of the machine, until no new one turns up.
signal_all() {
    before=
    while now=$(processes_of "$1" | sort); [ "$now" != "$before" ]; do
        for process in $now; do kill -s "$2" "$process" 2>/dev/null || true; done
        before=$now
    done
}

# on_fresh_machine COMMAND…: on one that is no member of any cluster, in place of the present ones.
on_fresh_machine() {
    "$scripts/down"
    mkdir -p "$state/machines"
    make_switch
    make_disk machine-1
    power_on machine-1
    result=0
    in_machine machine-1 "$@" || result=$?
    "$scripts/down"
    return $result
}
