# Image archives made of what Debian installs, and a containerd folder that holds them, which
# every new machine's disk starts with. Sourced after common.sh.

# add_blob LAYOUT FILE: moves a file into an OCI layout; prints its digest and size.
add_blob() {
    digest=$(sha256sum "$2" | cut -d ' ' -f 1)
    size=$(stat --format %s "$2")
    mv "$2" "$1/blobs/sha256/$digest"
}

descriptor() { printf '{"mediaType": "%s", "digest": "sha256:%s", "size": %s' "$1" "$digest" "$size"; }

# pack_image REFERENCE FOLDER CONFIG: an OCI archive of one layer, $images/NAME.tar, where CONFIG
# is the inside of the image's "config" object.
pack_image() {
    layout=$images/layout
    rm -rf "$layout"
    mkdir -p "$layout/blobs/sha256"
    tar --create --file "$layout/layer" --directory "$2" --sort name --owner 0 --group 0 \
        --numeric-owner --mtime @0 .
    add_blob "$layout" "$layout/layer"
    layer=$(descriptor application/vnd.oci.image.layer.v1.tar)}
    printf '{"architecture": "%s", "os": "linux", "config": {%s},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:%s"]}}' \
        "$(dpkg --print-architecture)" "$3" "$digest" >"$layout/config"
    add_blob "$layout" "$layout/config"
    config=$(descriptor application/vnd.oci.image.config.v1+json)}
    printf '{"schemaVersion": 2, "config": %s, "layers": [%s]}' "$config" "$layer" >"$layout/manifest"
    add_blob "$layout" "$layout/manifest"
    manifest=$(descriptor application/vnd.oci.image.manifest.v1+json)
    printf '{"schemaVersion": 2, "manifests": [%s, "annotations":
        {"io.containerd.image.name": "%s"}}]}' "$manifest" "$1" >"$layout/index.json"
    printf '{"imageLayoutVersion": "1.0.0"}' >"$layout/oci-layout"
    name=${1##*/}
    tar --create --file "$layout.tar" --directory "$layout" blobs index.json oci-layout
    mv "$layout.tar" "$images/${name%:*}.tar"
    rm -rf "$layout"
}

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
