import API
import Base
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import Objects

/// The answer to one request: complete, streamed, or an upgrade to a byte stream.
///
/// Every method may be called from any thread; the work happens on the connection's event loop
/// in the order of the calls.
package final class HTTPExchange: Sendable {
    let channel: any Channel
    /// Names the request in the audit log and in the header `Audit-Id`.
    let auditID: String
    private let limits: HTTPLimits
    private let keepsAlive: Bool
    /// A stream of HTTP/2 carries this exchange only, and never anything but HTTP.
    let isStream: Bool
    /// Answers to HEAD tell the length of a body that they do not have (RFC 9110 §9.3.2).
    private let isHead: Bool
    private let acceptsGzip: Bool
    private let handler: NIOLoopBound<HTTPExchangeHandler>
    private let state = NIOLockedValueBox(State())

    private struct State {
        var outstandingBytes = 0
        var isClosed = false
        var onClose: (@Sendable () -> Void)?
        var headers: [(String, String)] = []
        var observer: Observer?
        /// The code of the answer, once it has begun.
        var code: Int?
    }

    /// Headers that the answer will carry whatever it is.
    package func announce(_ headers: [(String, String)]) {
        state.withLockedValue { $0.headers += headers }
    }

    /// Told the code of an answer when it begins, and again when it is over.
    typealias Observer = @Sendable (_ code: Int, _ isOver: Bool) -> Void

    init(
        channel: any Channel, limits: HTTPLimits, keepsAlive: Bool, isStream: Bool,
        isHead: Bool, acceptsGzip: Bool, auditID: String,
        handler: NIOLoopBound<HTTPExchangeHandler>
    ) {
        self.auditID = auditID
        self.channel = channel
        self.limits = limits
        self.keepsAlive = keepsAlive
        self.isStream = isStream
        self.isHead = isHead
        self.acceptsGzip = acceptsGzip
        self.handler = handler
    }

    /// Called at most once, when the connection goes away before the answer is complete; at
    /// once if it already has.
    package func onClose(_ action: @escaping @Sendable () -> Void) {
        let isClosed = state.withLockedValue { state in
            if !state.isClosed { state.onClose = action }
            return state.isClosed
        }
        if isClosed { action() }
    }

    func connectionDidClose() {
        let action = state.withLockedValue { state in
            defer { state.onClose = nil }
            state.isClosed = true
            return state.onClose
        }
        action?()
        reportEnd()
    }

    /// Whether the answer has begun.
    var hasBegun: Bool { state.withLockedValue { $0.code != nil } }

    /// Who is told of the answer; set before it begins.
    func observe(_ observer: @escaping Observer) {
        state.withLockedValue { $0.observer = observer }
    }

    /// The answer begins; whoever writes it himself says so.
    func reportBeginning(_ code: Int) {
        let observer = state.withLockedValue { state in
            state.code = code
            return state.observer
        }
        observer?(code, false)
    }

    private func reportEnd() {
        let (observer, code) = state.withLockedValue { state in
            defer { state.observer = nil }
            return (state.observer, state.code)
        }
        if let code { observer?(code, true) }
    }

    /// Sends a complete answer; a long one compressed, for a client that takes that.
    package func respond(code: Int, headers: [(String, String)], body: [UInt8]) {
        // Most answers are given on the connection's own loop.
        if channel.eventLoop.inEventLoop {
            send(code: code, headers: headers, body: body)
        } else {
            channel.eventLoop.execute { [self] in
                send(code: code, headers: headers, body: body)
            }
        }
    }

    private func send(code: Int, headers: [(String, String)], body: [UInt8]) {
        var fields = headers.filter { !$0.0.isHeader("content-length") }
        var body = body
        if acceptsGzip, body.count >= limits.gzipBytesMin,
            !fields.contains(where: { $0.0.isHeader("content-encoding") })
        {
            body = Gzip.compress(body)
            fields.append(("content-encoding", "gzip"))
            fields.append(("vary", "Accept-Encoding"))
        }
        if Self.mayHaveBody(code) { fields.append(("content-length", String(body.count))) }
        let head = responseHead(code: code, headers: fields)
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        if !body.isEmpty, !isHead, Self.mayHaveBody(code) {
            let buffer = channel.allocator.buffer(bytes: body)
            channel.write(HTTPServerResponsePart.body(.byteBuffer(buffer)), promise: nil)
        }
        if keepsAlive {
            channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
        } else {
            channel.writeAndFlush(HTTPServerResponsePart.end(nil))
                .whenComplete { _ in self.channel.close(promise: nil) }
        }
        didEnd()
    }

    /// Starts an answer in pieces; in chunks, unless a header tells its length.
    package func beginStream(code: Int, headers: [(String, String)], hasBody: Bool = true) {
        var fields = headers.filter { !$0.0.isHeader("transfer-encoding") }
        if !Self.mayHaveBody(code) {
            fields.removeAll { $0.0.isHeader("content-length") }
        } else if hasBody, !fields.contains(where: { $0.0.isHeader("content-length") }) {
            fields.append(("transfer-encoding", "chunked"))
        }
        let head = responseHead(code: code, headers: fields)
        let isChunked = fields.contains { $0.0.isHeader("transfer-encoding") }
        channel.eventLoop.execute { [self] in
            channel.writeAndFlush(HTTPServerResponsePart.head(head), promise: nil)
            if isChunked { handler.value.beginChunks(on: channel) }
        }
    }

    /// Sends a piece of a streamed answer. A reader that leaves more than the limit unread is
    /// disconnected: it can resume a watch or a log where it stopped.
    package func write(_ bytes: [UInt8]) {
        guard !bytes.isEmpty, admit(bytes.count) else { return }
        channel.eventLoop.execute { [self] in send(StreamPiece(bytes)) }
    }

    /// Counts what is about to wait for the reader; closes the connection when it is too much.
    func admit(_ count: Int) -> Bool {
        let isOverdue = state.withLockedValue { state in
            state.outstandingBytes += count
            return state.outstandingBytes > limits.outstandingBytes
        }
        if isOverdue { channel.close(promise: nil) }
        return !isOverdue
    }

    /// Sends a piece that was admitted. On the connection's event loop.
    func send(_ piece: StreamPiece) {
        // What waits in a channel that takes more is bounded by the channel's own mark, so nobody
        // need be told when it is out; that costs several times as much as the writing.
        if channel.isWritable {
            handler.value.write(piece, to: channel, promise: nil)
            release(piece.count)
            return
        }
        let promise = channel.eventLoop.makePromise(of: Void.self)
        promise.futureResult.whenComplete { [self] _ in release(piece.count) }
        handler.value.write(piece, to: channel, promise: promise)
    }

    private func release(_ count: Int) {
        state.withLockedValue { $0.outstandingBytes -= count }
    }

    /// Bytes that wait for the reader; a producer that can pause should, while it is large.
    var outstandingBytes: Int { state.withLockedValue { $0.outstandingBytes } }

    package func endStream() {
        channel.eventLoop.execute { [self] in
            let written = channel.writeAndFlush(HTTPServerResponsePart.end(nil))
            if !keepsAlive { written.whenComplete { _ in self.channel.close(promise: nil) } }
            didEnd()
        }
    }

    /// Answers 101 and hands the connection's bytes to the handlers that `configure` adds.
    func upgrade(
        headers: [(String, String)], configure: @escaping @Sendable (any Channel) throws -> Void
    ) {
        var fields = HTTPHeaders(headers)
        fields.replaceOrAdd(name: "connection", value: "Upgrade")
        fields.replaceOrAdd(name: "Audit-Id", value: auditID)
        let head = HTTPResponseHead(
            version: .http1_1, status: .switchingProtocols, headers: fields)
        reportBeginning(101)
        channel.eventLoop.execute { [self] in
            channel.write(HTTPServerResponsePart.head(head), promise: nil)
            channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
            becomeByteStream(configure)
        }
    }

    /// Answers 101 and gives what `configure` made of the connection.
    func upgraded<Value: Sendable>(
        headers: [(String, String)],
        configure: @escaping @Sendable (any Channel) throws -> Value
    ) async throws -> Value {
        let promise = channel.eventLoop.makePromise(of: Value.self)
        upgrade(headers: headers) { channel in
            do {
                promise.succeed(try configure(channel))
            } catch {
                promise.fail(error)
                throw error
            }
        }
        return try await promise.futureResult.get()
    }

    /// Hands the connection's bytes to handlers that also write the answer's head.
    func tunnel(configure: @escaping @Sendable (any Channel) throws -> Void) {
        channel.eventLoop.execute { [self] in becomeByteStream(configure) }
    }

    private func becomeByteStream(_ configure: (any Channel) throws -> Void) {
        state.withLockedValue { $0.onClose = nil }
        handler.value.becomeByteStream(on: channel, configure)
        channel.closeFuture.whenComplete { _ in self.reportEnd() }
    }

    /// As Go's servers put it.
    func refuseHead() {
        respond(
            code: 431, headers: [("content-type", "text/plain; charset=utf-8")],
            body: Array("431 Request Header Fields Too Large".utf8))
    }

    /// Refuses a body, in the words of Kubernetes.
    func refuse(_ fault: IncomingBody.Fault) {
        let error =
            switch fault {
            case .tooLarge:
                StatusError(
                    .requestEntityTooLarge,
                    "Request entity too large: limit is \(limits.bodyBytes)")
            case .noRoom:
                StatusError(
                    .tooManyRequests, "Too many requests, please try again later.",
                    retryAfterSeconds: 1)
            }
        respond(.status(error))
    }

    /// Answers of these codes end with their heads (RFC 9110 §6.4.1).
    private static func mayHaveBody(_ code: Int) -> Bool {
        code >= 200 && code != 204 && code != 304
    }

    /// What every answer carries stands for what its author may have put there.
    private func responseHead(code: Int, headers: [(String, String)]) -> HTTPResponseHead {
        var own = state.withLockedValue { $0.headers }
        own.append(("Audit-Id", auditID))
        if !keepsAlive { own.append(("connection", "close")) }
        var fields = headers.filter { field in
            !own.contains {
                $0.0.utf8.count == field.0.utf8.count && field.0.isHeader($0.0.lowercased())
            }
        }
        fields += own
        if !fields.contains(where: { $0.0.isHeader("date") }) {
            fields.append(("Date", HTTPDate.text(at: .now)))
        }
        reportBeginning(code)
        return HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: code),
            headers: HTTPHeaders(fields))
    }

    private func didEnd() {
        state.withLockedValue { $0.onClose = nil }
        reportEnd()
        handler.value.exchangeDidEnd()
    }
}
