import JSON
import Objects

extension ResourceDefinition {
    static let certificateSigningRequests = ResourceDefinition(
        .certificateSigningRequests, shortNames: ["csr"],
        subresources: [
            Subresource(
                "approval", kind: "CertificateSigningRequest", verbs: ["get", "patch", "update"]),
            .status("CertificateSigningRequest"),
        ],
        schema: CertificatesV1.certificateSigningRequest,
        columns: [
            .name, .age, TableColumn("SignerName", "Who should sign."),
            TableColumn("Requestor", "Who asks."),
            TableColumn("RequestedDuration", "How long the certificate should be valid."),
            TableColumn("Condition", "The decision."),
        ],
        selectableFields: [SelectableField("spec.signerName")],
        strategy: ResourceStrategy(
            prepareForCreate: { $0["status"] = [:] },
            prepareForUpdate: { document, old, subresource in
                if subresource == "approval" {
                    // A decision changes the conditions and nothing else.
                    let conditions = document["status"]?["conditions"]
                    document["status"] = old["status"] ?? [:]
                    document[path: ["status", "conditions"]] = conditions
                }
                document["spec"] = old["spec"]
            },
            statusWriters: ["approval"], validate: CertificateRules.validate,
            validateUpdate: CertificateRules.validateUpdate, cells: CertificateRules.cells))
}
