import API
import JSON
import Objects
import Testing

@Suite("Verbs that read")
struct VerbsReadTests {
    @Test("A stored object comes back with its version in front")
    func get() throws {
        var harness = try VerbsHarness()
        let made = try harness.expect(
            .post, "/api/v1/namespaces/default/configmaps", Sample.configMap("a"), code: 201)
        let read = try harness.expect(
            .get, "/api/v1/namespaces/default/configmaps/a", code: 200)
        #expect(read == made)
        #expect(read["metadata"]?["resourceVersion"]?.string == "3")
        #expect(read["metadata"]?["uid"]?.string?.count == 36)
    }
}
