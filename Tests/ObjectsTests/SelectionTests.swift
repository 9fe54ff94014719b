import JSON
import Objects
import Testing

@Suite struct SelectionTests {
    private static let labels = ["app": "web", "tier": "front"]

    private static let selectors: [(JSON, Bool)] = [
        ([:], true),
        (["matchLabels": [:]], true),
        (["matchLabels": ["app": "web"]], true),
        (["matchLabels": ["app": "db"]], false),
        (["matchLabels": ["app": "web", "zone": "a"]], false),
        (expression("app", "In", ["db", "web"]), true),
        (expression("app", "In", ["db"]), false),
        (expression("zone", "In", ["a"]), false),
        (expression("app", "NotIn", ["db"]), true),
        (expression("app", "NotIn", ["web"]), false),
        (expression("zone", "NotIn", ["a"]), true),
        (expression("app", "Exists"), true),
        (expression("zone", "Exists"), false),
        (expression("app", "DoesNotExist"), false),
        (expression("zone", "DoesNotExist"), true),
        (expression("app", "Near", ["web"]), false),
        (["matchLabels": ["app": "web"], "matchExpressions": [["key": "tier"]]], false),
    ]

    private static func expression(
        _ key: String, _ operation: String, _ values: [String] = []
    ) -> JSON {
        [
            "matchExpressions": [
                [
                    "key": .string(key), "operator": .string(operation),
                    "values": .array(values.map(JSON.string)),
                ]
            ]
        ]
    }

    @Test("a label selector takes what all its requirements take", arguments: selectors.indices)
    func labelSelector(_ index: Int) {
        let (json, isTaken) = Self.selectors[index]
        #expect(LabelSelector(json).matches(Self.labels) == isTaken, "\(json)")
    }

    @Test func `a selector is empty without requirements only`() {
        #expect(LabelSelector([:]).isEmpty)
        #expect(LabelSelector(["matchLabels": [:], "matchExpressions": []]).isEmpty)
        #expect(!LabelSelector(["matchLabels": ["a": "b"]]).isEmpty)
        #expect(!LabelSelector(Self.expression("a", "Exists")).isEmpty)
    }

    private static let taint = Taint(key: "dedicated", value: "db", effect: "NoSchedule")
    private static let tolerations: [(JSON, Bool)] = [
        (["operator": "Exists"], true),
        (["operator": "Exists", "effect": "NoSchedule"], true),
        (["operator": "Exists", "effect": "NoExecute"], false),
        (["key": "dedicated", "operator": "Exists"], true),
        (["key": "other", "operator": "Exists"], false),
        (["key": "dedicated", "value": "db"], true),
        (["key": "dedicated", "operator": "", "value": "db"], true),
        (["key": "dedicated", "operator": "Equal", "value": "db", "effect": "NoSchedule"], true),
        (["key": "dedicated", "operator": "Equal", "value": "web"], false),
        (["key": "dedicated", "value": "db", "effect": "NoExecute"], false),
        (["key": "dedicated", "operator": "Near", "value": "db"], false),
        ([:], false),
    ]

    @Test("a toleration covers the taints that it names", arguments: tolerations.indices)
    func toleration(_ index: Int) {
        let (json, isCovered) = Self.tolerations[index]
        #expect(Toleration(json).tolerates(Self.taint) == isCovered, "\(json)")
    }

    @Test func `a taint without value is written without one`() {
        #expect(Taint(key: "k", effect: "NoExecute").json == ["key": "k", "effect": "NoExecute"])
        #expect(
            Taint(key: "k", value: "v", effect: "e", timeAdded: "t").json
                == ["key": "k", "effect": "e", "value": "v", "timeAdded": "t"])
    }
}
