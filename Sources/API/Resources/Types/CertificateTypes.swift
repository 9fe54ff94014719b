/// Requests for certificates.
extension CertificatesV1 {
    static let certificateSigningRequest = ObjectSchema(
        .certificates, "CertificateSigningRequest", "Asks for a certificate."
    ) {
        MetaV1.header
        Field(
            "spec", certificateSigningRequestSpec, "What is asked for; it never changes.",
            required: true)
        Field("status", certificateSigningRequestStatus, "The decision and the certificate.")
    }

    static let certificateSigningRequestSpec = ObjectSchema(
        .certificates, "CertificateSigningRequestSpec", "What kind of certificate is asked for."
    ) {
        Field("expirationSeconds", .int32, "Seconds that the certificate should be valid.")
        Field(
            "extra", .map(of: .strings, keys: .plain),
            "What else is known of who asks; set by the server.")
        Field("groups", .strings, "Groups of who asks; set by the server.")
        Field("request", .bytes, "A PKCS#10 request in PEM.", required: true)
        Field("signerName", .string, "Who should sign.", required: true)
        Field("uid", .string, "Identity of who asks; set by the server.")
        Field("usages", .strings, "What the key may be used for.")
        Field("username", .string, "Who asks; set by the server.")
    }

    static let certificateSigningRequestStatus = ObjectSchema(
        .certificates, "CertificateSigningRequestStatus", "The decision and the certificate."
    ) {
        Field("certificate", .bytes, "The certificate in PEM.")
        Field("conditions", .list(certificateSigningRequestCondition, by: "type"), "The decision.")
    }

    static let certificateSigningRequestCondition = ObjectSchema(
        .certificates, "CertificateSigningRequestCondition", "A decision on a request."
    ) {
        Field("lastTransitionTime", .time, "When the condition last changed.")
        Field("lastUpdateTime", .time, "When the condition was last looked at.")
        Field("message", .string, "Why, for people.")
        Field("reason", .string, "Why, in one word.")
        Field("status", .string, "True, False or Unknown.", required: true)
        Field("type", .string, "Approved, Denied or Failed.", required: true)
    }
}
