# machines.json: what other programs are told of the machines. Sourced after common.sh.

# record NAME ADDRESS PID DAEMON_PID: what machines.json says of a machine ("null": not running).
record() {
    (
        flock 9
        printf '{"name": "%s", "address": "%s", "pid": %s, "daemon_pid": %s, "containerd": "%s"}' \
            "$1" "$2" "$3" "$4" "$(cat "$state/machines/$1/containerd")" >"$state/machines/$1/json.new"
        mv "$state/machines/$1/json.new" "$state/machines/$1/json"
        write_machines
    ) 9>"$state/lock"
}

# Joins what is recorded of each machine. To be called with the lock held.
write_machines() {
    comma=
    {
        printf '['
        for file in "$state"/machines/*/json; do
            [ -e "$file" ] || continue
            printf '%s\n  %s' "$comma" "$(cat "$file")"
            comma=,
        done
        printf '\n]\n'
    } >"$state/machines.json.new"
    mv "$state/machines.json.new" "$state/machines.json"
}

# Corrects what is recorded of machines that died without a script's doing.
refresh() {
    for name in $(machines); do
        pid_of "$name" >/dev/null && continue
        [ -e "$state/machines/$name/containerd" ] || continue
        record "$name" "$(address_of "$name")" null null
    done
}
