/// The facts that a machine tells of itself in the mesh.
struct MeshTags {
    var api: UInt16
    var raft: UInt16

    private static let apiKey = "api"
    private static let raftKey = "raft"

    init(api: UInt16, raft: UInt16) {
        self.api = api
        self.raft = raft
    }

    /// Nil when a peer tells no usable ports.
    init?(_ tags: [String: String]) {
        guard let api = tags[Self.apiKey].flatMap({ UInt16($0) }),
            let raft = tags[Self.raftKey].flatMap({ UInt16($0) })
        else { return nil }
        self.init(api: api, raft: raft)
    }

    var tags: [String: String] { [Self.apiKey: String(api), Self.raftKey: String(raft)] }
}
