# The virtual switch: one bridge on the host, one veth pair a machine. Sourced after common.sh.

network=$(address_of machine-1)
network=${network%.*}
segment=${network##*.}
bridge=podmesh$segment
partition_table=podmesh$segment

port_of() { echo "pm$segment-$1"; }

make_switch() {
    ip link show "$bridge" >/dev/null 2>&1 || ip link add "$bridge" type bridge
    ip address replace "$network.1/24" dev "$bridge"
    ip link set "$bridge" up
}

remove_switch() {
    nft delete table bridge "$partition_table" 2>/dev/null || true
    ip link delete "$bridge" 2>/dev/null || true
}

# The same hardware address after every start, as a real machine has it: others remember it.
hardware_address() {
    # shellcheck disable=SC2046
    printf '02:00:%02x:%02x:%02x:%02x' $(address_of "$1" | tr . ' ')
}

# plug NAME PID: gives the machine's network namespace an eth0 on the switch.
plug() {
    port=$(port_of "$1")
    ip link delete "$port" 2>/dev/null || true
    ip link add "$port" mtu 1500 type veth \
        peer name eth0 address "$(hardware_address "$1")" netns "$2"
    ip link set "$port" master "$bridge" up
    nsenter --target "$2" --net sh -c "
        ip link set lo up
        ip address add $(address_of "$1")/24 dev eth0
        ip link set eth0 up
        ip route add default via $network.1"
}

unplug() { ip link delete "$(port_of "$1")" 2>/dev/null || true; }

# partition_ports NAME…: these machines reach each other and the host, but no other machine.
partition_ports() {
    set_of_ports=$(for name in "$@"; do printf '"%s", ' "$(port_of "$name")"; done)
    nft --file - <<END
table bridge $partition_table
delete table bridge $partition_table
table bridge $partition_table {
    set cut { type ifname; elements = { ${set_of_ports%, } } }
    chain crossing {
        type filter hook forward priority 0; policy accept;
        iifname @cut oifname != @cut drop
        iifname != @cut oifname @cut drop
    }
}
END
}
