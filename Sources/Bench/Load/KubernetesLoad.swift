package import NIOCore

/// The Kubernetes API's side of a load: ConfigMaps over HTTP/1.1, one request at a time on each
/// connection, as clients without HTTP/2 do it. Writes create ConfigMaps with 512 B of data; reads
/// get the one that every connection created first.
package struct KubernetesLoad: LoadProtocol {
    private let operation: LoadSettings.Operation
    private let host: String
    private let prefix: String
    private var count = 0

    private static let path = "/api/v1/namespaces/default/configmaps"
    private static let headEnd = Array("\r\n\r\n".utf8)

    package init(
        _ operation: LoadSettings.Operation, host: String, run: String, connection: Int
    ) {
        self.operation = operation
        self.host = host
        prefix = "bench-\(run)-\(connection)-"
    }

    package mutating func greet(into output: inout ByteBuffer) {}

    package mutating func ask(client: Int, into output: inout ByteBuffer) {
        defer { count += 1 }
        if operation == .read, count > 0 {
            output.writeString(
                "GET \(Self.path)/\(prefix)0 HTTP/1.1\r\nhost: \(host)\r\n"
                    + "accept: application/json\r\n\r\n")
            return
        }
        let value = String(decoding: LoadContent.value, as: UTF8.self)
        let body = """
            {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"\(prefix)\(count)"},\
            "data":{"value":"\(value)"}}
            """
        output.writeString(
            "POST \(Self.path) HTTP/1.1\r\nhost: \(host)\r\ncontent-type: application/json\r\n"
                + "content-length: \(body.utf8.count)\r\n\r\n" + body)
    }

    package mutating func take(
        _ input: inout ByteBuffer, answers: inout [LoadAnswer], into output: inout ByteBuffer
    ) throws(BenchError) {
        let bytes = input.readableBytesView
        guard let end = bytes.firstRange(of: Self.headEnd) else { return }
        let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).lowercased()
        let lines = head.split(separator: "\r\n")
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        let field = lines.first { $0.hasPrefix("content-length:") }
        guard let status,
            let length = field?.split(separator: " ").last.flatMap({ Int($0) }), length >= 0
        else { throw BenchError("the API answered without a status or a length: \(head)") }
        let whole = end.upperBound - bytes.startIndex + length
        guard input.readableBytes >= whole else { return }
        input.moveReaderIndex(forwardBy: whole)
        answers.append(LoadAnswer(client: 0, isGood: (200..<300).contains(status)))
    }
}
