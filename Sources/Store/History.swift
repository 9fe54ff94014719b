/// What a read of the history found.
package enum HistoryRead: Sendable, Equatable {
    /// The changes, in order, and the revision to go on from. Revisions are never cut in two, so
    /// there may be more changes than the limit when one transaction made them.
    case changes([Change], through: Revision)
    /// Some of the changes asked for are gone; those up to and including `through`. Clients get
    /// 410 Gone and list again.
    case compacted(through: Revision)
}

/// The last changes, oldest first, for watches and for reads at an older revision.
///
/// It is kept in chunks that are full once and then never change, so a reader that holds a copy
/// costs the writer one chunk and the list of chunks, not the whole history.
package struct History: Sendable {
    /// Holds whole revisions only.
    private struct Chunk: Sendable {
        var changes: [Change]
        var bytes: Int

        var first: Revision { changes.first?.revision ?? .zero }
        var last: Revision { changes.last?.revision ?? .zero }
    }

    private static let chunkChangesMax = 64
    private static let chunkBytesMax = 1_048_576

    private var chunks: [Chunk] = []
    /// Changes kept.
    package private(set) var count = 0
    /// Bytes of their documents, before and after.
    package private(set) var bytes = 0
    /// Changes up to and including this revision are gone.
    package private(set) var compacted: Revision
    /// The revision of the last change, kept or gone.
    package private(set) var latest: Revision

    /// A history that begins behind `revision`.
    init(after revision: Revision) {
        compacted = revision
        latest = revision
    }

    /// Takes in the changes of one revision and forgets what exceeds the limits.
    mutating func append(_ changes: [Change], limits: StoreLimits) {
        guard let revision = changes.first?.revision else { return }
        precondition(revision > latest, "revision \(revision) does not follow \(latest)")
        var size = 0
        for change in changes {
            size += (change.document?.bytes.count ?? 0) + (change.previous?.bytes.count ?? 0)
        }
        let last = chunks.count - 1
        if last >= 0, chunks[last].changes.count < Self.chunkChangesMax,
            chunks[last].bytes < Self.chunkBytesMax
        {
            chunks[last].changes.append(contentsOf: changes)
            chunks[last].bytes += size
        } else {
            chunks.append(Chunk(changes: changes, bytes: size))
        }
        count += changes.count
        bytes += size
        latest = revision
        trim(limits)
    }

    /// Drops the oldest chunks while enough changes remain without them, or bytes are too many.
    private mutating func trim(_ limits: StoreLimits) {
        var dropped = 0
        for chunk in chunks {
            guard count - chunk.changes.count >= limits.historyChangesMax
                || bytes > limits.historyBytesMax
            else { break }
            count -= chunk.changes.count
            bytes -= chunk.bytes
            compacted = chunk.last
            dropped += 1
        }
        if dropped > 0 { chunks.removeFirst(dropped) }
    }

    /// The changes in `range` behind the revision `after`. Stops at the end of the revision in
    /// which `limit` changes are reached.
    package func changes(after: Revision, in range: KeyRange, limit: Int) -> HistoryRead {
        guard after >= compacted else { return .compacted(through: compacted) }
        var found: [Change] = []
        var through = after
        for chunk in chunks[firstChunk(behind: after)...] {
            for change in chunk.changes where change.revision > after {
                if found.count >= limit, change.revision > through {
                    return .changes(found, through: through)
                }
                through = change.revision
                if range.contains(change.key) { found.append(change) }
            }
        }
        return .changes(found, through: max(after, latest))
    }

    /// Visits the changes with `after < revision <= through`, the newest first.
    func forEachReversed(after: Revision, through: Revision, _ body: (Change) -> Void) {
        for chunk in chunks[firstChunk(behind: after)...].reversed() {
            guard chunk.first <= through else { continue }
            for change in chunk.changes.reversed()
            where change.revision > after && change.revision <= through {
                body(change)
            }
        }
    }

    /// Visits all changes, the oldest first.
    func forEach(_ body: (Change) throws -> Void) rethrows {
        for chunk in chunks { try chunk.changes.forEach(body) }
    }

    private func firstChunk(behind revision: Revision) -> Int {
        var low = 0
        var high = chunks.count
        while low < high {
            let middle = (low + high) / 2
            if chunks[middle].last > revision { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
