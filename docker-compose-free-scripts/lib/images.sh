# Image archives made of what Debian installs, and a containerd folder that holds them, which
# every new machine's disk starts with. Sourced after common.sh
# and oci.sh.

# Debian's busybox with the libraries it loads: its static build crashes where it looks up names.
make_busybox() {
    tree=$images/tree
    rm -rf "$tree"
    mkdir -p "$tree/bin" "$tree/etc" "$tree/home" "$tree/root" "$tree/tmp" "$tree/var/www"
    chmod 1777 "$tree/tmp"
    cp "$(command -v busybox)" "$tree/bin/busybox"
    for library in $(ldd "$tree/bin/busybox" | grep --only-matching '/[^ ]*'); do
        mkdir -p "$tree${library%/*}"
        cp --dereference "$library" "$tree$library"
    done
    for applet in $(busybox --list); do
        [ -e "$tree/bin/$applet" ] || ln "$tree/bin/busybox" "$tree/bin/$applet"
    done
    printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n' \
        >"$tree/etc/passwd"
    printf 'root:x:0:\nnogroup:x:65534:\n' >"$tree/etc/group"
    printf 'passwd: files\ngroup: files\nhosts: files dns\n' >"$tree/etc/nsswitch.conf"
    pack_image docker.io/library/busybox:latest "$tree" '"Env": ["PATH=/bin"], "Cmd": ["sh"]'
    rm -rf "$tree"
}

make_pause() {
    tree=$images/tree
    rm -rf "$tree"
    mkdir -p "$tree"
    cc -static -O2 -s -o "$tree/pause" "$scripts/images/pause.c"
    pack_image podmesh.local/pause:1 "$tree" '"Entrypoint": ["/pause"]'
    rm -rf "$tree"
}

# make_containerd_folder: a containerd of its own for a moment imports the archives; its folder
# is then copied for each machine, which is quicker than importing anew.
make_containerd_folder() {
    rm -rf "$images/containerd" "$images/new"
    mkdir -p "$images/new"
    unshare --mount --pid --fork --mount-proc --kill-child --net sh -eu -c '
        mount -t tmpfs tmpfs /run
        mount --bind "$2/new" /var/lib
        mkdir /var/lib/containerd
        containerd --config "$1/lib/containerd.toml" >"$2/containerd.log" 2>&1 &
        until ctr --timeout 1s version >/dev/null 2>&1; do sleep 0.05; done
        for archive in busybox pause; do
            ctr --namespace k8s.io images import "$2/$archive.tar" >/dev/null
        done
        kill $!
        wait $! || true
    ' sh "$scripts" "$images"
    mv "$images/new/containerd" "$images/containerd"
    rm -rf "$images/new"
}

# make_images: whatever of it is not there yet.
make_images() {
    mkdir -p "$images"
    [ -e "$images/busybox.tar" ] || make_busybox
    [ -e "$images/pause.tar" ] || make_pause
    [ -d "$images/containerd" ] || make_containerd_folder
}
