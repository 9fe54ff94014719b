# Sourced first by every script of this folder: where things are, which machines there are,
# and the state that others read.
#
# PODMESH_CONFIGS and PODMESH_STATE choose other configurations and another state folder, so
# that a second cluster can run beside the first. Everything else is named after its network.

set -eu
umask 022
root=$(cd "$scripts/.." && pwd -P)
configs=${PODMESH_CONFIGS:-$root/cluster-configs}
state=${PODMESH_STATE:-$root/.podmesh}
images=$root/.build/machine-images
podmesh=${PODMESH_BINARY:-$root/.build/release/podmesh}

say() { printf '%s\n' "$*"; }
fail() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# help_if_asked ARGUMENTS…: prints the comment at the top of the script, for --help.
help_if_asked() {
    case " $* " in *" --help "*) ;; *) return 0 ;; esac
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
    exit 0
}

needs_root() { [ "$(id -u)" = 0 ] || fail "needs root: machines are namespaces"; }

# The address that the configuration of a machine gives it.
address_of() {
    [ -r "$configs/$1.yaml" ] || fail "no such machine: $1 ($configs/$1.yaml is missing)"
    sed -n 's/^address: *//p' "$configs/$1.yaml"
}

# Names of the machines that have a disk, in the order of their numbers.
machines() {
    [ -d "$state/machines" ] || return 0
    for folder in "$state"/machines/*/; do
        [ -d "$folder" ] && basename "$folder"
    done
}

needs_machine() {
    [ -n "${1:-}" ] || fail "which machine? ${0##*/} --help"
    [ -d "$state/machines/$1" ] || fail "no such machine: $1 (there are: $(machines | xargs))"
}

# The first process of a machine as the host numbers it, if it runs.
pid_of() {
    pid=$(cat "$state/machines/$1/pid" 2>/dev/null) || return 1
    # After a crash of the host the number may be another process's.
    { tr '\0' ' ' <"/proc/$pid/cmdline"; } 2>/dev/null | grep --quiet "machine-init $1 " ||
        return 1
    echo "$pid"
}
