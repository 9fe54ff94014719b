/// A resource that is only ever created and never stored: its answer is in the response.
struct ReviewKind: Sendable, Equatable {
    var group: String
    var plural: String
    var kind: String
    var isNamespaced: Bool
    var version: String { "v1" }
    var apiVersion: String { "\(group)/\(version)" }

    static let all = [
        selfSubjectReview, tokenReview, localSubjectAccessReview, selfSubjectAccessReview,
        selfSubjectRulesReview, subjectAccessReview,
    ]

    static let selfSubjectReview = authentication("selfsubjectreviews", "SelfSubjectReview")
    static let tokenReview = authentication("tokenreviews", "TokenReview")
    static let localSubjectAccessReview = authorization(
        "localsubjectaccessreviews", "LocalSubjectAccessReview", isNamespaced: true)
    static let selfSubjectAccessReview = authorization(
        "selfsubjectaccessreviews", "SelfSubjectAccessReview")
    static let selfSubjectRulesReview = authorization(
        "selfsubjectrulesreviews", "SelfSubjectRulesReview")
    static let subjectAccessReview = authorization("subjectaccessreviews", "SubjectAccessReview")

    private static func authentication(_ plural: String, _ kind: String) -> ReviewKind {
        ReviewKind(
            group: "authentication.k8s.io", plural: plural, kind: kind, isNamespaced: false)
    }

    private static func authorization(
        _ plural: String, _ kind: String, isNamespaced: Bool = false
    ) -> ReviewKind {
        ReviewKind(
            group: "authorization.k8s.io", plural: plural, kind: kind,
            isNamespaced: isNamespaced)
    }
}
