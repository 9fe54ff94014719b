package import API
import Base
import Foundation
import Logging
import NIOCore
import NIOHTTP1

/// Writes what the policy wants to know of requests into the audit log. The policy and the content
/// of events are the API's; here are only times, addresses and the file.
package struct Auditor: Sendable {
    private let policy: AuditPolicy
    private let log: AuditLog

    /// Nil when the configuration names no policy.
    init?(_ settings: MachineConfiguration.Audit, logger: Logger) throws(ShellError) {
        guard !settings.policyFile.isEmpty else { return nil }
        policy = try Self.policy(in: settings.policyFile)
        log = try AuditLog(settings, logger: logger)
    }

    /// Reads a policy, in YAML or JSON.
    package static func policy(in path: String) throws(ShellError) -> AuditPolicy {
        let operation = "read the audit policy \(path)"
        do {
            return try AuditPolicy(
                try YAMLBody.json([UInt8](Data(contentsOf: URL(fileURLWithPath: path)))))
        } catch {
            throw ShellError(.badRequest, operation, underlying: "\(error)")
        }
    }

    var counts: (written: UInt64, lost: UInt64) { log.counts }

    func write(_ line: [UInt8]?) {
        if let line { log.write(line) }
    }

    /// Begins to log a request; nil when it is not to be logged.
    func begin(
        _ request: APIRequest, _ http: HTTPRequest, _ exchange: HTTPExchange,
        _ trail: (AuditPolicy, AuditTrail.Origin) -> AuditTrail?
    ) -> AuditTrail? {
        // The machine that the client spoke to has logged what it passes on.
        guard !http.isForwarded else { return nil }
        let origin = AuditTrail.Origin(
            id: exchange.auditID, sourceIPs: Self.sourceIPs(of: http, exchange),
            attempted: Self.attempted(http))
        let trail = trail(policy, origin)
        write(trail?.received())
        return trail
    }

    /// Logs the beginning and the end of an answer that goes on.
    func follow(_ trail: AuditTrail, _ exchange: HTTPExchange) {
        exchange.observe { code, isOver in
            write(isOver
                ? trail.completed(code: code, at: .now) : trail.started(code: code, at: .now))
        }
    }

    /// The client, behind the proxies that say whom they speak for.
    private static func sourceIPs(of http: HTTPRequest, _ exchange: HTTPExchange) -> [String] {
        var addresses = http.head.headers["x-forwarded-for"]
            .flatMap { $0.split(separator: ",") }
            .map { $0.trimmingCharacters(in: .whitespaces) }
        if let real = http.header("x-real-ip"), !addresses.contains(real) {
            addresses.append(real)
        }
        addresses = addresses.filter { (try? SocketAddress(ipAddress: $0, port: 0)) != nil }
        if let remote = exchange.channel.remoteAddress?.ipAddress, remote != addresses.last {
            addresses.append(remote)
        }
        return addresses
    }

    /// How the client tried to prove who it is, as Kubernetes names the ways.
    private static func attempted(_ http: HTTPRequest) -> [String] {
        let scheme = http.header("authorization")?.split(separator: " ").first?.lowercased()
        var ways: [String] = []
        if let scheme, ["basic", "bearer"].contains(scheme) { ways.append(scheme) }
        switch http.connection {
        case .certificate, .refused: ways.append("x509")
        case .anonymous, .administrator: break
        }
        return ways
    }
}
