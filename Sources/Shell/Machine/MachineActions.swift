import Base
import Daemon
import Kubelet
import Logging

/// What the core asks of the machine it runs on: the container runtime and the network.
final class MachineActions: Sendable {
    typealias Completion = @Sendable (Result<RuntimeResponse, Kubelet.RuntimeError>) -> Void

    let runtime: RuntimeClient
    let network: MachineNetwork
    private let jobs: AsyncStream<@Sendable () async -> Void>
    private let queue: AsyncStream<@Sendable () async -> Void>.Continuation

    init(runtime: RuntimeClient, network: MachineNetwork) {
        self.runtime = runtime
        self.network = network
        (jobs, queue) = AsyncStream.makeStream()
    }

    /// Performs what was and will be asked for, side by side; the client bounds how much at once.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await job in jobs {
                group.addTask { await job() }
            }
        }
    }

    /// Asks the runtime; the answer comes on any thread.
    func perform(_ request: RuntimeRequest, completion: @escaping Completion) {
        queue.yield { [runtime] in completion(await runtime.perform(request)) }
    }

    func configureNetwork(podCIDR: String, completion: @escaping Completion) {
        network.configure(podCIDR: podCIDR) { result in
            completion(
                result.map { .done }.mapError {
                    Kubelet.RuntimeError(.other, $0.description)
                })
        }
    }

    func setRoutes(_ routes: [PodRoute]) { network.setRoutes(routes) }

    func holdVirtualAddress(_ isHolder: Bool) { network.holdVirtualAddress(isHolder) }

    func setProxyRules(_ rules: String) { network.setProxyRules(rules) }
}
