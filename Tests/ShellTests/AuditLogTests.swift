import Foundation
import Logging
import Shell
import Testing

@Suite struct AuditLogTests {
    private func settings(
        _ folder: DiskFolder, _ change: (inout MachineConfiguration.Audit) -> Void = { _ in }
    ) -> MachineConfiguration.Audit {
        var settings = MachineConfiguration.Audit()
        settings.logPath = "\(folder.path)/audit.log"
        change(&settings)
        return settings
    }

    private func log(_ settings: MachineConfiguration.Audit) throws -> AuditLog {
        try AuditLog(settings, logger: Logger(label: "test"))
    }

    @Test func `lines stand in the file in their order, and behind those of an earlier run`()
        throws
    {
        let folder = try DiskFolder()
        for run in 0..<2 {
            let log = try log(settings(folder))
            for number in 0..<100 { log.write(Array("\(run) \(number)\n".utf8)) }
            log.flush()
            #expect(log.counts.written == 100 && log.counts.lost == 0)
        }
        let text = String(decoding: try folder.read("audit.log"), as: UTF8.self)
        let expected = (0..<2).flatMap { run in (0..<100).map { "\(run) \($0)" } }
        #expect(text.split(separator: "\n").map(String.init) == expected)
    }

    @Test func `a large file is set aside, and the oldest go`() throws {
        let folder = try DiskFolder()
        let log = try log(
            settings(folder) {
                $0.maxSizeMegabytes = 1
                $0.maxBackups = 2
            })
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: 700_000) + [10]
        for _ in 0..<5 {
            log.write(line)
            log.flush()
            // Names have milliseconds.
            usleep(2_000)
        }
        let aside = folder.names.filter { $0.hasPrefix("audit-20") && $0.hasSuffix(".log") }
        #expect(aside.count == 2)
        #expect(folder.names.count == 3)
        for name in folder.names { #expect(try folder.read(name) == line) }
    }

    @Test func `a folder that is not there is an error at the start`() throws {
        let folder = try DiskFolder()
        let error = try #require(throws: ShellError.self) {
            _ = try log(settings(folder) { $0.logPath = "\(folder.path)/none/audit.log" })
        }
        #expect(error.description.contains("none/audit.log"))
    }

    @Test func `a policy file says what is wrong in it`() throws {
        let folder = try DiskFolder()
        try folder.write(
            Array("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n".utf8),
            to: "good.yaml")
        _ = try Auditor.policy(in: "\(folder.path)/good.yaml")
        try folder.write(
            Array("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Much}]\n".utf8),
            to: "bad.yaml")
        let error = try #require(throws: ShellError.self) {
            _ = try Auditor.policy(in: "\(folder.path)/bad.yaml")
        }
        #expect(error.description.contains("bad.yaml"))
        #expect(error.description.contains("rules[0].level: Unsupported value: \"Much\""))
        #expect(throws: ShellError.self) { _ = try Auditor.policy(in: "/nowhere/at/all.yaml") }
    }
}
