import Glibc
import Kubelet

/// Images that are shown as volumes. CRI has no call for it that containerd 1.6 knows, so
/// containerd's own program does it: a view of the image's snapshot, mounted to be read only, and
/// named by the folder that it is mounted on.
struct ImageMounts {
    /// The path of containerd's socket.
    let endpoint: String

    /// In place of what is mounted there.
    func mount(_ reference: String, at path: String) throws {
        while umount2(path, Int32(MNT_DETACH)) == 0 {}
        try PodFiles.makeDirectories(path, mode: 0o755)
        let name = ImageReference.canonical(reference)
        do {
            try run(["images", "mount", name, path])
        } catch {
            throw Kubelet.RuntimeError(.other, "failed to mount image \(name): \(error)")
        }
    }

    /// Unmounts what a Pod was shown, and removes the views. One that is gone is no failure: what
    /// is mounted all the same is unmounted with the Pod's folder.
    func removeAll(of podDirectory: String) {
        let folder = "\(podDirectory)/volumes/kubernetes.io~image"
        for name in (try? FileTree.entries(of: folder)) ?? [] {
            _ = try? run(["images", "unmount", "--rm", "\(folder)/\(name)"])
        }
    }

    private func run(_ arguments: [String]) throws {
        try SystemCommand.run(
            "ctr", ["--address", endpoint, "--namespace", "k8s.io"] + arguments)
    }
}

/// References to images in the full form in which the runtime keeps them.
enum ImageReference {
    /// With registry, and with a tag where neither tag nor digest is given.
    static func canonical(_ reference: String) -> String {
        let first = reference.prefix { $0 != "/" }
        let hasRegistry = first.count < reference.count
            && (first.contains(".") || first.contains(":") || first == "localhost")
        var name = reference
        if !hasRegistry {
            name = reference.contains("/") ? "docker.io/\(name)" : "docker.io/library/\(name)"
        }
        let last = name.split(separator: "/").last ?? ""
        return last.contains(":") || last.contains("@") ? name : "\(name):latest"
    }
}
