import Base
import Gossip
import JSON
import NIOCore
import NIOEmbedded
import Shell

/// What only the shell reads: files, streams and YAML.
extension FuzzDecoder {
    /// Every decoder, in the order in which they run.
    package static let all =
        cores + [wal, snapshotFile, yaml, frames, dnsStream, webSocket, claims, files]

    static let wal = FuzzDecoder(
        "wal", "segments of the write-ahead log",
        seeds: {
            let records = [[UInt8](repeating: 1, count: 40), [], Array(0...255)]
            let first = segment.frame(records[...], at: segment.headerSize)
            let second = segment.frame(
                records[..<1], at: segment.headerSize + first.count)
            let rest = [UInt8](repeating: 0, count: 600)
            return [segment.header, first, first + second, first + rest]
        },
        check: { bytes in
            _ = LogSegment(header: bytes)
            return readsItself(bytes).and(readSegment(segment.header + bytes))
        })

    private static let segment = LogSegment(
        number: 3, salt: 0x1234_5678_9ABC, previousSalt: 7, allocated: 1 << 20, isBase: true)

    /// Whatever a record is, its frame gives it back.
    private static func readsItself(_ bytes: [UInt8]) -> Outcome {
        let start = segment.headerSize
        let file = segment.header + segment.frame([bytes, []], at: start)
        guard segment.readFrame(file, at: start) == .good([bytes, []], end: file.count) else {
            return .broken("a frame does not give back its record")
        }
        return .refused
    }

    /// Walks through a segment as recovery does.
    private static func readSegment(_ file: [UInt8]) -> Outcome {
        var offset = segment.headerSize
        while true {
            switch segment.readFrame(file, at: offset) {
            case .good(_, let end):
                guard end > offset, end <= file.count else {
                    return .broken("a frame at \(offset) ends at \(end) of \(file.count)")
                }
                offset = end
            case .badBody(let end):
                return judge(file, at: offset, frameEnd: end)
            case .badHead:
                return judge(file, at: offset, frameEnd: nil)
            case .unopened:
                return .broken("a frame at \(offset) is sealed, in a segment that is not")
            case .end:
                return .accepted
            }
        }
    }

    private static func judge(_ file: [UInt8], at offset: Int, frameEnd: Int?) -> Outcome {
        if let good = segment.findGoodFrame(file, behind: offset), good <= offset {
            return .broken("a good frame at \(good) is not behind \(offset)")
        }
        _ = segment.isTorn(file, at: offset, frameEnd: frameEnd)
        return .refused
    }

    static let yaml = FuzzDecoder(
        "yaml", "YAML request bodies, machine configurations", isText: true,
        tokens: [
            "- ", ": ", "? ", "&a ", "*a", "<<: *a", "!!int ", "|\n", ">\n", "\n", "  ", "#",
            "---\n", "...\n", "\"", "'", "{", "}", "[", "]", ",", "0x1F", "1_000", ".inf", ".nan",
            "~", "yes", "name: ", "mesh:\n  port: ",
        ],
        seeds: {
            [
                "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels: {app: web}\n",
                "spec:\n  containers:\n  - name: a\n    args: [\"x\", 'y', |\n      z\n    ]\n",
                "base: &a {x: 1, y: [1, 2.5, true, ~]}\nother:\n  <<: *a\n  z: *a\n",
                "name: machine-1\naddress: 10.0.0.1\nmesh:\n  port: 7946\nlogLevel: info\n",
            ].map { Array($0.utf8) }
        },
        check: { bytes in
            var outcome = Outcome.refused
            if let document = try? YAMLBody.json(bytes) {
                let limits = JSONLimits(bytesMax: .max)
                guard (try? JSON(parsing: document.bytes, limits: limits)) == document else {
                    return .broken("a YAML document is none in JSON")
                }
                outcome = .accepted
            }
            if let text = String(validating: bytes, as: UTF8.self),
                (try? MachineConfiguration(yaml: text, file: "fuzz.yaml")) != nil
            {
                outcome = .accepted
            }
            return outcome
        })

    static let frames = FuzzDecoder(
        "frames", "frames of SPDY and of the links between machines",
        seeds: {
            var encoder = SPDYEncoder()
            let spdy: [SPDYFrame] = [
                .synStream(stream: 1, headers: [(name: "streamtype", value: "stdin")]),
                .data(stream: 1, bytes: [1, 2, 3], isLast: true), .ping(id: 4),
            ]
            return spdy.map { encoder.encode($0) } + [
                [0x80, 3, 0, 2, 0, 0, 0, 4, 0, 0, 0, 1],
                [0x80, 3, 0, 3, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 5],
                [0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 0],
            ]
        },
        check: { bytes in
            var whole = SPDYDecoder()
            whole.feed(bytes)
            var expected: [SPDYFrame] = []
            _ = take(from: &whole, into: &expected)
            // What comes in pieces is what comes at once. A frame that is refused ends the
            // connection, so nothing is fed behind it.
            var pieces = SPDYDecoder()
            var frames: [SPDYFrame] = []
            for byte in bytes.prefix(512) {
                pieces.feed(CollectionOfOne(byte))
                guard take(from: &pieces, into: &frames) else { break }
            }
            guard bytes.count > 512 || frames == expected else {
                return .broken("SPDY frames depend on how their bytes arrive")
            }
            return linkFrames(bytes).and(expected.isEmpty ? .refused : .accepted)
        })

    /// Takes the frames that are complete; false when one is refused.
    private static func take(
        from decoder: inout SPDYDecoder, into frames: inout [SPDYFrame]
    ) -> Bool {
        do throws(SPDYDecoder.Malformed) {
            while let frame = try decoder.next() { frames.append(frame) }
            return true
        } catch {
            return false
        }
    }

    private static func linkFrames(_ bytes: [UInt8]) -> Outcome {
        let channel = EmbeddedChannel(handler: ByteToMessageHandler(FrameDecoder()))
        defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
        guard (try? channel.writeInbound(ByteBuffer(bytes: bytes))) != nil else { return .refused }
        var total = 0
        var outcome = Outcome.refused
        while let frame = try? channel.readInbound(as: ByteBuffer.self) {
            total += 4 + frame.readableBytes
            outcome = .accepted
        }
        return total <= bytes.count ? outcome : .broken("frames of \(total) bytes came out")
    }

    static let files = FuzzDecoder(
        "files", "the file of peers, join tokens, log lines", isText: true,
        tokens: ["@", ".", "[", "]", "{", "}", "\"name\":", "stdout", "stderr", " F ", " P:", "\n"],
        seeds: {
            [
                #"[{"name":"machine-1","address":"10.0.0.1","port":7946,"certificate":[1,2,3]}]"#,
                "abcdef.0123456789abcdef@" + String(repeating: "0", count: 64),
                "2026-11-21T07:13:26.896763313Z stdout F the text\n"
                    + "2026-11-21T07:13:27Z stderr P:x a part\n",
            ].map { Array($0.utf8) }
        },
        check: { bytes in
            var outcome = Outcome.refused
            if let seeds = PeersFile.seeds(in: bytes) {
                _ = seeds.map { GossipSeed($0) }
                outcome = .accepted
            }
            if let text = String(validating: bytes, as: UTF8.self),
                let token = try? JoinToken(parsing: text)
            {
                guard (try? JoinToken(parsing: token.description)) == token else {
                    return .broken("a join token does not read itself")
                }
                outcome = .accepted
            }
            var options = LogOptions()
            options.timestamps = true
            options.limitBytes = 4_096
            var formatter = LogFormatter(options)
            let written = formatter.format(bytes[...])
            guard written.count <= 4_096 else { return .broken("more than the limit") }
            return written.isEmpty ? outcome : .accepted
        })
}
