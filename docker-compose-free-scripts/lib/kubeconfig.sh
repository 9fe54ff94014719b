# The kubeconfig: its server is a machine that answers. Sourced after cluster.sh.

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

# Every machine serves the whole API: keeps the kubeconfig's server on one that answers.
point_kubeconfig() {
    [ -e "$state/kubeconfig" ] || return 0
    server=$(sed -n 's|^ *server: https://\([0-9.]*\):.*|\1|p' "$state/kubeconfig")
    for member in $(machines); do
        [ "$(address_of "$member")" != "$server" ] || ! answers "$member" || return 0
    done
    member=$(answering_member)
    [ -n "$member" ] || return 0
    sed "s|https://$server:|https://$(address_of "$member"):|" "$state/kubeconfig" \
        >"$state/kubeconfig.new"
    chmod 600 "$state/kubeconfig.new"
    mv "$state/kubeconfig.new" "$state/kubeconfig"
}
