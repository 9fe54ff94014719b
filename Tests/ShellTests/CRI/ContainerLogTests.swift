import Base
import Foundation
import Kubelet
import Shell
import Testing

@Suite struct ContainerLogTests {
    private static let text = """
        2026-11-21T07:00:01.5Z stdout F first
        2026-11-21T07:00:02Z stderr F second
        2026-11-21T07:00:03Z stdout P thi
        2026-11-21T07:00:03.1Z stdout F rd
        garbage
        2026-11-21T07:00:04Z stdout F\u{20}
        2026-11-21T07:00:05Z stdout F last

        """

    private func format(
        pieces: Int = .max, _ change: (inout LogOptions) -> Void = { _ in }
    ) -> String {
        var options = LogOptions()
        change(&options)
        var formatter = LogFormatter(options)
        let bytes = Array(Self.text.utf8)
        var output: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: min(pieces, bytes.count)) {
            let end = min(bytes.count, start + min(pieces, bytes.count))
            output += formatter.format(bytes[start..<end])
        }
        return String(decoding: output, as: UTF8.self)
    }

    @Test(arguments: [1, 2, 7, 64, 1_000])
    func `lines come out whole, parts joined, noise left out`(_ size: Int) {
        #expect(format(pieces: size) == "first\nsecond\nthird\n\nlast\n")
    }

    @Test func `timestamps have nine digits and stand once before a joined line`() {
        #expect(
            format { $0.timestamps = true } == """
                2026-11-21T07:00:01.500000000Z first
                2026-11-21T07:00:02.000000000Z second
                2026-11-21T07:00:03.000000000Z third
                2026-11-21T07:00:04.000000000Z\u{20}
                2026-11-21T07:00:05.000000000Z last

                """)
    }

    @Test func `sinceTime and limitBytes cut`() {
        let time = WallTime(rfc3339: "2026-11-21T07:00:04Z")
        #expect(format { $0.sinceTime = time } == "\nlast\n")
        #expect(format { $0.limitBytes = 8 } == "first\nse")
        #expect(format { $0.limitBytes = 0 } == "")
    }

    @Test(arguments: [
        (0, ""), (1, "last\n"), (2, "\nlast\n"), (99, "first\nsecond\nthird\n\nlast\n"),
    ])
    func `tailLines counts lines of the file from its end`(_ lines: Int, _ expected: String)
        async throws
    {
        let folder = try TestFolder()
        let path = "\(folder.path)/0.log"
        try Self.text.write(toFile: path, atomically: true, encoding: .utf8)
        var options = LogOptions()
        options.tailLines = lines
        var output: [UInt8] = []
        try await ContainerLog(path: path, options: options).read(while: { true }) { output += $0 }
        #expect(String(decoding: output, as: UTF8.self) == expected)
    }

    @Test func `following goes on in the new file after a rotation`() async throws {
        let folder = try TestFolder()
        let path = "\(folder.path)/0.log"
        func line(_ text: String) -> String { "2026-11-21T07:00:01Z stdout F \(text)\n" }
        try line("one").write(toFile: path, atomically: false, encoding: .utf8)
        var options = LogOptions()
        options.follow = true
        var output = ""
        try await ContainerLog(path: path, options: options).read(while: { false }) { bytes in
            output += String(decoding: bytes, as: UTF8.self)
            guard output == "one\n" else { return }
            try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
            try line("two").write(toFile: path, atomically: false, encoding: .utf8)
        }
        #expect(output == "one\ntwo\n")
    }

    @Test func `a log that is not there is not found`() async throws {
        let log = ContainerLog(path: "/nonexistent/0.log", options: LogOptions())
        do {
            try await log.read(while: { true }) { _ in }
            Issue.record("read what is not there")
        } catch let error as RuntimeError {
            #expect(error.code == .notFound)
        }
    }
}
