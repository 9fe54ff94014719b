import Base
import JSON
import Objects

extension CoreV1 {
    static let configMap = ObjectSchema(
        .core, "ConfigMap", "Configuration for Pods to read, as names and values."
    ) {
        MetaV1.header
        Field(
            "binaryData", .map(of: .bytes, keys: .configKey),
            "Values that are no UTF-8 text, in base64.")
        Field("data", .map(of: .string, keys: .configKey), "Values that are UTF-8 text.")
        Field("immutable", .boolean, "Whether the data may never change again.")
    }
}

extension ResourceDefinition {
    static let configMaps = ResourceDefinition(
        .configMaps, shortNames: ["cm"], schema: CoreV1.configMap,
        columns: [.name, TableColumn("Data", type: "integer", "Number of entries."), .age],
        strategy: ResourceStrategy(
            cells: { document, now in
                let count =
                    (document["data"]?.object?.count ?? 0)
                    + (document["binaryData"]?.object?.count ?? 0)
                return [document.name, .integer(Int64(count)), document.age(at: now)]
            }))
}
