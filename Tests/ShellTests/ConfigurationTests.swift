import Base
import Foundation
import Shell
import Testing

struct ConfigurationTests {
    private func read(_ yaml: String) throws -> MachineConfiguration {
        try MachineConfiguration(yaml: yaml, file: "config.yaml")
    }

    private func refusal(of yaml: String) -> String {
        do throws(ConfigurationError) {
            _ = try MachineConfiguration(yaml: yaml, file: "config.yaml")
            return "accepted"
        } catch {
            return error.description
        }
    }

    @Test func nameAndAddressSuffice() throws {
        let configuration = try read("name: machine-1\naddress: 192.0.2.11\n")
        #expect(configuration.name.text == "machine-1")
        #expect(configuration.api.port == 6443)
        #expect(configuration.raft.voters == 3)
        #expect(configuration.clientAddress == "192.0.2.11")
    }

    @Test func theVirtualAddressIsWhatClientsAreGiven() throws {
        let configuration = try read(
            "name: a\naddress: 192.0.2.11\napi: {virtualAddress: 192.0.2.10}\n")
        #expect(configuration.clientAddress == "192.0.2.10")
    }

    @Test func anUnknownFieldIsNamedWithItsPlaceAndTheNearestName() {
        let text = refusal(of: "name: a\naddress: 192.0.2.1\nkubelet:\n    maxPodz: 3\n")
        #expect(
            text == "config.yaml:4:5: unknown field \"kubelet.maxPodz\"; "
                + "did you mean \"kubelet.maxPods\"?")
    }

    @Test(arguments: [
        ("name: a\n", "config.yaml:1:1: address is missing; give it a value"),
        (
            "name: A_b\naddress: 192.0.2.1\n",
            "config.yaml:1:7: name must be a DNS name: lower-case letters, digits, \"-\" and \".\""
        ),
        ("name: a\naddress: here\n", "config.yaml:2:10: address must be an IPv4 address"),
        (
            "name: a\naddress: 192.0.2.1\napi: {port: high}\n",
            "config.yaml:3:13: api.port must be a whole number from 1 to 65535"
        ),
        (
            "name: a\naddress: 192.0.2.1\nraft: {voters: 4}\n",
            "config.yaml:3:16: raft.voters must be an odd number"
        ),
        (
            "name: a\naddress: 192.0.2.1\nkubelet: {acceptPresentImages: 3}\n",
            "config.yaml:3:32: kubelet.acceptPresentImages must be true or false"
        ),
        ("name: a\naddress: 192.0.2.1\ndns: 5\n", "config.yaml:3:6: dns. must be a mapping"),
    ])
    func anIllTypedFieldIsRefusedAtItsPlace(yaml: String, message: String) {
        #expect(refusal(of: yaml) == message)
    }

    @Test func brokenYAMLIsRefusedWithItsLine() {
        #expect(refusal(of: "name: a\n  address: [\n").hasPrefix("config.yaml:"))
    }

    @Test func everyConfigurationOfTheRepositoryIsAccepted() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../cluster-configs").standardizedFileURL
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".yaml") }
        #expect(files.count == 8)
        for file in files {
            let path = folder.appendingPathComponent(file).path
            let configuration = try MachineConfiguration(contentsOf: path)
            #expect(!configuration.address.isEmpty)
        }
    }
}
