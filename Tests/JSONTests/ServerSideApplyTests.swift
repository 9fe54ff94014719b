import JSON
import Testing

@Suite struct ServerSideApplyTests {
    static func manager(
        _ name: String, at time: String = "2026-01-01T00:00:00Z"
    ) -> ServerSideApply {
        ServerSideApply(
            schema: TestSchema.deployment, manager: name, apiVersion: "apps/v1", time: time,
            ignored: FieldSet(fields: [["status"]]))
    }

    static func fields(_ document: JSON, of manager: String) -> String? {
        (document["metadata"]?["managedFields"]?.array ?? [])
            .first { $0["manager"]?.string == manager }?["fieldsV1"]?.text
    }

    static let head = #"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"#
    static let base =
        head + #""spec":{"replicas":3,"containers":"#
        + #"[{"name":"a","image":"1","ports":[{"containerPort":80}]}]}}"#

    @Test func anAppliedConfigurationOwnsItsFields() throws {
        let result = try Self.manager("one").apply(parsed(Self.base), to: nil, force: false)
        #expect(
            Self.fields(result, of: "one")
                == #"{"f:spec":{"f:containers":{"k:{\"name\":\"a\"}":{".":{},"f:image":{},"#
                + #""f:name":{},"#
                + #""f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"#
                + #""f:containerPort":{}}}}},"f:replicas":{}}}"#)
        let entry = result["metadata"]?["managedFields"]?[0]
        #expect(entry?["operation"] == "Apply")
        #expect(entry?["apiVersion"] == "apps/v1")
        #expect(entry?["fieldsType"] == "FieldsV1")
    }

    @Test func fieldSetsSurviveTheirJSONForm() throws {
        let set = try parsed(Self.base).fieldSet(schema: TestSchema.deployment)
        #expect(FieldSet(json: set.json) == set)
    }

    @Test func applyingTheSameAgainChangesNothing() throws {
        let first = try Self.manager("one").apply(parsed(Self.base), to: nil, force: false)
        let later = Self.manager("one", at: "2026-02-02T00:00:00Z")
        let second = try later.apply(parsed(Self.base), to: first, force: false)
        #expect(second.text == first.text)
    }

    @Test func whatIsNoLongerAppliedIsRemovedUnlessAnotherOwnsIt() throws {
        let two =
            Self.head
            + #""spec":{"containers":[{"name":"a","image":"1"},{"name":"b","image":"2"}]}}"#
        let one =
            Self.head
            + #""spec":{"containers":[{"name":"a","image":"1"}]}}"#
        let live = try Self.manager("one").apply(parsed(two), to: nil, force: false)
        let alone = try Self.manager("one").apply(parsed(one), to: live, force: false)
        #expect(alone["spec"]?.text == #"{"containers":[{"name":"a","image":"1"}]}"#)
        let shared = try Self.manager("other").apply(parsed(two), to: live, force: false)
        let kept = try Self.manager("one").apply(parsed(one), to: shared, force: false)
        #expect(kept["spec"]?["containers"]?.array?.count == 2)
        #expect(Self.fields(kept, of: "one")?.contains(#"\"b\""#) == false)
    }

    @Test func valuesThatDefaultsFilledInSurviveApplies() throws {
        var live = try Self.manager("one").apply(parsed(Self.base), to: nil, force: false)
        live[path: ["spec", "progressDeadlineSeconds"]] = 600
        let changed = try parsed(Self.base.replacing("\"1\"", with: "\"9\""))
        let result = try Self.manager("one").apply(changed, to: live, force: false)
        #expect(result["spec"]?["progressDeadlineSeconds"] == 600)
        #expect(result["spec"]?["containers"]?[0]?["image"] == "9")
    }

    @Test func anotherManagersFieldIsAConflictUntilForced() throws {
        let live = try Self.manager("one").apply(parsed(Self.base), to: nil, force: false)
        let other = try parsed(Self.head + #""spec":{"replicas":5}}"#)
        let owner = ManagedFields.Manager(name: "one", operation: .apply, apiVersion: "apps/v1")
        #expect(
            throws: ServerSideApply.Failure.conflicts([
                .init(manager: owner, path: [.field("spec"), .field("replicas")])
            ])
        ) { try Self.manager("two").apply(other, to: live, force: false) }
        let forced = try Self.manager("two").apply(other, to: live, force: true)
        #expect(forced["spec"]?["replicas"] == 5)
        #expect(Self.fields(forced, of: "two") == #"{"f:spec":{"f:replicas":{}}}"#)
        #expect(Self.fields(forced, of: "one")?.contains("replicas") == false)
    }

    @Test func theSameValueIsSharedWithoutConflict() throws {
        let live = try Self.manager("one").apply(parsed(Self.base), to: nil, force: false)
        let both = try Self.manager("two").apply(parsed(Self.base), to: live, force: false)
        #expect(Self.fields(both, of: "one") == Self.fields(both, of: "two"))
    }

    @Test func anUpdateTakesFieldsOverAndIsRecorded() throws {
        let live = try Self.manager("one").apply(parsed(Self.base), to: nil, force: false)
        var scaled = live
        scaled[path: ["spec", "replicas"]] = 7
        let result = Self.manager("kubectl").update(old: live, new: scaled)
        #expect(Self.fields(result, of: "kubectl") == #"{"f:spec":{"f:replicas":{}}}"#)
        #expect(Self.fields(result, of: "one")?.contains("replicas") == false)
        let later = Self.manager("kubectl", at: "2027-01-01T00:00:00Z")
        let same = later.update(old: result, new: result)
        #expect(same == result)
    }

    @Test func aClientMayResetOwnership() throws {
        let live = try Self.manager("one").apply(parsed(Self.base), to: nil, force: false)
        var reset = live
        reset[path: ["metadata", "managedFields"]] = []
        let result = Self.manager("kubectl").update(old: live, new: reset)
        #expect(result["metadata"]?["managedFields"] == nil)
    }

    @Test func objectsOfEarlierTimesBelongToOneManagerBeforeTheFirstApply() throws {
        let changed = try parsed(Self.base.replacing("\"replicas\":3", with: "\"replicas\":4"))
        #expect(throws: ServerSideApply.Failure.self) {
            try Self.manager("one").apply(changed, to: parsed(Self.base), force: false)
        }
        let live = try parsed(Self.base)
        let same = try Self.manager("one").apply(live, to: live, force: false)
        #expect(Self.fields(same, of: "before-first-apply") != nil)
    }

    @Test func oldUpdatersAreFoldedTogether() throws {
        var document = try parsed(Self.base)
        for index in 0..<15 {
            var next = document
            next[path: ["metadata", "labels", "l\(index)"]] = "x"
            let time = "2026-01-01T00:00:\(index < 10 ? "0" : "")\(index)Z"
            document = Self.manager("m\(index)", at: time).update(old: document, new: next)
        }
        let names = ManagedFields(json: document["metadata"]?["managedFields"]).entries
            .map(\.manager.name)
        #expect(names == ["ancient-changes"] + (6...14).map { "m\($0)" })
        #expect(Self.fields(document, of: "ancient-changes")?.contains("f:l0") == true)
    }

    @Test func duplicateAndKeylessElementsAreRefused() {
        let twice = #"{"spec":{"containers":[{"name":"a"},{"name":"a"}]}}"#
        #expect(
            throws: ServerSideApply.Failure.invalid(
                PatchError(#".spec.containers: duplicate entries for key [name="a"]"#))
        ) { try Self.manager("one").apply(parsed(twice), to: nil, force: false) }
        #expect(throws: ServerSideApply.Failure.self) {
            let keyless = try parsed(#"{"spec":{"containers":[{}]}}"#)
            _ = try Self.manager("one").apply(keyless, to: nil, force: false)
        }
    }

    @Test func elementsKeepTheirPlacesAndFollowTheAppliedOrder() throws {
        func containers(_ names: [String]) -> JSON {
            ["spec": ["containers": .array(names.map { ["name": .string($0)] })]]
        }
        let live = containers(["x", "a", "b", "y"])
        let applied = containers(["b", "a", "c"])
        let merged = live.merged(applying: applied, schema: TestSchema.deployment)
        #expect(
            merged["spec"]?["containers"]?.array?.compactMap { $0["name"]?.string }
                == ["x", "b", "a", "c", "y"])
    }
}
