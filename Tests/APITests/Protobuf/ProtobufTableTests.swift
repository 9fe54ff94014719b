import API
import Testing

/// The table of field numbers and the schemas tell of the same fields.
@Suite struct ProtobufTableTests {
    /// Fields of the newest Kubernetes, and types of such fields, whose numbers are not known here.
    /// Only statuses and features that are off by default have them.
    private static let unnumbered: Set<String> = [
        "NodeAllocatableMappedResources", "NodeAllocatableResourceClaimStatus",
        "PodSchedulingGroup",
        "NodeSystemInfo.runningInUserNamespace", "PodSpec.schedulingGroup",
        "PodStatus.nodeAllocatableResourceClaimStatuses", "ResourceHealth.message",
        "VolumeMountStatus.volumeStatus",
    ]

    private static func types() -> [String: ObjectSchema] {
        var found: [String: ObjectSchema] = [:]
        var queue = ResourceRegistry.builtIn.definitions.map(\.schema) + BodyTypes.all
        while let type = queue.popLast() {
            guard found.updateValue(type, forKey: type.definitionName) == nil else { continue }
            queue += type.fields.compactMap { object(in: $0.schema) }
        }
        return found
    }

    private static func object(in schema: Schema) -> ObjectSchema? {
        switch schema {
        case .object(let type): type
        case .list(let element, _), .map(let element, _): object(in: element)
        default: nil
        }
    }

    @Test func everyFieldOfEveryTypeHasANumber() {
        var missing: Set<String> = []
        for type in Self.types().values {
            guard let numbers = MessageNumbers.all[type.definitionName] else {
                missing.insert(type.name)
                continue
            }
            let names = numbers.names
            for field in type.fields
            where !names.contains(field.name) && !["apiVersion", "kind"].contains(field.name) {
                missing.insert("\(type.name).\(field.name)")
            }
            // `apiVersion` and `kind` of a reference are fields like others.
            if !type.fields.contains(where: { $0.name == "metadata" }),
                type.name != "DeleteOptions"
            {
                for name in ["apiVersion", "kind"]
                where type.field(name) != nil && !names.contains(name) {
                    missing.insert("\(type.name).\(name)")
                }
            }
        }
        #expect(missing == Self.unnumbered)
    }

    @Test func everyNumberedFieldIsOneOfTheSchema() {
        let types = Self.types()
        for (name, numbers) in MessageNumbers.all {
            guard let type = types[name] else { continue }
            for field in numbers.names {
                #expect(
                    type.field(field) != nil || field == "deprecatedTopology",
                    "\(name) has no field \(field)")
            }
        }
    }
}
