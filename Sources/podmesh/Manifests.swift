import ArgumentParser
import Foundation
import JSON
import Shell

/// Documents that a user wrote.
enum Manifests {
    static func read(_ path: String) throws -> [JSON] {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw CleanExit.failure("\(path) cannot be read")
        }
        do {
            return try ManifestReader.documents(Array(bytes))
        } catch {
            throw CleanExit.failure("\(path): \(error)")
        }
    }
}
