import Daemon
import Dispatch
import Foundation
import Logging
import NIOConcurrencyHelpers
import Services

/// Gives the kernel the routes and rules that the core decided on, one change after the other on
/// a queue of its own. Of several rule sets that wait, only the newest is loaded.
final class MachineNetwork: Sendable {
    private let configuration: MachineConfiguration.Network
    private let address: String
    private let virtualAddress: String
    private let logger: Logger
    private let queue = DispatchQueue(label: "podmesh.network")
    private let waitingRules = NIOLockedValueBox<String?>(nil)
    private let present = NIOLockedValueBox<Set<PodRoute>>([])

    /// Marks the kernel routes that are podmesh's (`ip route … proto`).
    private static let routeProtocol = "112"

    init(configuration: MachineConfiguration, logger: Logger) {
        self.configuration = configuration.network
        address = configuration.address
        virtualAddress = configuration.api.virtualAddress
        self.logger = logger
    }

    /// Lets the machine forward Pods' packets, and removes what an earlier run left behind.
    func prepare() {
        queue.async { [self] in
            attempt { () throws(ShellError) in
                try SystemCommand.run("sysctl", ["-q", "-w", "net.ipv4.ip_forward=1"])
                try SystemCommand.run(
                    "ip", ["route", "flush", "proto", Self.routeProtocol])
            }
        }
    }

    /// Takes the API's virtual address and tells the segment so, or gives it up.
    func holdVirtualAddress(_ isHolder: Bool) {
        guard !virtualAddress.isEmpty else { return }
        queue.async { [self] in
            attempt { () throws(ShellError) in
                let interface = try interfaceName()
                let change = isHolder ? "replace" : "del"
                let isHeld = try SystemCommand.run("ip", ["-o", "addr", "show", "dev", interface])
                    .contains(" \(virtualAddress)/")
                guard isHolder || isHeld else { return }
                try SystemCommand.run(
                    "ip", ["addr", change, "\(virtualAddress)/32", "dev", interface])
                guard isHolder else { return }
                // Neighbours that remember the former holder learn the new one (RFC 5227 §3).
                try SystemCommand.run(
                    "busybox",
                    ["arping", "-U", "-c", "1", "-w", "1", "-I", interface, "-s",
                        virtualAddress, virtualAddress])
            }
        }
    }

    /// The interface that has the machine's own address.
    private func interfaceName() throws(ShellError) -> String {
        let listing = try SystemCommand.run("ip", ["-o", "-4", "addr", "show"])
        for line in listing.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count > 3, words[3].hasPrefix("\(address)/") { return String(words[1]) }
        }
        throw ShellError(.other, "find the interface that has the address \(address)")
    }

    func setRoutes(_ routes: [PodRoute]) {
        queue.async { [self] in
            let wanted = Set(routes)
            let old = present.withLockedValue { $0 }
            for route in old.subtracting(wanted) where !wanted.contains(where: {
                $0.podCIDR == route.podCIDR
            }) {
                attempt { () throws(ShellError) in
                    try SystemCommand.run("ip", ["route", "del", route.podCIDR])
                }
            }
            for route in wanted.subtracting(old) {
                attempt { () throws(ShellError) in
                    try SystemCommand.run(
                        "ip",
                        [
                            "route", "replace", route.podCIDR, "via", route.gateway, "proto",
                            Self.routeProtocol,
                        ])
                }
            }
            present.withLockedValue { $0 = wanted }
        }
    }

    func setProxyRules(_ rules: String) {
        waitingRules.withLockedValue { $0 = rules }
        queue.async { [self] in
            let rules = waitingRules.withLockedValue { waiting in
                defer { waiting = nil }
                return waiting
            }
            guard let rules else { return }
            attempt { () throws(ShellError) in
                try SystemCommand.run("nft", ["-f", "-"], input: rules)
            }
        }
    }

    /// Writes the CNI configuration from which the runtime gives Pods their addresses.
    func configure(
        podCIDR: String, completion: @escaping @Sendable (Result<Void, ShellError>) -> Void
    ) {
        queue.async { [self] in
            let text = CNIConfiguration.conflist(
                podCIDR: podCIDR, bridge: configuration.bridge, mtu: configuration.mtu)
            let path = configuration.cniConfigurationDirectory + "/" + CNIConfiguration.fileName
            do {
                try FileManager.default.createDirectory(
                    atPath: configuration.cniConfigurationDirectory,
                    withIntermediateDirectories: true)
                try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
                completion(.success(()))
            } catch {
                completion(
                    .failure(ShellError(.inputOutput, "write \(path)", underlying: "\(error)")))
            }
        }
    }

    private func attempt(_ action: () throws(ShellError) -> Void) {
        do throws(ShellError) {
            try action()
        } catch {
            logger.error(
                "the machine's network could not be changed", metadata: ["error": "\(error)"])
        }
    }
}
