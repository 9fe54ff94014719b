package import Base
package import JSON
import Objects

/// A column of a `meta.k8s.io/v1` Table.
package struct TableColumn: Sendable, Equatable {
    package let name: String
    /// `string`, `integer` or `boolean`.
    package let type: String
    package let format: String
    package let description: String
    /// Columns above zero are shown by `-o wide` only.
    package let priority: Int

    init(
        _ name: String, type: String = "string", format: String = "", _ description: String,
        priority: Int = 0
    ) {
        self.name = name
        self.type = type
        self.format = format
        self.description = description
        self.priority = priority
    }

    package var json: JSON {
        [
            "name": .string(name), "type": .string(type), "format": .string(format),
            "description": .string(description), "priority": .integer(Int64(priority)),
        ]
    }
}

/// How much of each object a Table carries beside its cells (the query parameter
/// `includeObject`).
package enum TableObjectPolicy: String, Sendable {
    case none = "None"
    case metadata = "Metadata"
    case object = "Object"
}

extension ResourceDefinition {
    /// The Table of some documents, as `kubectl get` asks for it.
    ///
    /// - Parameters:
    ///   - listMetadata: `resourceVersion`, `continue` and the like.
    ///   - withColumns: false for all but the first event of a watch.
    package func table(
        _ documents: [JSON], listMetadata: JSON, include: TableObjectPolicy, now: WallTime,
        withColumns: Bool = true
    ) -> JSON {
        var table: JSON = [
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": listMetadata,
        ]
        table["columnDefinitions"] = withColumns ? .array(columns.map(\.json)) : .null
        table["rows"] = .array(
            documents.map { document in
                var row: JSON = ["cells": .array(cells(document, now: now))]
                switch include {
                case .none: break
                case .metadata: row["object"] = Self.partialMetadata(document)
                case .object: row["object"] = document
                }
                return row
            })
        return table
    }

    /// The document's `PartialObjectMetadata`.
    package static func partialMetadata(_ document: JSON) -> JSON {
        [
            "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
            "metadata": document["metadata"] ?? [:],
        ]
    }
}
