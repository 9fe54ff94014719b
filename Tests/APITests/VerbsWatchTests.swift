import API
import Base
import JSON
import Objects
import Store
import Testing

@Suite("Watches")
struct VerbsWatchTests {
    private let maps = "/api/v1/namespaces/default/configmaps"

    private func line(_ event: JSON) -> String {
        let object = event["object"] ?? [:]
        return [
            event["type"]?.string, object["metadata"]?["name"]?.string,
            object["metadata"]?["resourceVersion"]?.string,
        ].compactMap { $0 }.joined(separator: " ")
    }

    private func relabel(_ harness: inout VerbsHarness, _ name: String, _ app: JSON) throws {
        try harness.expect(
            .patch, "\(maps)/\(name)", ["metadata": ["labels": ["app": app]]], code: 200,
            contentType: "application/merge-patch+json")
    }

    @Test("A watch from a revision gets every later change of its range, in order")
    func fromRevision() throws {
        var harness = try VerbsHarness()
        try harness.expect(.post, maps, Sample.configMap("a"), code: 201)
        var stream = try harness.watch("\(maps)?watch=true&resourceVersion=3")
        try harness.expect(.post, maps, Sample.configMap("b"), code: 201)
        try harness.expect(
            .post, "/api/v1/namespaces/kube-system/configmaps", Sample.configMap("c"), code: 201)
        try relabel(&harness, "a", "web")
        try harness.expect(.delete, "\(maps)/b", code: 200)
        #expect(
            try harness.events(of: &stream).map(line)
                == ["ADDED b 4", "MODIFIED a 6", "DELETED b 7"])
    }

    @Test("A watch without a revision begins with what there is")
    func initialEvents() throws {
        var harness = try VerbsHarness()
        for name in ["a", "b"] {
            try harness.expect(.post, maps, Sample.configMap(name), code: 201)
        }
        var stream = try harness.watch("/api/v1/configmaps?watch=1")
        try relabel(&harness, "b", "web")
        #expect(
            try harness.events(of: &stream).map(line) == ["ADDED a 3", "ADDED b 4", "MODIFIED b 5"])
        #expect(stream.timeoutSeconds >= 1_800)
    }

    @Test("A streaming list ends with a bookmark that says so")
    func sendInitialEvents() throws {
        var harness = try VerbsHarness()
        try harness.expect(.post, maps, Sample.configMap("a"), code: 201)
        var stream = try harness.watch(
            "\(maps)?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
                + "&allowWatchBookmarks=true&timeoutSeconds=7")
        let events = try harness.events(of: &stream)
        #expect(events.map(line) == ["ADDED a 3", "BOOKMARK 3"])
        #expect(
            events.last?["object"]?["metadata"]?["annotations"]
                == ["k8s.io/initial-events-end": "true"])
        #expect(events.last?["object"]?["kind"]?.string == "ConfigMap")
        #expect(stream.timeoutSeconds == 7)
        #expect(stream.allowsBookmarks)
    }

    @Test("An object that begins to match is added, one that ceases to is deleted")
    func selection() throws {
        var harness = try VerbsHarness()
        try harness.expect(.post, maps, Sample.configMap("a"), code: 201)
        var stream = try harness.watch("\(maps)?watch=1&resourceVersion=3&labelSelector=app=web")
        try relabel(&harness, "a", "db")
        try relabel(&harness, "a", "web")
        try relabel(&harness, "a", nil)
        try relabel(&harness, "a", "web")
        try harness.expect(.delete, "\(maps)/a", code: 200)
        let events = try harness.events(of: &stream)
        #expect(
            events.map(line) == ["ADDED a 5", "DELETED a 6", "ADDED a 7", "DELETED a 8"])
        #expect(events[1]["object"]?["metadata"]?["labels"]?["app"]?.string == "web")
    }

    @Test("One object is watched by its name")
    func oneName() throws {
        var harness = try VerbsHarness()
        var stream = try harness.watch("\(maps)?watch=1&fieldSelector=metadata.name%3Db")
        for name in ["a", "b"] {
            try harness.expect(.post, maps, Sample.configMap(name), code: 201)
        }
        #expect(try harness.events(of: &stream).map(line) == ["ADDED b 4"])
    }

    @Test("A watch as a table names its columns once")
    func table() throws {
        var harness = try VerbsHarness()
        for name in ["a", "b"] {
            try harness.expect(.post, maps, Sample.configMap(name), code: 201)
        }
        var stream = try harness.watch(
            "\(maps)?watch=1", accept: "application/json;as=Table;v=v1;g=meta.k8s.io")
        let events = try harness.events(of: &stream)
        #expect(events.map { $0["object"]?["kind"]?.string } == ["Table", "Table"])
        #expect(events[0]["object"]?["columnDefinitions"]?.array != nil)
        #expect(events[1]["object"]?["columnDefinitions"] == JSON.null)
        #expect(
            events[1]["object"]?["rows"]?[0]?["object"]?["metadata"]?["name"]?.string == "b")
    }

    @Test("A watch whose changes are compacted gets an error event with code 410")
    func expired() throws {
        var harness = try VerbsHarness()
        let stream = try harness.watch("\(maps)?watch=1&resourceVersion=1")
        let event = try JSON(parsing: Array(stream.expired(oldest: Revision(40)).dropLast()))
        #expect(event["type"]?.string == "ERROR")
        #expect(event["object"]?["code"]?.integer == 410)
        #expect(event["object"]?["message"]?.string == "too old resource version: 1 (40)")
    }

    @Test("A bookmark tells how far the watch is")
    func bookmark() throws {
        var harness = try VerbsHarness()
        let stream = try harness.watch("/apis/apps/v1/deployments?watch=1&resourceVersion=1")
        let event = try JSON(parsing: Array(stream.bookmark(Revision(9)).dropLast()))
        #expect(line(event) == "BOOKMARK 9")
        #expect(event["object"]?["apiVersion"]?.string == "apps/v1")
    }
}
