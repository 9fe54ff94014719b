import Base
import JSON
import Objects

/// What a request for a certificate must look like beyond its schema
/// (`pkg/apis/certificates/validation`), and its row in a table.
enum CertificateRules {
    @Sendable static func validate(_ document: JSON, _ v: inout Validation) {
        let spec = document["spec"] ?? [:]
        v.at("spec") { v in
            if spec.list("usages").isEmpty { v.at("usages") { $0.required("usages must be set") } }
            let signer = spec.text("signerName")
            let parts = signer.split(separator: "/", omittingEmptySubsequences: false)
            if !signer.isEmpty, parts.count != 2 {
                v.at("signerName") {
                    $0.invalid(
                        .string(signer),
                        "must be a fully qualified domain and path of the form "
                            + "'example.com/signer-name'")
                }
            }
            if let seconds = spec["expirationSeconds"]?.integer, seconds < 600 {
                v.at("expirationSeconds") {
                    $0.invalid(
                        .integer(seconds), "may not specify a duration less than 600 seconds")
                }
            }
        }
        let types = (document["status"] ?? [:]).list("conditions").map { $0.text("type") }
        if types.contains("Approved"), types.contains("Denied") {
            v.at("status") { v in
                v.at("conditions") {
                    $0.invalid(
                        "Denied", "Approved and Denied conditions are mutually exclusive")
                }
            }
        }
    }

    @Sendable static func cells(_ document: JSON, _ now: WallTime) -> [JSON] {
        let spec = document["spec"] ?? [:]
        let status = document["status"] ?? [:]
        let types = status.list("conditions").map { $0.text("type") }
        var decision = types.contains("Denied") ? "Denied" : "Pending"
        if types.contains("Approved"), decision == "Pending" { decision = "Approved" }
        if types.contains("Failed") { decision += ",Failed" }
        if !status.text("certificate").isEmpty { decision += ",Issued" }
        let duration = spec["expirationSeconds"]?.integer.map {
            HumanDuration.describe(seconds: $0)
        }
        return [
            document.name, document.age(at: now), spec.text("signerName").orNone,
            .string(spec.text("username")), (duration ?? "").orNone, .string(decision),
        ]
    }
}
