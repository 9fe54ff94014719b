import GRPCCore
import SwiftProtobuf

extension RuntimeClient {
    /// Whether the runtime answers (CRI condition RuntimeReady). The message is empty when its
    /// network is configured too (NetworkReady), and else says in the kubelet's words what is
    /// missing: Pods with the machine's own network run without.
    package func readiness() async -> (isReady: Bool, message: String) {
        do {
            let answer = try await runtime.status(
                .init(), options: .within(.now + .seconds(5)))
            let missing = answer.status.conditions.filter { !$0.status }
            func words(_ type: String, _ start: String) -> String? {
                missing.first { $0.type == type }.map {
                    "\(start): \($0.type)=false reason:\($0.reason) message:\($0.message)"
                }
            }
            if let down = words("RuntimeReady", "container runtime is down") {
                return (false, down)
            }
            return (true, words("NetworkReady", "container runtime network not ready") ?? "")
        } catch let error as RPCError {
            return (false, "container runtime is down: \(error.message)")
        } catch {
            return (false, "container runtime is down: \(error)")
        }
    }

    /// Such as `containerd://1.6.20`, as the Node's `containerRuntimeVersion`; nil while the
    /// runtime does not answer.
    package func version() async -> String? {
        let options = CallOptions.within(.now + .seconds(5))
        guard let answer = try? await runtime.version(.init(), options: options) else {
            return nil
        }
        // Debian's suffix is no part of the version.
        let version = answer.runtimeVersion.prefix { $0 != "~" }
        return "\(answer.runtimeName)://\(version)"
    }
}
