package import NIOCore

/// The Kubernetes API's side of a load: objects over HTTP/1.1, one request at a time on each
/// connection, as clients without HTTP/2 do it. Writes create objects; reads get the one that every
/// connection created first.
package struct KubernetesLoad: LoadProtocol {
    private let operation: LoadSettings.Operation
    private let subject: LoadSettings.Subject
    private let host: String
    private let prefix: String
    private var count = 0
    /// What a read asks, the same each time.
    private let question: String

    package init(_ settings: LoadSettings, connection: Int) {
        operation = settings.operation
        subject = settings.subject
        host = settings.host
        prefix = "bench-\(settings.run)-\(connection)-"
        let path = Self.path(settings.subject)
        let object = settings.subject == .podList ? path : "\(path)/\(prefix)0"
        question = "GET \(object) HTTP/1.1\r\nhost: \(host)\r\naccept: application/json\r\n\r\n"
    }

    package mutating func greet(into output: inout ByteBuffer) {}

    package mutating func ask(client: Int, into output: inout ByteBuffer) {
        defer { count += 1 }
        if subject == .podList || operation == .read && count > 0 {
            output.writeString(question)
            return
        }
        let path = Self.path(subject)
        let body = Self.body(subject, name: "\(prefix)\(count)")
        output.writeString(
            "POST \(path) HTTP/1.1\r\nhost: \(host)\r\ncontent-type: application/json\r\n"
                + "content-length: \(body.utf8.count)\r\n\r\n" + body)
    }

    private static func path(_ subject: LoadSettings.Subject) -> String {
        switch subject {
        case .configMap, .document: "/api/v1/namespaces/default/configmaps"
        case .pod: "/api/v1/namespaces/default/pods"
        case .podList: "/api/v1/namespaces/\(LoadContent.listed)/pods"
        }
    }

    package static func body(_ subject: LoadSettings.Subject, name: String) -> String {
        switch subject {
        case .configMap: configMap(name, bytes: LoadContent.valueBytes)
        case .document: configMap(name, bytes: 1_300)
        case .pod, .podList:
            """
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"\(name)",\
            "labels":{"app":"web","tier":"front"}},"spec":{"nodeSelector":{"bench":"nowhere"},\
            "containers":[{"name":"web","image":"docker.io/library/busybox:1.36",\
            "command":["sleep","3600"],"ports":[{"name":"http","containerPort":80}],\
            "env":[{"name":"MODE","value":"bench"}],\
            "resources":{"requests":{"cpu":"10m","memory":"16Mi"}}}]}}
            """
        }
    }

    private static func configMap(_ name: String, bytes: Int) -> String {
        let value = String(repeating: "v", count: bytes)
        return #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"\#(name)"},"#
            + #""data":{"value":"\#(value)"}}"#
    }

    package mutating func take(
        _ input: inout ByteBuffer, answers: inout [LoadAnswer], into output: inout ByteBuffer
    ) throws(BenchError) {
        guard let head = input.withUnsafeReadableBytes(Self.head) else { return }
        guard let status = head.status, let length = head.length
        else { throw BenchError("the API answered without a status or a length") }
        let whole = head.bytes + length
        guard input.readableBytes >= whole else { return }
        input.moveReaderIndex(forwardBy: whole)
        answers.append(LoadAnswer(client: 0, isGood: (200..<300).contains(status)))
    }

    /// What a client needs of an answer's head, read in place: the client must cost little beside
    /// the server that it measures. Nil while the head is not complete.
    private static func head(
        _ bytes: UnsafeRawBufferPointer
    ) -> (bytes: Int, status: Int?, length: Int?)? {
        var start = 0
        var status: Int?
        var length: Int?
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            if line.count <= 1 { return (end + 1, status, length) }
            if start == 0 {
                status = number(line.dropFirst("HTTP/1.1 ".utf8.count))
            } else if isName(contentLength, of: line) {
                length = number(line.dropFirst(contentLength.count))
            }
            start = end + 1
        }
        return nil
    }

    private static let contentLength = Array("content-length:".utf8)

    /// Whether a line begins with that name, whatever its case.
    private static func isName(_ name: [UInt8], of line: UnsafeRawBufferPointer) -> Bool {
        line.count > name.count && zip(line, name).allSatisfy { $0 | 0x20 == $1 | 0x20 }
    }

    /// The number at the beginning, behind spaces.
    private static func number(_ bytes: Slice<UnsafeRawBufferPointer>) -> Int? {
        var value: Int?
        for byte in bytes {
            if byte == UInt8(ascii: " "), value == nil { continue }
            guard (48...57).contains(byte) else { break }
            let (product, isTooLarge) = (value ?? 0).multipliedReportingOverflow(by: 10)
            guard !isTooLarge else { return nil }
            value = product + Int(byte - 48)
        }
        return value
    }
}
