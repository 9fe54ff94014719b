package import JSON
import Yams

/// Reads YAML that a client may send where JSON is expected.
package enum YAMLBody {
    package struct Malformed: Error, CustomStringConvertible {
        package let description: String
    }

    /// Aliases may repeat a part of the text; past this many nodes that is an attack.
    private static let nodesMax = 500_000
    private static let depthMax = 512

    /// The JSON form of the first document.
    package static func json(_ bytes: [UInt8]) throws(Malformed) -> JSON {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Malformed(description: "yaml: invalid UTF-8")
        }
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            throw Malformed(description: "error converting YAML to JSON: \(error)")
        }
        var count = 0
        return try node.map { (node) throws(Malformed) in
            try convert(node, depth: 0, &count)
        } ?? .null
    }

    private static func convert(
        _ node: Node, depth: Int, _ count: inout Int
    ) throws(Malformed) -> JSON {
        count += 1
        guard depth < depthMax, count < nodesMax else {
            throw Malformed(description: "error converting YAML to JSON: document too large")
        }
        switch node {
        case .scalar(let scalar):
            return value(of: scalar, node)
        case .sequence(let sequence):
            var elements: [JSON] = []
            for element in sequence {
                elements.append(try convert(element, depth: depth + 1, &count))
            }
            return .array(elements)
        case .mapping(let mapping):
            var members = JSONObject()
            for (key, value) in mapping {
                guard case .scalar(let name) = key else {
                    throw Malformed(
                        description: "error converting YAML to JSON: a key must be a scalar")
                }
                members[name.string] = try convert(value, depth: depth + 1, &count)
            }
            return .object(members)
        case .alias:
            throw Malformed(description: "error converting YAML to JSON: unresolved alias")
        }
    }

    private static func value(of scalar: Node.Scalar, _ node: Node) -> JSON {
        guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
        if node.null != nil { return .null }
        if let value = node.bool { return .bool(value) }
        if let value = node.int { return .integer(Int64(value)) }
        if let value = node.float, value.isFinite { return .number(value) }
        return .string(scalar.string)
    }
}
