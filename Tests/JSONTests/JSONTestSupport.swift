import JSON

/// Parses text that a test wrote.
func parsed(_ text: String) throws -> JSON { try JSON(parsing: text) }

/// A schema written down for a test.
struct TestSchema: MergeSchema {
    var members: [String: TestSchema] = [:]
    var items: [TestSchema] = []
    var listType: ListType = .atomic
    var isAtomicMap = false
    var patchStrategy: PatchStrategy = .replace
    var patchMergeKey: String?
    var defaults: [String: JSON] = [:]

    func member(_ name: String) -> (any MergeSchema)? { members[name] ?? members["*"] }
    var element: (any MergeSchema)? { items.first }
    func keyDefault(_ name: String) -> JSON? { defaults[name] }

    /// Enough of a Deployment to patch and apply it.
    static let deployment = TestSchema(members: [
        "metadata": TestSchema(members: [
            "labels": TestSchema(members: ["*": TestSchema()]),
            "finalizers": TestSchema(listType: .set, patchStrategy: .merge),
        ]),
        "spec": TestSchema(members: [
            "replicas": TestSchema(),
            "selector": TestSchema(isAtomicMap: true),
            "strategy": TestSchema(
                members: ["type": TestSchema(), "rollingUpdate": TestSchema()],
                patchStrategy: .retainKeys),
            "containers": TestSchema(
                items: [container], listType: .map(keys: ["name"]), patchStrategy: .merge,
                patchMergeKey: "name"),
            "tolerations": TestSchema(),
        ]),
    ])

    static let container = TestSchema(members: [
        "name": TestSchema(), "image": TestSchema(), "command": TestSchema(),
        "env": TestSchema(
            items: [TestSchema(members: ["name": TestSchema(), "value": TestSchema()])],
            listType: .map(keys: ["name"]), patchStrategy: .merge, patchMergeKey: "name"),
        "ports": TestSchema(
            items: [
                TestSchema(members: [
                    "containerPort": TestSchema(), "protocol": TestSchema(), "name": TestSchema(),
                ])
            ],
            listType: .map(keys: ["containerPort", "protocol"]), patchStrategy: .merge,
            patchMergeKey: "containerPort", defaults: ["protocol": "TCP"]),
    ])
}
