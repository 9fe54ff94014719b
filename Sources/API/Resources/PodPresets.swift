import JSON
import Objects

extension ResourceDefinition {
    static let podPresets = ResourceDefinition(
        .podPresets, schema: SettingsV1Alpha1.podPreset, columns: [.name, .age],
        strategy: ResourceStrategy(
            validate: { document, v in
                v.at("spec") { v in
                    let spec = document["spec"] ?? [:]
                    let gifts = ["env", "envFrom", "volumes", "volumeMounts"]
                    if gifts.allSatisfy({ spec.list($0).isEmpty }) {
                        v.required("must specify at least one")
                    }
                    _ = PodRules.validateVolumes(spec, &v)
                }
            },
            cells: { document, now in [document.name, document.age(at: now)] }))
}
