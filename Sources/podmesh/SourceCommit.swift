import Foundation
import Shell

/// What a seed belongs to: seeds do the same only as long as the code is the same.
enum SourceCommit {
    /// The commit of the folder that the program was built in, or the version.
    static var text: String {
        let process = Process()
        let output = Pipe()
        let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().path
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git", "-C", folder, "describe", "--always", "--dirty"]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return Version.text }
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let text = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
        return process.terminationStatus == 0 && !text.isEmpty ? text : Version.text
    }
}
