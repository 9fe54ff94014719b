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

    private static let headEnd = Array("\r\n\r\n".utf8)

    package init(_ settings: LoadSettings, connection: Int) {
        operation = settings.operation
        subject = settings.subject
        host = settings.host
        prefix = "bench-\(settings.run)-\(connection)-"
    }

    package mutating func greet(into output: inout ByteBuffer) {}

    package mutating func ask(client: Int, into output: inout ByteBuffer) {
        defer { count += 1 }
        let path = Self.path(subject)
        if subject == .podList || operation == .read && count > 0 {
            let object = subject == .podList ? path : "\(path)/\(prefix)0"
            output.writeString(
                "GET \(object) HTTP/1.1\r\nhost: \(host)\r\naccept: application/json\r\n\r\n")
            return
        }
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
