# Packs folders as OCI images, with tar and checksums alone. Sourced after common.sh.

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
