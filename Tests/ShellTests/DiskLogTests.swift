import Glibc
import Shell
import Testing

@Suite struct DiskLogTests {
    private let segment = "log-0000000000000001"

    private func record(_ number: Int, size: Int = 6) -> [UInt8] {
        Array("\(number):".utf8) + [UInt8](repeating: UInt8(number & 0x7F) + 1, count: size)
    }

    /// Three synced batches; returns the segment's bytes and where each frame ends.
    private func filled(_ folder: DiskFolder) throws -> (bytes: [UInt8], ends: [Int]) {
        let (log, records) = try WriteAheadLog.open(directory: folder.path)
        #expect(records.isEmpty)
        var ends = [try folder.read(segment).count]
        for batch in [[1, 2], [3], [4, 5, 6]] {
            log.append(batch.map { record($0) })
            try log.sync()
            ends.append(try folder.read(segment).count)
        }
        return (try folder.read(segment), ends)
    }

    private func reopen(_ folder: DiskFolder) throws -> [[UInt8]] {
        try WriteAheadLog.open(directory: folder.path).records
    }

    @Test func `the checksum is that of RFC 3720`() {
        #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(CRC32C.checksum((0..<32).map { UInt8($0) }) == 0x46DD_794E)
        var parts = CRC32C()
        parts.update(Array("1234".utf8))
        parts.update("56789".utf8.lazy.map { $0 })
        #expect(parts.value == 0xE306_9283)
    }

    @Test func `records come back in order after a restart, and what was not synced does not`()
        throws
    {
        let folder = try DiskFolder()
        _ = try filled(folder)
        let (log, records) = try WriteAheadLog.open(directory: folder.path)
        #expect(records == (1...6).map { record($0) })
        log.append([record(7), []])
        try log.sync()
        log.append([record(8)])
        #expect(try reopen(folder) == (1...7).map { record($0) } + [[]])
    }

    @Test func `a tail torn at any byte is cut at the last whole batch`() throws {
        let folder = try DiskFolder()
        let (bytes, ends) = try filled(folder)
        let batches = [[], [1, 2], [1, 2, 3], [1, 2, 3, 4, 5, 6]]
        for length in ends[0]...bytes.count {
            try folder.write(Array(bytes[..<length]), to: segment)
            let whole = try #require(ends.lastIndex { $0 <= length })
            let (log, records) = try WriteAheadLog.open(directory: folder.path)
            #expect(records == batches[whole].map { record($0) })
            #expect(try folder.read(segment).count == ends[whole])
            // The log goes on behind the cut.
            log.append([record(9)])
            try log.sync()
            #expect(try reopen(folder) == (batches[whole] + [9]).map { record($0) })
        }
    }

    @Test func `a tail whose blocks were never written reads as zeros and is cut`() throws {
        let folder = try DiskFolder()
        let (log, _) = try WriteAheadLog.open(directory: folder.path)
        log.append([record(1, size: 700)])
        try log.sync()
        let end = try folder.read(segment).count
        log.append([record(2, size: 2_000)])
        try log.sync()
        let whole = try folder.read(segment)
        for block in (end / 512 + 1)..<(whole.count / 512) {
            var bytes = whole
            for offset in (block * 512)..<(block * 512 + 512) { bytes[offset] = 0 }
            try folder.write(bytes, to: segment)
            #expect(try reopen(folder) == [record(1, size: 700)])
        }
        try folder.write(
            Array(whole[..<end]) + [UInt8](repeating: 0, count: 4_096), to: segment)
        #expect(try reopen(folder) == [record(1, size: 700)])
    }

    @Test func `a flipped bit anywhere is refused with file, offset and advice`() throws {
        let folder = try DiskFolder()
        let (bytes, ends) = try filled(folder)
        for offset in bytes.indices {
            var damaged = bytes
            damaged[offset] ^= 1 << UInt8(offset % 8)
            try folder.write(damaged, to: segment)
            let start = offset < ends[0] ? 0 : try #require(ends.last { $0 <= offset })
            let error = try #require(throws: ShellError.self) { try reopen(folder) }
            #expect(error.code == .corrupt)
            #expect(error.description.contains("\(folder.path)/\(segment) at byte \(start),"))
            #expect(error.description.contains("join the machine anew"))
            #expect(try folder.read(segment) == damaged, "damage is kept for inspection")
        }
    }

    @Test func `zeros in the middle are damage, because good records follow`() throws {
        let folder = try DiskFolder()
        let (log, _) = try WriteAheadLog.open(directory: folder.path)
        for number in 1...2 {
            log.append([record(number, size: 2_000)])
            try log.sync()
        }
        var bytes = try folder.read(segment)
        for offset in 512..<1_024 { bytes[offset] = 0 }
        try folder.write(bytes, to: segment)
        let error = try #require(throws: ShellError.self) { try reopen(folder) }
        #expect(error.description.contains("at byte 32, and good records follow at byte"))
    }

    @Test func `a frame of another segment at the same place is not taken for one`() throws {
        let (folder, other) = (try DiskFolder(), try DiskFolder())
        let (bytes, ends) = try filled(folder)
        let (foreign, foreignEnds) = try filled(other)
        #expect(ends == foreignEnds)
        // As if blocks of a removed file had come back behind the first batch.
        try folder.write(Array(bytes[..<ends[1]] + foreign[ends[1]...]), to: segment)
        let error = try #require(throws: ShellError.self) { try reopen(folder) }
        #expect(error.description.contains("at byte \(ends[1]),"))
    }

    @Test func `a record that looks like a frame is not taken for one`() throws {
        let folder = try DiskFolder()
        let (bytes, ends) = try filled(folder)
        let frame = Array(bytes[ends[0]..<ends[1]])
        let (log, _) = try WriteAheadLog.open(directory: folder.path)
        log.append([frame + frame])
        try log.sync()
        let whole = try folder.read(segment)
        try folder.write(Array(whole.dropLast(1)), to: segment)
        #expect(try reopen(folder) == (1...6).map { record($0) })
    }

    @Test func `full segments are followed by new ones, and a missing one is refused`() throws {
        let folder = try DiskFolder()
        func open() throws -> (WriteAheadLog, [[UInt8]]) {
            try WriteAheadLog.open(
                directory: folder.path, segmentBytesMax: 150, calls: DiskCalls())
        }
        var (log, records) = try open()
        for number in 0..<40 {
            log.append([record(number)])
            try log.sync()
            if number == 20 { (log, records) = try open() }
        }
        #expect(records.count == 21)
        let names = folder.names
        #expect(names.count > 4 && names == names.sorted())
        #expect(try open().1 == (0..<40).map { record($0) })

        for name in names.dropLast() {
            let bytes = try folder.read(name)
            unlink("\(folder.path)/\(name)")
            let error = try #require(throws: ShellError.self) { try open() }
            #expect(error.code == .corrupt && error.description.contains("\(name) is missing"))
            // Cut short, although whole batches remain at the end of every other segment.
            try folder.write(Array(bytes.dropLast(1)), to: name)
            let torn = try #require(throws: ShellError.self) { try open() }
            #expect(torn.description.contains("later segments follow"))
            try folder.write(bytes, to: name)
        }
        #expect(try open().1.count == 40)
    }

    @Test func `a replaced log holds the new records only, and goes on`() throws {
        let folder = try DiskFolder()
        _ = try filled(folder)
        let (log, _) = try WriteAheadLog.open(directory: folder.path)
        log.append([record(7)])
        try log.replace(with: [record(10), record(11)])
        #expect(folder.names == ["log-0000000000000002"])
        log.append([record(12)])
        try log.sync()
        #expect(try reopen(folder) == [10, 11, 12].map { record($0) })
    }

    @Test func `a crash at any call of a replacement leaves the old log or the new one`() throws {
        var outcomes: Set<Int> = []
        for failing in 0..<12 {
            let folder = try DiskFolder()
            _ = try filled(folder)
            let disk = FaultyDisk()
            let (crashing, _) = try WriteAheadLog.open(
                directory: folder.path, segmentBytesMax: 1 << 20, calls: disk.calls)
            disk.fail(after: failing)
            let result = Result { try crashing.replace(with: [record(10), record(11)]) }
            let records = try reopen(folder)
            if case .success = result {
                #expect(records == [10, 11].map { record($0) })
            } else {
                #expect(records == (1...6).map { record($0) } || records.count == 2)
                #expect(throws: ShellError.self) { try crashing.sync() }
            }
            outcomes.insert(records.count)
            #expect(folder.names.count == 1, "leftovers are removed: \(folder.names)")
        }
        #expect(outcomes == [2, 6])
    }

    @Test func `older segments that a crash left behind a base are removed`() throws {
        let folder = try DiskFolder()
        let (bytes, _) = try filled(folder)
        let (log, _) = try WriteAheadLog.open(directory: folder.path)
        try log.replace(with: [record(10)])
        try folder.write(bytes, to: segment)
        try folder.write([1, 2, 3], to: "log-0000000000000003.tmp")
        #expect(try reopen(folder) == [record(10)])
        #expect(folder.names == ["log-0000000000000002"])
    }
}
