package import Base
import Foundation

/// The tz database of the machine, as Debian's package tzdata installs it.
package enum ZoneFolder {
    private static let path = "/usr/share/zoneinfo"
    /// Other forms of the same zones.
    private static let copies: Set<String> = ["posix", "right"]
    /// The largest of the database has 3.5 KB.
    private static let fileBytesMax = 65_536

    /// Files that are no zones are passed over; without the folder only UTC is known.
    /// - Parameter start: what was before is not kept.
    package static func read(from start: WallTime) -> TimeZones {
        let files = FileManager.default.enumerator(atPath: path)
        var zones: [String: ZoneRules] = [:]
        while let name = files?.nextObject() as? String {
            if copies.contains(name) {
                files?.skipDescendants()
                continue
            }
            guard let bytes = FileManager.default.contents(atPath: "\(path)/\(name)"),
                bytes.count <= fileBytesMax
            else { continue }
            zones[name] = try? ZoneRules(Array(bytes), from: start.seconds)
        }
        return TimeZones(zones)
    }
}
