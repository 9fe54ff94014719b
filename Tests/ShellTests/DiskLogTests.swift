import Glibc
import Shell
import Testing

@Suite struct DiskLogTests {
    private let segment = "log-0000000000000001"

    private func record(_ number: Int, size: Int = 6) -> [UInt8] {
        Array("\(number):".utf8) + [UInt8](repeating: UInt8(number & 0x7F) + 1, count: size)
    }

    private let segmentBytes = 1_024

    /// As on a file system that cannot set space aside.
    private var growing: DiskCalls {
        var calls = DiskCalls()
        calls.allocate = { _, _ in EOPNOTSUPP }
        return calls
    }

    private func open(
        _ folder: DiskFolder, calls: DiskCalls = DiskCalls()
    ) throws -> (log: WriteAheadLog, records: [[UInt8]]) {
        try WriteAheadLog.open(
            directory: folder.path, segmentBytesMax: segmentBytes, calls: calls)
    }

    /// Three synced batches; returns the segment's bytes and where each frame ends.
    private func filled(
        _ folder: DiskFolder, calls: DiskCalls = DiskCalls()
    ) throws -> (bytes: [UInt8], ends: [Int]) {
        let (log, records) = try open(folder, calls: calls)
        #expect(records.isEmpty)
        var ends = [log.endOffset]
        for batch in [[1, 2], [3], [4, 5, 6]] {
            log.append(batch.map { record($0) })
            try log.sync()
            ends.append(log.endOffset)
        }
        return (try folder.read(segment), ends)
    }

    private func reopen(_ folder: DiskFolder) throws -> [[UInt8]] {
        try open(folder).records
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
        let (log, records) = try open(folder)
        #expect(records == (1...6).map { record($0) })
        log.append([record(7), []])
        try log.sync()
        log.append([record(8)])
        #expect(try reopen(folder) == (1...7).map { record($0) } + [[]])
    }

    @Test func `a tail torn at any byte is cut at the last whole batch`() throws {
        let folder = try DiskFolder()
        let (bytes, ends) = try filled(folder, calls: growing)
        #expect(bytes.count == ends[3])
        let marker = try folder.read("newest")
        let batches = [[], [1, 2], [1, 2, 3], [1, 2, 3, 4, 5, 6]]
        for length in ends[0]...bytes.count {
            try folder.write(Array(bytes[..<length]), to: segment)
            try folder.write(marker, to: "newest")
            let whole = try #require(ends.lastIndex { $0 <= length })
            let (log, records) = try open(folder, calls: growing)
            #expect(records == batches[whole].map { record($0) })
            #expect(log.endOffset == ends[whole])
            // The log goes on behind the cut.
            log.append([record(9)])
            try log.sync()
            #expect(try reopen(folder) == (batches[whole] + [9]).map { record($0) })
        }
    }

    @Test func `a tail whose sectors were never written reads as zeros and is cut`() throws {
        let folder = try DiskFolder()
        func open() throws -> (WriteAheadLog, [[UInt8]]) {
            try WriteAheadLog.open(
                directory: folder.path, segmentBytesMax: 8_192, calls: DiskCalls())
        }
        let (log, _) = try open()
        log.append([record(1, size: 700)])
        try log.sync()
        let end = log.endOffset
        let marker = try folder.read("newest")
        log.append([record(2, size: 2_000)])
        try log.sync()
        let whole = try folder.read(segment)
        #expect(whole.count == 8_192)
        // Any of the sectors that the second batch touched may be missing, alone or with others.
        let sectors = end / 512...log.endOffset / 512
        for missing in 1..<(1 << sectors.count) {
            var bytes = whole
            for (bit, sector) in sectors.enumerated() where missing >> bit & 1 == 1 {
                for offset in max(end, sector * 512)..<(sector * 512 + 512) { bytes[offset] = 0 }
            }
            try folder.write(bytes, to: segment)
            try folder.write(marker, to: "newest")
            let (mended, records) = try open()
            #expect(records == [record(1, size: 700)], "without sectors \(missing)")
            mended.append([record(3)])
            try mended.sync()
            #expect(try open().1 == [record(1, size: 700), record(3)])
            #expect(try folder.read(segment)[mended.endOffset...].allSatisfy { $0 == 0 })
        }
    }

    @Test func `a flipped bit anywhere is refused with file, offset and advice`() throws {
        let folder = try DiskFolder()
        let (bytes, ends) = try filled(folder)
        #expect(bytes.count == segmentBytes)
        let marker = try folder.read("newest")
        for offset in bytes.indices {
            var damaged = bytes
            damaged[offset] ^= 1 << UInt8(offset % 8)
            try folder.write(damaged, to: segment)
            try folder.write(marker, to: "newest")
            if (ends[3]..<ends[3] + 12).contains(offset) || offset >= 512 {
                // Behind the last frame nothing was promised; what stands there becomes zeros.
                #expect(try reopen(folder) == (1...6).map { record($0) })
                #expect(try folder.read(segment) == bytes)
                continue
            }
            let start = offset < ends[0] ? 0 : try #require(ends.last { $0 <= offset })
            let error = try #require(throws: ShellError.self) { try reopen(folder) }
            #expect(error.code == .corrupt)
            #expect(
                error.description.contains(
                    "\(folder.path)/\(segment) is damaged at byte \(start):"))
            #expect(error.description.contains("join the machine anew"))
            #expect(try folder.read(segment) == damaged, "damage is kept for inspection")
        }
    }

    @Test func `a segment cut at any byte is refused`() throws {
        let folder = try DiskFolder()
        let (bytes, _) = try filled(folder)
        for length in bytes.indices {
            try folder.write(Array(bytes[..<length]), to: segment)
            let error = try #require(throws: ShellError.self) { try reopen(folder) }
            #expect(error.code == .corrupt && error.description.contains(segment))
        }
    }

    @Test func `batches that were there at the last start and are zeros now are refused`() throws {
        let folder = try DiskFolder()
        let (bytes, ends) = try filled(folder)
        #expect(try reopen(folder).count == 6)
        for cut in ends.dropLast() {
            let kept = Array(bytes[..<cut])
            try folder.write(
                kept + [UInt8](repeating: 0, count: bytes.count - cut), to: segment)
            let error = try #require(throws: ShellError.self) { try reopen(folder) }
            #expect(error.description.contains("frames up to byte \(ends[3]) were written once"))
        }
    }

    @Test func `an emptied log is refused, by whatever it was emptied`() throws {
        let folder = try DiskFolder()
        let (bytes, _) = try filled(folder)
        unlink("\(folder.path)/\(segment)")
        var error = try #require(throws: ShellError.self) { try reopen(folder) }
        #expect(error.description.contains("\(segment) is missing"))
        unlink("\(folder.path)/newest")
        error = try #require(throws: ShellError.self) {
            try WriteAheadLog.open(directory: folder.path, mayCreate: false)
        }
        #expect(error.description.contains("\(segment) is missing"))
        try folder.write(bytes, to: segment)
        error = try #require(throws: ShellError.self) { try reopen(folder) }
        #expect(error.description.contains("newest is damaged at byte 0: the file is missing"))
    }

    @Test func `a marker with a flipped bit or a cut is refused`() throws {
        let folder = try DiskFolder()
        _ = try filled(folder)
        let marker = try folder.read("newest")
        for offset in marker.indices {
            var damaged = marker
            damaged[offset] ^= 1 << UInt8(offset % 8)
            for content in [damaged, Array(marker[..<offset])] {
                try folder.write(content, to: "newest")
                let error = try #require(throws: ShellError.self) { try reopen(folder) }
                #expect(error.description.contains("newest is damaged"))
            }
        }
        try folder.write(marker, to: "newest")
        #expect(try reopen(folder).count == 6)
    }

    @Test func `a disk without room for a segment says so before anything is written`() throws {
        let folder = try DiskFolder()
        var calls = DiskCalls()
        calls.allocate = { _, _ in ENOSPC }
        let error = try #require(throws: ShellError.self) { try open(folder, calls: calls) }
        #expect(error.code == .noSpace && error.description.contains("1024 bytes aside"))
        // The next start makes what this one could not.
        #expect(try reopen(folder).isEmpty)
    }

    @Test func `zeros in the middle are damage, because good records follow`() throws {
        let folder = try DiskFolder()
        func open() throws -> (WriteAheadLog, [[UInt8]]) {
            try WriteAheadLog.open(
                directory: folder.path, segmentBytesMax: 8_192, calls: DiskCalls())
        }
        let (log, _) = try open()
        for number in 1...2 {
            log.append([record(number, size: 2_000)])
            try log.sync()
        }
        var bytes = try folder.read(segment)
        for offset in 512..<1_024 { bytes[offset] = 0 }
        try folder.write(bytes, to: segment)
        let error = try #require(throws: ShellError.self) { try open() }
        #expect(error.description.contains("at byte 48: good records follow at byte"))
    }

    @Test func `a frame of another segment at the same place is not taken for one`() throws {
        let (folder, other) = (try DiskFolder(), try DiskFolder())
        let (bytes, ends) = try filled(folder)
        let (foreign, foreignEnds) = try filled(other)
        #expect(ends == foreignEnds)
        // As if blocks of a removed file had come back behind the first batch.
        try folder.write(Array(bytes[..<ends[1]] + foreign[ends[1]...]), to: segment)
        let error = try #require(throws: ShellError.self) { try reopen(folder) }
        #expect(error.description.contains("at byte \(ends[1]):"))
    }

    @Test func `a record that looks like a frame is not taken for one`() throws {
        let folder = try DiskFolder()
        let (bytes, ends) = try filled(folder, calls: growing)
        let frame = Array(bytes[ends[0]..<ends[1]])
        let (log, _) = try open(folder, calls: growing)
        log.append([frame + frame])
        try log.sync()
        let whole = try folder.read(segment)
        try folder.write(Array(whole[..<(log.endOffset - 1)]), to: segment)
        #expect(try open(folder, calls: growing).records == (1...6).map { record($0) })
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
        let second = try DiskFolder()
        let (twin, _) = try WriteAheadLog.open(
            directory: second.path, segmentBytesMax: 150, calls: DiskCalls())
        for number in 0..<40 {
            twin.append([record(number)])
            try twin.sync()
        }
        var other: [String: [UInt8]] = [:]
        for name in second.names { other[name] = try second.read(name) }
        #expect(try open().1 == (0..<40).map { record($0) })

        for name in names where name != "newest" {
            let bytes = try folder.read(name)
            unlink("\(folder.path)/\(name)")
            let error = try #require(throws: ShellError.self) { try open() }
            #expect(error.code == .corrupt && error.description.contains("\(name) is missing"))
            // Its last frame was never written, although later segments were.
            try folder.write(bytes.dropLast(12) + [UInt8](repeating: 0, count: 12), to: name)
            let torn = try #require(throws: ShellError.self) { try open() }
            #expect(torn.code == .corrupt && torn.description.contains(name))
            // One of the same number from another log.
            if name != names[0], let other = other[name] {
                try folder.write(other, to: name)
                let foreign = try #require(throws: ShellError.self) { try open() }
                #expect(foreign.code == .corrupt && foreign.description.contains("log-"))
            }
            try folder.write(bytes, to: name)
        }
        #expect(try open().1.count == 40)
    }

    @Test func `a replaced log holds the new records only, and goes on`() throws {
        let folder = try DiskFolder()
        _ = try filled(folder)
        let (log, _) = try open(folder)
        log.append([record(7)])
        try log.replace(with: [record(10), record(11)])
        #expect(folder.names == ["log-0000000000000002", "newest"])
        log.append([record(12)])
        try log.sync()
        #expect(try reopen(folder) == [10, 11, 12].map { record($0) })
    }

    @Test func `a crash at any call of a replacement leaves the old log or the new one`() throws {
        var outcomes: Set<Int> = []
        for failing in 0..<14 {
            let folder = try DiskFolder()
            _ = try filled(folder)
            let disk = FaultyDisk()
            let (crashing, _) = try WriteAheadLog.open(
                directory: folder.path, segmentBytesMax: segmentBytes, calls: disk.calls)
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
            #expect(folder.names.count == 2, "leftovers are removed: \(folder.names)")
        }
        #expect(outcomes == [2, 6])
    }

    @Test func `older segments that a crash left behind a base are removed`() throws {
        let folder = try DiskFolder()
        let (bytes, _) = try filled(folder)
        let (log, _) = try open(folder)
        try log.replace(with: [record(10)])
        try folder.write(bytes, to: segment)
        try folder.write([1, 2, 3], to: "log-0000000000000003.tmp")
        #expect(try reopen(folder) == [record(10)])
        #expect(folder.names == ["log-0000000000000002", "newest"])
    }
}
