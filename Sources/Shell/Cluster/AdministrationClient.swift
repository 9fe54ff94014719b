import Foundation
import NIOHTTP1

/// Talks to the daemon of this machine through its administration socket, which only root can
/// open. The command line uses it.
package struct AdministrationClient: Sendable {
    package let socket: String

    package init(configuration: MachineConfiguration) {
        socket = Self.socketPath(configuration)
    }

    static func socketPath(_ configuration: MachineConfiguration) -> String {
        configuration.dataDirectory + "/podmesh.sock"
    }

    /// The body of a successful answer; any other is an error with the server's own words.
    package func get(_ path: String) async throws(ShellError) -> [UInt8] {
        try await send(.GET, path, [])
    }

    package func post(_ path: String, _ body: [UInt8]) async throws(ShellError) -> [UInt8] {
        try await send(.POST, path, body)
    }

    package func delete(_ path: String) async throws(ShellError) -> [UInt8] {
        try await send(.DELETE, path, [])
    }

    private func send(
        _ method: HTTPMethod, _ path: String, _ body: [UInt8]
    ) async throws(ShellError) -> [UInt8] {
        let response: HTTPClient.Response
        do {
            response = try await HTTPClient(target: .socket(socket)).request(
                method, path, headers: [("content-type", "application/json")], body: body)
        } catch {
            throw ShellError(
                .unreachable, "reach the daemon at \(socket)",
                underlying: "\(error); is \"podmesh run\" running on this machine?")
        }
        guard (200..<300).contains(response.code) else {
            throw ShellError(.other, "\(method) \(path)", underlying: Self.message(in: response))
        }
        return response.body
    }

    /// The message of a Kubernetes Status, or the answer's own text.
    static func message(in response: HTTPClient.Response) -> String {
        struct Status: Decodable { var message: String }
        if let status = try? JSONDecoder().decode(Status.self, from: Data(response.body)) {
            return status.message
        }
        return "HTTP \(response.code): \(String(decoding: response.body, as: UTF8.self))"
    }
}
