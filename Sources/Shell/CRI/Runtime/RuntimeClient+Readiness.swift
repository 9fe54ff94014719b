import GRPCCore
import SwiftProtobuf

extension RuntimeClient {
    /// Whether the runtime answers and its network is configured (CRI conditions RuntimeReady
    /// and NetworkReady); the message says why not, in the kubelet's words.
    package func readiness() async -> (isReady: Bool, message: String) {
        do {
            let answer = try await runtime.status(
                .init(), options: .within(.now + .seconds(5)))
            for condition in answer.status.conditions
            where !condition.status && Self.required.contains(condition.type) {
                let words =
                    condition.type == "NetworkReady"
                    ? "container runtime network not ready" : "container runtime is down"
                return (
                    false,
                    "\(words): \(condition.type)=false reason:\(condition.reason) "
                        + "message:\(condition.message)"
                )
            }
            return (true, "")
        } catch let error as RPCError {
            return (false, "container runtime is down: \(error.message)")
        } catch {
            return (false, "container runtime is down: \(error)")
        }
    }

    private static let required: Set<String> = ["RuntimeReady", "NetworkReady"]

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
