import JSON
import Objects

/// The labels and annotations by which a kubelet finds its sandboxes and containers again
/// (`pkg/kubelet/types` and `kuberuntime/labels.go`).
enum PodLabels {
    static let podName = "io.kubernetes.pod.name"
    static let podNamespace = "io.kubernetes.pod.namespace"
    static let podUID = "io.kubernetes.pod.uid"
    static let containerName = "io.kubernetes.container.name"
    static let containerHash = "io.kubernetes.container.hash"
    static let restartCount = "io.kubernetes.container.restartCount"
    static let terminationMessagePath = "io.kubernetes.container.terminationMessagePath"
    static let terminationMessagePolicy = "io.kubernetes.container.terminationMessagePolicy"
    static let gracePeriod = "io.kubernetes.pod.terminationGracePeriod"

    static let configurationHash = "kubernetes.io/config.hash"
    static let configurationSource = "kubernetes.io/config.source"
    static let configurationSeen = "kubernetes.io/config.seen"
    static let configurationMirror = "kubernetes.io/config.mirror"

    /// Thirty-two hexadecimal digits that change with the text (FNV-1a, from both ends).
    static func digest(of text: String) -> String {
        func hash(_ bytes: some Sequence<UInt8>, _ basis: UInt64) -> String {
            var hash = basis
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
            let digits = String(hash, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        let bytes = Array(text.utf8)
        return hash(bytes, 14_695_981_039_346_656_037)
            + hash(bytes.reversed(), 7_809_847_782_465_536_322)
    }

    static func labels(of pod: Pod) -> [String: String] {
        [podName: pod.name, podNamespace: pod.namespace, podUID: pod.uid]
    }

    /// FNV-1a over name and image: the fields whose change restarts a container.
    static func hash(of container: Container) -> String {
        var hash: UInt32 = 2_166_136_261
        for byte in Array(container.name.utf8) + [0] + Array(container.image.utf8) {
            hash = (hash ^ UInt32(byte)) &* 16_777_619
        }
        return String(hash, radix: 16)
    }
}
