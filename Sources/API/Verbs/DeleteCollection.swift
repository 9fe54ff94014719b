import Base
import JSON
import Objects
import Store

extension Evaluation {
    /// Deletes all objects that the selectors choose. One transaction takes a bounded number;
    /// when there are more, the commit says that the request must be evaluated again.
    mutating func deleteCollection(
        _ target: ResourceTarget, _ query: QueryParameters, _ options: DeleteOptions
    ) throws(StatusError) -> Planned {
        let filter = try ObjectFilter(target, query, limits: configuration.limits)
        var writes = Writes()
        var items: [JSON] = []
        var count = 0
        var bytes = 0
        var hasMore = false
        var matches: [(key: Key, document: Document)] = []
        snapshot.forEach(in: filter.range) { key, document in
            let document = target.definition.served(document)
            if filter.matches(key, document) { matches.append((key, document)) }
            return true
        }
        for (key, document) in matches {
            var single = target
            single.namespace = key.namespace
            single.name = key.name
            guard case .commit(let commit) = try delete(single, options) else {
                items.append(document.servedJSON)
                continue
            }
            let size = commit.operations.reduce(0) { size, operation in
                if case .put(_, let text) = operation { return size + text.count }
                return size
            }
            if count > 0, !fits(writes, commit, count: count, bytes: bytes + size) {
                hasMore = true
                break
            }
            count += 1
            bytes += size
            writes.preconditions += commit.preconditions
            writes.operations += commit.operations
            items.append(document.servedJSON)
        }
        let list: JSON = [
            "kind": .string(target.resource.kind + "List"),
            "apiVersion": .string(target.resource.apiVersion),
            "metadata": ["resourceVersion": .string(snapshot.revision.description)],
            "items": .array(items),
        ]
        let response = pending(plain: list)
        guard !writes.operations.isEmpty, !options.isDryRun else {
            return .answer(response, snapshot.revision)
        }
        var commit = writes.commit(response)
        commit.mustRepeat = hasMore
        return .commit(commit)
    }

    private func fits(_ writes: Writes, _ more: Commit, count: Int, bytes: Int) -> Bool {
        let limits = configuration.limits
        return count < limits.deletedAtOnceMax && bytes <= limits.bytesAtOnceMax
            && writes.operations.count + more.operations.count <= limits.writesAtOnceMax
    }
}
