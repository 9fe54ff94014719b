extension FuzzDecoder {
    /// The decoders of the cores, which need nothing but the cores to be built.
    package static let cores = [
        gossip, sealed, raft, record, transaction, snapshot, calls, dns, json, patch, protobuf,
        text, requests,
    ]
}
