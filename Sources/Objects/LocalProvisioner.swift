package import JSON

/// The built-in provisioner of volumes: folders on the disk of the machine that a Pod was placed
/// on. The leader makes the PersistentVolume, the machine's kubelet the folder.
package enum LocalProvisioner {
    package static let name = "podmesh.io/local"
    package static let provisionedBy = "pv.kubernetes.io/provisioned-by"
    /// Every volume is a folder in here, named as the PersistentVolume.
    package static let root = "/var/lib/podmesh/volumes"

    /// Whether the PersistentVolume is this provisioner's, and its path where it belongs.
    package static func isOwn(_ volume: JSON) -> Bool {
        guard let name = volume["metadata"]?["name"]?.string, !name.isEmpty, !name.contains("/")
        else { return false }
        return volume["metadata"]?["annotations"]?[provisionedBy]?.string == Self.name
            && volume["spec"]?["local"]?["path"]?.string == "\(root)/\(name)"
    }
}
