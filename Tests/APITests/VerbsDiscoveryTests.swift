import API
import Base
import JSON
import Objects
import Store
import Testing

@Suite("Discovery")
struct VerbsDiscoveryTests {
    @Test("Plain discovery lists groups, versions and resources")
    func plain() throws {
        var harness = try VerbsHarness()
        let core = try harness.expect(.get, "/api", code: 200)
        #expect(core["kind"]?.string == "APIVersions")
        #expect(core["versions"] == ["v1"])
        let groups = try harness.expect(.get, "/apis", code: 200)
        let names = (groups["groups"]?.array ?? []).compactMap { $0["name"]?.string }
        #expect(names.contains("apps") && names.contains("authorization.k8s.io"))
        #expect(!names.contains(""))
        let apps = try harness.expect(.get, "/apis/apps", code: 200)
        #expect(
            apps["preferredVersion"] == ["groupVersion": "apps/v1", "version": "v1"])
        let list = try harness.expect(.get, "/apis/apps/v1", code: 200)
        #expect(list["groupVersion"]?.string == "apps/v1")
        let resources = list["resources"]?.array ?? []
        let deployments = resources.first { $0["name"]?.string == "deployments" }
        #expect(deployments?["shortNames"] == ["deploy"])
        #expect(deployments?["namespaced"]?.bool == true)
        #expect(deployments?["verbs"].strings.contains("watch") ?? false)
        let scale = resources.first { $0["name"]?.string == "deployments/scale" }
        #expect(scale?["group"]?.string == "autoscaling")
        #expect(scale?["kind"]?.string == "Scale")
    }

    @Test("Aggregated discovery says it all in two answers")
    func aggregated() throws {
        var harness = try VerbsHarness()
        let accept =
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
            + "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
            + "application/json"
        let response = try harness.run(harness.request(.get, "/api", accept: accept))
        #expect(
            response.contentType
                == "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")
        let core = try JSON(parsing: response.body)
        #expect(core["kind"]?.string == "APIGroupDiscoveryList")
        let version = core["items"]?[0]?["versions"]?[0]
        #expect(version?["version"]?.string == "v1")
        let pods = version?["resources"]?.array?.first { $0["resource"]?.string == "pods" }
        #expect(
            pods?["responseKind"] == ["group": "", "version": "v1", "kind": "Pod"])
        #expect(pods?["scope"]?.string == "Namespaced")
        #expect(
            (pods?["subresources"]?.array ?? []).contains {
                $0["subresource"]?.string == "log"
            })
        let groups = try harness.expect(.get, "/apis", code: 200, accept: accept)
        #expect(
            (groups["items"]?.array ?? []).contains {
                $0["metadata"]?["name"]?.string == "apps"
            })
    }

    @Test("The version is that of the Kubernetes whose behaviour is served")
    func version() throws {
        var harness = try VerbsHarness()
        let version = try harness.expect(.get, "/version", code: 200)
        #expect(version["major"]?.string == "1")
        #expect(version["minor"]?.string == "36")
        #expect(version["gitVersion"]?.string == "v1.36.0+podmesh")
    }

    @Test("Health is told in one word, or check by check")
    func health() throws {
        var harness = try VerbsHarness()
        let short = try harness.run(harness.request(.get, "/readyz"))
        #expect(String(decoding: short.body, as: UTF8.self) == "ok")
        let long = try harness.run(harness.request(.get, "/livez?verbose"))
        #expect(String(decoding: long.body, as: UTF8.self).hasPrefix("[+]ping ok\n"))
        #expect(try harness.run(harness.request(.get, "/livez/nothing")).code == 404)
    }
}
