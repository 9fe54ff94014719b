/// What goes over the authenticated links between machines: a message of one of the parts.
package struct PeerFrame: Hashable, Sendable {
    /// The part that it is for. Each has a connection of its own, so that a large state does not
    /// hold up the heartbeats of the log.
    package enum Kind: Hashable, Sendable, CaseIterable {
        /// A Raft message.
        case log
        /// A message of the mesh's exchange.
        case state
    }

    /// The first byte of a frame with state; Raft's messages begin with lower ones, calls to the
    /// Store with ``StoreCallCodec/callKind``.
    package static let stateKind: UInt8 = 65

    package var kind: Kind
    package var bytes: [UInt8]

    package init(_ kind: Kind, _ bytes: [UInt8]) {
        self.kind = kind
        self.bytes = bytes
    }
}
