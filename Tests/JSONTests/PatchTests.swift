import JSON
import Testing

@Suite struct PatchTests {
    @Test(arguments: [
        (#"{"a":1}"#, #"[{"op":"add","path":"/b","value":2}]"#, #"{"a":1,"b":2}"#),
        (#"{"a":[1,3]}"#, #"[{"op":"add","path":"/a/1","value":2}]"#, #"{"a":[1,2,3]}"#),
        (#"{"a":[1]}"#, #"[{"op":"add","path":"/a/-","value":2}]"#, #"{"a":[1,2]}"#),
        (#"{"a":1,"b":2}"#, #"[{"op":"remove","path":"/a"}]"#, #"{"b":2}"#),
        (#"{"a":[1,2]}"#, #"[{"op":"remove","path":"/a/0"}]"#, #"{"a":[2]}"#),
        (#"{"a":{"b":1}}"#, #"[{"op":"replace","path":"/a/b","value":[]}]"#, #"{"a":{"b":[]}}"#),
        (#"{"a":1}"#, #"[{"op":"replace","path":"","value":2}]"#, "2"),
        (
            #"{"a":{"b":1},"c":{}}"#, #"[{"op":"move","from":"/a/b","path":"/c/d"}]"#,
            #"{"a":{},"c":{"d":1}}"#
        ),
        (#"{"a":[1,2]}"#, #"[{"op":"copy","from":"/a","path":"/b"}]"#, #"{"a":[1,2],"b":[1,2]}"#),
        (
            #"{"a/b":{"m~n":1}}"#, #"[{"op":"replace","path":"/a~1b/m~0n","value":2}]"#,
            #"{"a/b":{"m~n":2}}"#
        ),
        (#"{"a":1}"#, #"[{"op":"test","path":"/a","value":1},{"op":"remove","path":"/a"}]"#, "{}"),
        (#"{"a":null}"#, #"[{"op":"test","path":"/b","value":null}]"#, #"{"a":null}"#),
        (#"{"~1":1}"#, #"[{"op":"remove","path":"/~01"}]"#, "{}"),
    ])
    func operationsOfAJSONPatchApply(document: String, patch: String, result: String) throws {
        #expect(try JSONPatch(parsed(patch)).apply(to: parsed(document)).text == result)
    }

    @Test(arguments: [
        (#"[{"op":"add","path":"/x/y","value":1}]"#,
            "add operation does not apply: doc is missing path: \"/x/y\": missing value"),
        (#"[{"op":"remove","path":"/x"}]"#,
            "error in remove for path: '/x': Unable to remove nonexistent key: x: missing value"),
        (#"[{"op":"replace","path":"/x","value":1}]"#,
            "replace operation does not apply: doc is missing key: /x: missing value"),
        (#"[{"op":"test","path":"/a","value":2}]"#, "testing value /a failed: test failed"),
        (#"[{"op":"copy","from":"/x","path":"/y"}]"#,
            "copy operation does not apply: doc is missing from path: /x: missing value"),
        (#"[{"op":"add","path":"/l/3","value":1}]"#,
            "error in add for path: '/l/3': Unable to access invalid index: 3: "
                + "invalid index referenced"),
        (#"[{"op":"remove","path":"/l/01"}]"#,
            "error in remove for path: '/l/01': Unable to access invalid index: 01: "
                + "invalid index referenced"),
        (#"[{"op":"frob","path":"/a"}]"#, "Unexpected kind: frob"),
        (#"[{"op":"add","path":"/a"}]"#, "operation missing value field: missing value"),
        (#"[{"op":"move","from":"/o","path":"/o/p"}]"#,
            "move operation does not apply: cannot move /o into itself"),
        (#"{"op":"add"}"#, "cannot unmarshal a JSON patch: it must be an array of operations"),
    ])
    func aJSONPatchThatDoesNotApplySaysWhy(patch: String, message: String) {
        #expect(throws: PatchError(message)) {
            try JSONPatch(parsed(patch)).apply(to: parsed(#"{"a":1,"l":[1,2],"o":{}}"#))
        }
    }

    @Test func copiesCannotDoubleADocumentWithoutEnd() throws {
        let copy: JSON = ["op": "copy", "from": "/a", "path": "/a/-"]
        let patch = try JSONPatch(.array(Array(repeating: copy, count: 100)))
        #expect(throws: PatchError.self) { try patch.apply(to: ["a": ["x"]]) }
    }

    @Test(arguments: [
        (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
        (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
        (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#),
        (#"["a"]"#, #"{"a":"b"}"#, #"{"a":"b"}"#), (#"{"a":1}"#, "null", "null"),
        ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
    ])
    func mergePatchesFollowTheTableOfRFC7386(
        document: String, patch: String, result: String
    ) throws {
        #expect(try parsed(document).merged(with: parsed(patch)).text == result)
    }

    static let containers =
        #"{"spec":{"containers":[{"name":"a","image":"1","command":["x"]},"#
        + #"{"name":"b","image":"2"}]}}"#

    @Test(arguments: [
        (#"{"spec":{"containers":[{"name":"b","image":"3"}]}}"#,
            #"[{"name":"a","image":"1","command":["x"]},{"name":"b","image":"3"}]"#),
        (#"{"spec":{"containers":[{"name":"c","image":"3"}]}}"#,
            #"[{"name":"a","image":"1","command":["x"]},{"name":"b","image":"2"},"#
                + #"{"name":"c","image":"3"}]"#),
        (#"{"spec":{"containers":[{"name":"a","$patch":"delete"}]}}"#,
            #"[{"name":"b","image":"2"}]"#),
        (#"{"spec":{"containers":[{"$patch":"replace"},{"name":"z"}]}}"#, #"[{"name":"z"}]"#),
        (#"{"spec":{"containers":[{"name":"a","command":null}]}}"#,
            #"[{"name":"a","image":"1"},{"name":"b","image":"2"}]"#),
        (#"{"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}]}}"#,
            #"[{"name":"b","image":"2"},{"name":"a","image":"1","command":["x"]}]"#),
        (#"{"spec":{"$setElementOrder/containers":[{"name":"c"},{"name":"b"}],"#
            + #""containers":[{"name":"c"}]}}"#,
            #"[{"name":"c"},{"name":"a","image":"1","command":["x"]},{"name":"b","image":"2"}]"#),
        (#"{"spec":{"containers":[{"$patch":"replace","name":"a"}]}}"#, "[]"),
    ])
    func listsOfObjectsMergeByTheirKey(patch: String, result: String) throws {
        let merged = try parsed(Self.containers).strategicallyMerged(
            with: parsed(patch), schema: TestSchema.deployment)
        #expect(merged["spec"]?["containers"]?.text == result)
    }

    @Test func mapsObeyThePatchDirectives() throws {
        let document = try parsed(#"{"metadata":{"labels":{"a":"1","b":"2"}}}"#)
        func labels(_ patch: String) throws -> String? {
            try document.strategicallyMerged(with: parsed(patch), schema: TestSchema.deployment)[
                path: ["metadata", "labels"]]?.text
        }
        #expect(try labels(#"{"metadata":{"labels":{"a":null,"c":"3"}}}"#) == #"{"b":"2","c":"3"}"#)
        let replacement = #"{"metadata":{"labels":{"$patch":"replace","c":"3"}}}"#
        #expect(try labels(replacement) == #"{"c":"3"}"#)
        #expect(try labels(#"{"metadata":{"labels":{"$patch":"delete"}}}"#) == "{}")
        #expect(throws: PatchError("Unknown patch type found: frob")) {
            try labels(#"{"metadata":{"labels":{"$patch":"frob"}}}"#)
        }
    }

    @Test func primitiveListsMergeAndDelete() throws {
        let document = try parsed(#"{"metadata":{"finalizers":["a","b","c"]}}"#)
        let patch = try parsed(
            #"{"metadata":{"$deleteFromPrimitiveList/finalizers":["b"],"#
                + #""$setElementOrder/finalizers":["d","a"],"finalizers":["d"]}}"#)
        let merged = try document.strategicallyMerged(with: patch, schema: TestSchema.deployment)
        #expect(merged.text == #"{"metadata":{"finalizers":["d","a","c"]}}"#)
    }

    @Test func retainKeysClearsTheOtherMembers() throws {
        let document = try parsed(
            #"{"spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}}}}"#)
        let patch = try parsed(#"{"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}}"#)
        let merged = try document.strategicallyMerged(with: patch, schema: TestSchema.deployment)
        #expect(merged.text == #"{"spec":{"strategy":{"type":"Recreate"}}}"#)
    }

    @Test func anElementWithoutItsMergeKeyIsRefused() {
        let error = PatchError(#"map: {"image":"3"} does not contain declared merge key: name"#)
        #expect(throws: error) {
            try parsed(Self.containers).strategicallyMerged(
                with: parsed(#"{"spec":{"containers":[{"image":"3"}]}}"#),
                schema: TestSchema.deployment)
        }
    }
}
