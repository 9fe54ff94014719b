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
    private let logger: Logger
    private let queue = DispatchQueue(label: "podmesh.network")
    private let waitingRules = NIOLockedValueBox<String?>(nil)
    private let present = NIOLockedValueBox<Set<PodRoute>>([])

    /// Marks the kernel routes that are podmesh's (`ip route … proto`).
    private static let routeProtocol = "112"

    init(configuration: MachineConfiguration.Network, logger: Logger) {
        self.configuration = configuration
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
            logger.error("the machine's network could not be changed", metadata: ["error": "\(error)"])
        }
    }
}
