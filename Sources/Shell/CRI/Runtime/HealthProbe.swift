import Base
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Kubelet

/// Asks a server for its health by the gRPC health checking protocol (`grpc.health.v1`).
enum HealthProbe {
    private static let states = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"]

    static func check(
        host: String, port: UInt16, service: String, timeout: Span
    ) async throws -> RuntimeResponse {
        let address = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        // Nobody listening must be told apart from a server that answers nothing.
        do {
            try await HTTPProbe.connect(host: host, port: port, timeout: timeout)
        } catch {
            throw Kubelet.RuntimeError(
                .connectionFailed,
                "timeout: failed to connect service \"\(address)\" within \(text(timeout)): "
                    + "\((error as? Kubelet.RuntimeError)?.message ?? "\(error)")")
        }
        var options = CallOptions.defaults
        options.timeout = .nanoseconds(timeout.nanoseconds)
        let transport = try HTTP2ClientTransport.Posix(
            target: host.contains(":")
                ? .ipv6(address: host, port: Int(port)) : .ipv4(address: host, port: Int(port)),
            transportSecurity: .plaintext)
        let call = options
        do {
            let answer = try await withGRPCClient(transport: transport) { client in
                var request = WireMessage()
                request.append(1, service)
                return try await client.call(
                    "grpc.health.v1.Health", "Check", request,
                    metadata: ["user-agent": "kube-probe/1.36"], call)
            }
            let state = Int(answer.number(1))
            return .health(status: states.indices.contains(state) ? states[state] : "\(state)")
        } catch let error as RPCError {
            throw Kubelet.RuntimeError(.connectionFailed, message(error, timeout))
        }
    }

    private static func message(_ error: RPCError, _ timeout: Span) -> String {
        switch error.code {
        case .unimplemented:
            "error: this server does not implement the grpc health protocol "
                + "(grpc.health.v1.Health): \(error.message)"
        case .deadlineExceeded:
            "timeout: health rpc did not complete within \(text(timeout))"
        default: "error: health rpc probe failed: \(error.message)"
        }
    }

    private static func text(_ span: Span) -> String {
        "\(span.nanoseconds / 1_000_000_000)s"
    }
}
