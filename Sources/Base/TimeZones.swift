/// The time zones that a machine knows, by their names in the tz database, such as
/// `Europe/Berlin`.
public struct TimeZones: Sendable, Equatable {
    private let zones: [String: ZoneRules]

    /// Only what every machine knows.
    public static let utc = TimeZones([:])

    public init(_ zones: [String: ZoneRules]) {
        let names = ["UTC", "Etc/UTC"]
        self.zones = zones.merging(names.map { ($0, .utc) }) { $1 }
    }

    public subscript(name: String) -> ZoneRules? { zones[name] }
}
