# Sourced by setup: the clients of Kubernetes with which the tests ask a cluster.

# make_clients: installs them from PyPI into a folder of their own.
make_clients() {
    command -v curl >/dev/null ||
        apt-get install --yes --no-install-recommends --quiet=2 curl >/dev/null
    wanted=$root/Tests/JourneyTests/Clients/requirements.txt
    clients=$root/.build/clients
    cmp --silent "$wanted" "$clients/requirements.txt" && return 0
    say "installing kubectl and the Python clients"
    if ! python3 -m venv --clear "$clients" >/dev/null 2>&1; then
        apt-get install --yes --no-install-recommends --quiet=2 python3-venv >/dev/null
        python3 -m venv --clear "$clients"
    fi
    "$clients/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
    cp "$wanted" "$clients/requirements.txt"
}
