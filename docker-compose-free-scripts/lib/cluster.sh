# Membership of the cluster: founding it, joining it, waiting for it. Sourced after machine.sh.

is_member() { [ -e "$state/machines/$1/disk/etc/podmesh/member" ]; }

# The machine's daemon starts as soon as this file is there, and whenever the machine starts.
become_member() { touch "$state/machines/$1/disk/etc/podmesh/member"; }

# A member whose processes run; those of a paused machine do not.
answers() {
    is_member "$1" && first=$(pid_of "$1") && ! grep --quiet '^State:.T' "/proc/$first/status"
}

# The first such machine, if there is one.
answering_member() {
    for member in $(machines); do
        ! answers "$member" || { echo "$member" && return 0; }
    done
}

# found_cluster NAME: a new cluster with this machine as its first member.
found_cluster() {
    forget_membership "$1"
    answer=$state/machines/$1/init.log
    in_machine "$1" podmesh init --kubeconfig /etc/podmesh/kubeconfig \
        >"$state/join-token" 2>"$answer" || fail "$1: $(cat "$answer")"
    chmod 600 "$state/join-token"
    cp "$state/machines/$1/disk/etc/podmesh/kubeconfig" "$state/kubeconfig"
    become_member "$1"
}

# join_cluster NAME MEMBER: tries until the member answers, for 20 seconds at most.
join_cluster() {
    forget_membership "$1"
    answer=$state/machines/$1/join.log
    for attempt in $(seq 200); do
        if in_machine "$1" podmesh join --server "$(address_of "$2")" \
            --token "$(cat "$state/join-token")" >"$answer" 2>&1; then
            become_member "$1"
            return 0
        fi
        # A token expires: a machine that comes later asks for a new one.
        [ $((attempt % 20)) -ne 0 ] || new_token "$2"
        sleep 0.1
    done
    fail "$1 could not join: $(cat "$answer")"
}

# What an attempt to become a member left that was cut short.
forget_membership() {
    rm -rf "$state/machines/$1/disk/var/lib/podmesh"
    mkdir "$state/machines/$1/disk/var/lib/podmesh"
}

new_token() {
    in_machine "$1" podmesh token create >"$state/join-token.new" 2>/dev/null || return 0
    mv "$state/join-token.new" "$state/join-token"
}

# wait_until_ready N: until so many Nodes are Ready, for 30 seconds at most.
wait_until_ready() {
    export KUBECONFIG="$state/kubeconfig"
    for _ in $(seq 300); do
        ready=$(kubectl get nodes --no-headers 2>/dev/null | awk '$2 == "Ready"' | wc --lines)
        [ "$ready" -ge "$1" ] && return 0
        sleep 0.1
    done
    fail "only $ready of $1 Nodes are Ready: see ${0%/*}/status and ${0%/*}/logs"
}
