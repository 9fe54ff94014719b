package import Base
import JSON
import Objects
import Store

/// When the mesh last knew that a machine is alive. The Leases of Nodes are renewed with it as they
/// are read: heartbeats are never written to the log.
package struct MachineContacts: Sendable, Equatable {
    private var times: [String: WallTime]

    package init(_ times: [String: WallTime] = [:]) { self.times = times }

    static let namespace = "kube-node-lease"

    /// Whether a request may read Leases of Nodes; only then are the times worth finding out.
    package static func matter(to request: APIRequest) -> Bool {
        (request.method == .get || request.method == .head)
            && request.path.utf8.starts(with: "/apis/coordination.k8s.io/".utf8)
    }

    /// The document as it is read; the text of any other than a Node's Lease.
    func renewed(_ document: Document, key: Key) -> Document {
        guard key.namespace == Self.namespace, let time = times[key.name] else { return document }
        var json = document.json
        let text = time.rfc3339Micro
        guard json["spec"]?["renewTime"]?.string ?? "" < text else { return document }
        json[path: ["spec", "renewTime"]] = .string(text)
        var renewed = document
        renewed.bytes = json.bytes
        return renewed
    }
}
