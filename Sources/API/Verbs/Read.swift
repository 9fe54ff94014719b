import Base
import JSON
import Objects
import Store

/// Get and list.
extension Evaluation {
    func read(
        _ target: ResourceTarget, _ query: QueryParameters
    ) throws(StatusError) -> APIResponse {
        guard target.allows(target.name == nil ? "list" : "get") else {
            throw StatusError.methodNotAllowed
        }
        if target.name == nil { return try list(target, query) }
        if target.subresource == nil {
            try ReadOptions.get(query).check(snapshot)
        }
        return try get(target)
    }

    private func get(_ target: ResourceTarget) throws(StatusError) -> APIResponse {
        var document = try existing(target)
        if target.resource == .leases, let name = target.name {
            document = contacts.renewed(
                document, key: target.definition.key(namespace: target.namespace, name: name))
        }
        if target.subresource?.name == "scale" {
            let scale = try scale(of: document.json, target)
            return PendingResponse(
                code: 200, body: .derived(scale), format: format, warnings: [], written: nil,
                wall: wall
            ).finish(at: document.modRevision)
        }
        if format.shape == .document {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(document.bytes.count + 48)
            DocumentRenderer(target.definition).append(document, to: &bytes)
            return APIResponse(code: 200, contentType: format.contentType, body: bytes)
        }
        return pending(document.json, target.definition).finish(at: document.modRevision)
    }

    private func list(
        _ target: ResourceTarget, _ query: QueryParameters
    ) throws(StatusError) -> APIResponse {
        let filter = try ObjectFilter(target, query, limits: configuration.limits)
        let options = try ReadOptions.list(query)
        try options.checkAge(at: wall, configuration.limits)
        try options.check(snapshot)
        var page = Page(filter, options, contacts: target.resource == .leases ? contacts : nil)
        page.fill(from: snapshot)
        let metadata = page.metadata(snapshot.revision, begun: options.token?.begun ?? wall)
        let body: [UInt8]
        switch format.shape {
        case .document, .aggregatedDiscovery:
            body = page.concatenated(metadata)
        case .partialMetadata:
            let items = page.documents.map {
                ResourceDefinition.partialMetadata($0.servedJSON)
            }
            body = JSON.object([
                "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
                "metadata": metadata, "items": .array(items),
            ]).bytes
        case .table(let include):
            let table = target.definition.table(
                page.documents.map(\.servedJSON), listMetadata: metadata, include: include,
                now: wall)
            body = table.bytes
        }
        return APIResponse(code: 200, contentType: format.contentType, body: body)
    }
}

/// One answer of a list: at most `limit` documents and where the next one begins.
private struct Page {
    let filter: ObjectFilter
    let options: ReadOptions
    /// What Leases are renewed with.
    let contacts: MachineContacts?
    private(set) var documents: [Document] = []
    private var size = 0
    private var next: Key?
    private var remaining: Int?

    init(_ filter: ObjectFilter, _ options: ReadOptions, contacts: MachineContacts?) {
        self.filter = filter
        self.contacts = contacts
        self.options = options
    }

    mutating func fill(from snapshot: Snapshot) {
        let definition = filter.definition
        guard definition.constants.isEmpty else {
            for (key, document) in definition.constantSnapshot(at: snapshot.revision)
            where filter.matches(key, document) { append(document) }
            return
        }
        if let key = filter.onlyKey {
            guard let document = snapshot[key].map(definition.served) else { return }
            if filter.matches(key, document) { append(renewed(document, key)) }
            return
        }
        let after = options.token.map {
            filter.definition.key(namespace: $0.namespace, name: $0.name)
        }
        let limit = options.limit ?? .max
        var last: Key?
        var hasMore = false
        snapshot.forEach(in: filter.range, after: after) { key, document in
            let document = definition.served(document)
            guard filter.matches(key, document) else { return true }
            guard documents.count < limit else {
                hasMore = true
                return false
            }
            append(renewed(document, key))
            last = key
            return true
        }
        guard hasMore, let last else { return }
        next = last
        // With a selector nobody knows without a look at each, so Kubernetes leaves it out.
        if filter.isEmpty { remaining = snapshot.count(filter.range, after: last) }
    }

    private func renewed(_ document: Document, _ key: Key) -> Document {
        contacts?.renewed(document, key: key) ?? document
    }

    private mutating func append(_ document: Document) {
        documents.append(document)
        size += document.bytes.count + 48
    }

    func metadata(_ revision: Revision, begun: WallTime) -> JSON {
        var metadata: JSON = ["resourceVersion": .string(revision.description)]
        if let next {
            let token = ContinueToken(
                revision: revision, begun: begun, namespace: next.namespace, name: next.name)
            metadata["continue"] = .string(token.text)
        }
        if let remaining { metadata["remainingItemCount"] = .integer(Int64(remaining)) }
        return metadata
    }

    /// The list as the stored texts one after the other.
    func concatenated(_ metadata: JSON) -> [UInt8] {
        let resource = filter.definition.resource
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size + 256)
        bytes.append(
            contentsOf: "{\"kind\":\"\(resource.kind)List\",\"apiVersion\":\"".utf8)
        bytes.append(contentsOf: resource.apiVersion.utf8)
        bytes.append(contentsOf: "\",\"metadata\":".utf8)
        metadata.write(into: &bytes)
        bytes.append(contentsOf: ",\"items\":[".utf8)
        for (index, document) in documents.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            filter.renderer.append(document, to: &bytes)
        }
        bytes.append(contentsOf: "]}".utf8)
        return bytes
    }
}
