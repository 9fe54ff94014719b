import API
import Base
import JSON
import Objects
import Testing

@Suite struct TableTests {
    private static let now = WallTime(rfc3339: "2026-11-21T06:10:00Z")

    private func row(_ resource: Resource, _ text: String) throws -> [JSON] {
        let definition = try #require(ResourceRegistry.builtIn[resource])
        var document = try JSON(parsing: text)
        document[path: ["metadata", "name"]] = "x"
        document[path: ["metadata", "creationTimestamp"]] = "2026-11-21T06:00:00Z"
        let cells = definition.cells(document, now: try #require(Self.now))
        #expect(cells.count == definition.columns.count)
        return cells
    }

    @Test(arguments: [
        (0, "0s"), (59, "59s"), (119, "119s"), (120, "2m"), (125, "2m5s"), (599, "9m59s"),
        (600, "10m"), (10_799, "179m"), (10_800, "3h"), (11_700, "3h15m"), (28_799, "7h59m"),
        (28_800, "8h"), (172_799, "47h"), (172_800, "2d"), (176_400, "2d1h"), (691_199, "7d23h"),
        (691_200, "8d"), (63_071_999, "729d"), (63_072_000, "2y"), (94_694_400, "3y1d"),
        (252_288_000, "8y"), (-1, "0s"), (-2, "<invalid>"),
    ] as [(Int64, String)])
    func agesAreShortened(_ seconds: Int64, _ text: String) {
        #expect(HumanDuration.describe(seconds: seconds) == text)
    }

    @Test func aMissingTimestampIsUnknown() throws {
        #expect(HumanDuration.since(nil, now: try #require(Self.now)) == "<unknown>")
    }

    @Test func nodesShowStateAndRoles() throws {
        let cells = try row(
            .nodes,
            #"{"metadata":{"labels":{"node-role.kubernetes.io/worker":"","#
                + #""node-role.kubernetes.io/control-plane":""}},"spec":{"unschedulable":true},"#
                + #""status":{"conditions":[{"type":"Ready","status":"Unknown"}],"addresses":"#
                + #"[{"type":"InternalIP","address":"10.0.0.1"}],"nodeInfo":{"kubeletVersion":"#
                + #""v1.36.0","osImage":"Debian","kernelVersion":"6.1"}}}"#)
        #expect(
            cells == [
                "x", "NotReady,SchedulingDisabled", "control-plane,worker", "10m", "v1.36.0",
                "10.0.0.1", "<none>", "Debian", "6.1", "<unknown>",
            ])
        #expect(try row(.nodes, "{}")[1...2] == ["Unknown", "<none>"])
        let ready = #"{"status":{"conditions":[{"type":"Ready","status":"True"}]}}"#
        #expect(try row(.nodes, ready)[1] == "Ready")
    }

    @Test func workloadsShowCounts() throws {
        let template =
            #""selector":{"matchLabels":{"b":"2","a":"1"}},"template":{"spec":{"containers":"#
            + #"[{"name":"c","image":"i:1"},{"name":"d","image":"j"}]}}"#
        #expect(
            try row(
                .deployments,
                #"{"spec":{"replicas":3,\#(template)},"status":{"readyReplicas":2,"#
                    + #""updatedReplicas":3,"availableReplicas":1}}"#) == [
                        "x", "2/3", 3, 1, "10m", "c,d", "i:1,j", "a=1,b=2",
                    ])
        #expect(
            try row(
                .replicaSets,
                #"{"spec":{"replicas":3,\#(template)},"status":{"replicas":2,"readyReplicas":1}}"#)
                == ["x", 3, 2, 1, "10m", "c,d", "i:1,j", "a=1,b=2"])
    }

    @Test func servicesShowAddressesAndPorts() throws {
        #expect(
            try row(
                .services,
                #"{"spec":{"type":"NodePort","clusterIP":"10.0.0.1","clusterIPs":["10.0.0.1"],"#
                    + #""selector":{"b":"2","a":"1"},"ports":[{"port":80,"nodePort":30080,"#
                    + #""protocol":"TCP"},{"port":53,"protocol":"UDP"}]}}"#) == [
                        "x", "NodePort", "10.0.0.1", "<none>", "80:30080/TCP,53/UDP", "10m",
                        "a=1,b=2",
                    ])
        #expect(
            try row(.services, #"{"spec":{"type":"LoadBalancer"}}"#)[2...4]
                == ["<none>", "<pending>", "<none>"])
        #expect(
            try row(.services, #"{"spec":{"type":"ExternalName","externalName":"a.b"}}"#)[3]
                == "a.b")
    }

    @Test func endpointsShowThreeAddresses() throws {
        let addresses = (1...5).map { #"{"ip":"10.0.0.\#($0)"}"# }.joined(separator: ",")
        #expect(
            try row(
                .endpoints,
                #"{"subsets":[{"addresses":[\#(addresses)],"ports":[{"port":80}]}]}"#)[1]
                == "10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 2 more...")
        #expect(try row(.endpoints, "{}")[1] == "<none>")
        #expect(
            try row(
                .endpointSlices,
                #"{"addressType":"IPv4","ports":[{"port":80}],"endpoints":"#
                    + #"[{"addresses":["10.0.0.1"]}]}"#) == ["x", "IPv4", "80", "10.0.0.1", "10m"])
        #expect(try row(.endpointSlices, "{}")[2...3] == ["<unset>", "<unset>"])
    }

    @Test func eventsShowTheirObject() throws {
        #expect(
            try row(
                .events,
                #"{"type":"Warning","reason":"BackOff","message":" slow\n","count":4,"#
                    + #""involvedObject":{"kind":"Pod","name":"web","fieldPath":"spec"},"#
                    + #""source":{"component":"kubelet","host":"n1"},"#
                    + #""firstTimestamp":"2026-11-21T06:00:00Z","#
                    + #""lastTimestamp":"2026-11-21T06:09:00Z"}"#) == [
                        "60s", "Warning", "BackOff", "pod/web", "spec", "kubelet, n1", "slow",
                        "10m", 4, "x",
                    ])
    }

    @Test func smallResourcesShowWhatTheyHold() throws {
        #expect(
            try row(.configMaps, #"{"data":{"a":"b"},"binaryData":{"c":""}}"#) == ["x", 2, "10m"])
        #expect(
            try row(.secrets, #"{"type":"Opaque","data":{"a":""}}"#) == ["x", "Opaque", 1, "10m"])
        #expect(try row(.serviceAccounts, "{}") == ["x", 0, "10m"])
        #expect(try row(.namespaces, #"{"status":{"phase":"Active"}}"#) == ["x", "Active", "10m"])
        #expect(try row(.leases, #"{"spec":{"holderIdentity":"a"}}"#) == ["x", "a", "10m"])
    }

    @Test func aTableCarriesAsMuchOfTheObjectAsWasAskedFor() throws {
        let definition = try #require(ResourceRegistry.builtIn[.configMaps])
        let document: JSON = ["metadata": ["name": "x"], "data": ["a": "b"]]
        let now = try #require(Self.now)
        func object(_ policy: TableObjectPolicy) -> JSON? {
            definition.table([document], listMetadata: [:], include: policy, now: now)["rows"]?[0]?[
                "object"]
        }
        #expect(object(.none) == nil)
        #expect(object(.object) == document)
        #expect(
            object(.metadata) == [
                "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                "metadata": ["name": "x"],
            ])
        let table = definition.table(
            [document], listMetadata: ["resourceVersion": "7"], include: .none, now: now)
        #expect(table["metadata"] == ["resourceVersion": "7"])
        #expect(
            table["columnDefinitions"]?.array?.compactMap { $0["name"]?.string }
                == ["Name", "Data", "Age"])
        #expect(
            definition.table(
                [], listMetadata: [:], include: .none, now: now, withColumns: false)[
                    "columnDefinitions"] == .null)
    }
}
