/// One object as the text it was written in, and the revisions of its life.
package struct Document: Sendable, Equatable {
    /// The JSON text. The Store never looks into it.
    package var bytes: [UInt8]
    /// The revision that made the document; a document deleted and made again has a new one.
    package var createRevision: Revision
    /// The revision that wrote `bytes`.
    package var modRevision: Revision

    package init(bytes: [UInt8], createRevision: Revision, modRevision: Revision) {
        self.bytes = bytes
        self.createRevision = createRevision
        self.modRevision = modRevision
    }
}

/// What one transaction did to one key. A watch turns it into ADDED (no previous document),
/// MODIFIED (both) or DELETED (no document).
package struct Change: Sendable, Equatable {
    package var revision: Revision
    package var key: Key
    /// The document after the change; nil when it was deleted.
    package var document: Document?
    /// The document before the change; nil when there was none.
    package var previous: Document?

    package init(revision: Revision, key: Key, document: Document?, previous: Document?) {
        self.revision = revision
        self.key = key
        self.document = document
        self.previous = previous
    }
}
