import Base
import Foundation
import JSON

/// Rows under a header, in columns as wide as they need.
struct TextTable {
    private var rows: [[String]]

    init(_ header: [String]) { rows = [header] }

    mutating func append(_ row: [String]) { rows.append(row) }

    var text: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
                .joined(separator: "  ").trimmingCharacters(in: .whitespaces)
        }.joined(separator: "\n")
    }
}

/// The members of the mesh for a reader.
struct MembersTable {
    let text: String

    init(_ members: JSON, isWide: Bool) {
        let narrow = ["NAME", "ADDRESS", "STATUS", "ROLE", "INCARNATION"]
        let wide = ["HEALTH", "RTT", "HEARD", "IN", "OUT", "BYTES-IN", "BYTES-OUT", "CERTIFICATE"]
        var table = TextTable(isWide ? narrow + wide : narrow)
        for member in members.array ?? [] {
            func field(_ name: String) -> String {
                member[name]?.string ?? member[name]?.integer.map(String.init) ?? "-"
            }
            var row = [
                field("name"), field("address"), field("status"), field("role"),
                field("incarnation"),
            ]
            if row[3].isEmpty { row[3] = "-" }
            if isWide {
                row += [
                    field("localHealth"), Self.milliseconds(member["roundTripMilliseconds"]),
                    Self.seconds(member["lastHeardSeconds"]), field("datagramsIn"),
                    field("datagramsOut"), field("bytesIn"), field("bytesOut"),
                    String(field("certificateExpiry").prefix(10)),
                ]
            }
            table.append(row)
        }
        text = table.text
    }

    private static func number(_ value: JSON?) -> Double? {
        switch value {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }

    private static func milliseconds(_ value: JSON?) -> String {
        number(value).map { String(format: "%.2fms", $0) } ?? "-"
    }

    private static func seconds(_ value: JSON?) -> String {
        number(value).map { String(format: "%.1fs", $0) } ?? "-"
    }
}

/// The keyring for a reader.
struct KeyringTable {
    let text: String

    init(_ keyring: JSON) {
        let phase = keyring["phase"]?.string ?? "-"
        var lines = [
            "generation \(keyring["generation"]?.integer ?? 0), \(Self.words(keyring, phase))", "",
        ]
        var authorities = TextTable(["AUTHORITY", "CERTIFIES", "AGE", "KEYS-ON", "FINGERPRINT"])
        for authority in keyring["authorities"]?.array ?? [] {
            authorities.append([
                authority["id"]?.string ?? "-", authority["isIssuing"]?.bool == true ? "yes" : "no",
                Self.age(authority["ageSeconds"]?.integer ?? 0),
                String(authority["machinesWithKeys"]?.integer ?? 0),
                String((authority["fingerprint"]?.string ?? "-").prefix(16)),
            ])
        }
        var machines = TextTable(
            ["MACHINE", "STATE", "AUTHORITY", "GENERATION", "SERIAL", "ISSUED", "EXPIRES"])
        for machine in keyring["machines"]?.array ?? [] {
            func field(_ name: String) -> String {
                machine[name]?.string ?? machine[name]?.integer.map(String.init) ?? "-"
            }
            machines.append([
                field("name"), field("state"), field("authority"), field("generation"),
                field("serial"), field("issuedAt"), field("expiry"),
            ])
        }
        lines += [authorities.text, "", machines.text]
        for key in keyring["storageKeys"]?.array ?? [] {
            let (id, made) = (key["id"]?.string ?? "-", key["createdAt"]?.string ?? "-")
            lines += ["", "this machine's files are sealed with key \(id), made at \(made)"]
        }
        text = lines.joined(separator: "\n")
    }

    private static func words(_ keyring: JSON, _ phase: String) -> String {
        let awaited = (keyring["awaited"]?.array ?? []).compactMap(\.string)
        let wait = awaited.isEmpty ? "" : "; waiting for \(awaited.joined(separator: ", "))"
        let until = keyring["keepOldUntil"]?.string ?? "-"
        return switch phase {
        case "introducing": "introducing a new authority" + wait
        case "moving" where awaited.isEmpty: "moved; the old authority stays trusted until \(until)"
        case "moving": "moving to the new authority" + wait
        default: "steady"
        }
    }

    private static func age(_ seconds: Int64) -> String {
        switch seconds {
        case ..<120: "\(seconds)s"
        case ..<7_200: "\(seconds / 60)m"
        case ..<172_800: "\(seconds / 3_600)h"
        default: "\(seconds / 86_400)d"
        }
    }
}
