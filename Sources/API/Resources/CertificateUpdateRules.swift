import JSON
import Objects

extension CertificateRules {
    /// What a decision, or a signature, may change (`ValidateCertificateSigningRequestUpdate` and
    /// its neighbours): decisions are made by `approval` alone and are never taken back, and an
    /// issued certificate stays.
    @Sendable static func validateUpdate(
        _ document: JSON, _ old: JSON, _ subresource: String?, _ v: inout Validation
    ) {
        let conditions = document["status"]?.list("conditions") ?? []
        let before = old["status"]?.list("conditions") ?? []
        v.at("status") { v in
            v.at("conditions") { v in
                for type in ["Approved", "Denied", "Failed"] {
                    let now = conditions.first { $0.text("type") == type }
                    let then = before.first { $0.text("type") == type }
                    switch (then, now) {
                    case (_?, nil):
                        v.forbidden(
                            "updates may not remove a condition of type \"\(type)\"")
                    case (nil, _?) where subresource == "status" && type != "Failed":
                        v.forbidden("updates may not add a condition of type \"\(type)\"")
                    case (let then?, let now?) where then != now && type != "Failed":
                        v.forbidden(
                            "updates may not modify a condition of type \"\(type)\"")
                    default:
                        break
                    }
                }
            }
            let certificate = old["status"]?["certificate"]
            if let certificate, document["status"]?["certificate"] != certificate {
                v.at("certificate") {
                    $0.forbidden("updates may not modify existing certificate content")
                }
            }
        }
    }
}

extension Evaluation {
    /// Who decides about requests, or signs them, must be allowed to do so for their signer
    /// (CertificateApproval and CertificateSigning).
    func checkSigner(
        _ document: JSON, replacing old: JSON, _ target: ResourceTarget
    ) throws(StatusError) {
        let verb: String
        switch target.subresource?.name {
        case "approval": verb = "approve"
        case "status":
            guard document["status"]?["certificate"] != old["status"]?["certificate"]
                || document["status"]?["conditions"] != old["status"]?["conditions"]
            else { return }
            verb = "sign"
        default: return
        }
        let signer = old["spec"]?.text("signerName") ?? ""
        let domain = signer.split(separator: "/").first.map { "\($0)/*" } ?? ""
        let isAllowed = [signer, domain].contains { name in
            authorizer.allows(
                Action(
                    verb: verb, group: target.resource.group, version: target.resource.version,
                    resource: "signers", name: name),
                for: user)
        }
        guard !isAllowed else { return }
        throw StatusError.forbidden(
            target.resource, target.name ?? "",
            "user not permitted to \(verb) requests with signerName \(quotedText(signer))")
    }
}
