import API
import Base
import Daemon
import JSON
import NIOCore
import NIOHTTP1
import NIOSSL

/// Asks the machines what they and their Pods use, for clients of `metrics.k8s.io`.
extension DaemonShell {
    /// Who has not answered by then is left out.
    private static let usageTimeout = TimeAmount.seconds(2)

    func gatherUsage(_ ticket: Ticket, _ query: UsageQuery, from machines: [MachineContact]) {
        guard let client = exchanges.removeValue(forKey: ticket) else { return }
        var own: [String: UsageReport] = [:]
        own[configuration.name.text] = core.usageReport
        let (trust, auditor) = (trust, auditor)
        let asked = machines.map { machine in
            let promise = eventLoop.makePromise(of: UsageReport?.self)
            promise.completeWithTask { await Self.report(of: machine, trust) }
            return promise.futureResult.map { (machine.name.text, $0) }
        }
        EventLoopFuture.whenAllSucceed(asked, on: eventLoop).whenSuccess { [own] answers in
            let others = answers.compactMap { name, report in report.map { (name, $0) } }
            let reports = own.merging(others) { own, _ in own }
            let response = query.response(reports)
            auditor?.write(client.audit?.completed(response, at: .now))
            client.exchange.respond(response)
        }
    }

    private static func report(
        of machine: MachineContact, _ trust: MachineTrust
    ) async -> UsageReport? {
        let client = HTTPClient(
            target: .tls(
                host: machine.host, port: Int(machine.port), context: trust.peerClient),
            timeout: usageTimeout)
        let answer = try? await client.request(.GET, ClusterRoutes.usagePath)
        guard let answer, answer.code == 200, let json = try? JSON(parsing: answer.body) else {
            return nil
        }
        return UsageReport(json)
    }
}
