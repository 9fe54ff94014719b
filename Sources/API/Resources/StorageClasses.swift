import JSON
import Objects

/// Kinds of storage and the drivers behind them.
extension ResourceDefinition {
    static let storageClasses = ResourceDefinition(
        .storageClasses, shortNames: ["sc"], schema: StorageV1.storageClass,
        columns: StorageTable.classColumns,
        strategy: ResourceStrategy(
            validateUpdate: { document, old, _, v in
                for name in ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"]
                where document[name] != old[name] {
                    v.at(name) {
                        if name == "reclaimPolicy" || name == "volumeBindingMode" {
                            $0.invalid(document[name], "field is immutable")
                        } else {
                            $0.forbidden("updates to \(name) are forbidden.")
                        }
                    }
                }
            },
            cells: StorageTable.classCells))

    static let volumeAttributesClasses = ResourceDefinition(
        .volumeAttributesClasses, shortNames: ["vac"], schema: StorageV1.volumeAttributesClass,
        columns: [.name, TableColumn("DriverName", "The driver that knows the settings."), .age],
        strategy: ResourceStrategy(
            validateUpdate: { document, old, _, v in
                for name in ["driverName", "parameters"] where document[name] != old[name] {
                    v.at(name) { $0.invalid(document[name], "field is immutable") }
                }
            },
            cells: { document, now in
                [document.name, document["driverName"] ?? "", document.age(at: now)]
            }))

    static let volumeAttachments = ResourceDefinition(
        .volumeAttachments, subresources: [.status("VolumeAttachment")],
        schema: StorageV1.volumeAttachment, columns: StorageTable.attachmentColumns,
        strategy: ResourceStrategy(
            prepareForCreate: { $0["status"] = ["attached": false] },
            validateUpdate: { document, old, _, v in
                if document["spec"] != old["spec"] {
                    v.at("spec") { $0.invalid(document["spec"], "field is immutable") }
                }
            },
            cells: StorageTable.attachmentCells))

    static let csiDrivers = ResourceDefinition(
        .csiDrivers, schema: StorageV1.csiDriver, columns: StorageTable.driverColumns,
        strategy: ResourceStrategy(
            defaults: { document in
                document.update("spec") { spec in
                    if spec["volumeLifecycleModes"] == nil {
                        spec["volumeLifecycleModes"] = ["Persistent"]
                    }
                }
            },
            cells: StorageTable.driverCells))

    static let csiNodes = ResourceDefinition(
        .csiNodes, schema: StorageV1.csiNode,
        columns: [
            .name, TableColumn("Drivers", type: "integer", "Number of drivers."), .age,
        ],
        strategy: ResourceStrategy(cells: { document, now in
            let drivers = document["spec"]?.list("drivers").count ?? 0
            return [document.name, .integer(Int64(drivers)), document.age(at: now)]
        }))

    static let csiStorageCapacities = ResourceDefinition(
        .csiStorageCapacities, schema: StorageV1.csiStorageCapacity,
        columns: [
            .name, TableColumn("StorageClassName", "The class of storage."),
            TableColumn("Capacity", "How much is left."), .age,
        ],
        strategy: ResourceStrategy(cells: { document, now in
            [
                document.name, .string(document.text("storageClassName")),
                document["capacity"] ?? "", document.age(at: now),
            ]
        }))
}
