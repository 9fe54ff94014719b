package import JSON

/// Who sends a request, as authentication found out (`authentication.k8s.io/v1` UserInfo).
package struct UserInfo: Sendable, Equatable {
    package struct Extra: Sendable, Equatable {
        package var name: String
        package var values: [String]

        package init(name: String, values: [String]) {
            self.name = name
            self.values = values
        }
    }

    package var name: String
    package var groups: [String]
    package var uid: String
    package var extra: [Extra]

    package init(name: String, groups: [String] = [], uid: String = "", extra: [Extra] = []) {
        self.name = name
        self.groups = groups
        self.uid = uid
        self.extra = extra
    }

    package static let anonymous = UserInfo(
        name: "system:anonymous", groups: ["system:unauthenticated"])

    /// A part of podmesh itself, such as `deployment-controller` or `scheduler`.
    package static func system(_ part: String) -> UserInfo {
        UserInfo(name: "system:\(part)", groups: [Self.masters, Self.authenticated])
    }

    /// The kubelet of a machine.
    package static func machine(_ name: String) -> UserInfo {
        UserInfo(
            name: "system:node:\(name)", groups: ["system:nodes", Self.authenticated])
    }

    package static let masters = "system:masters"
    package static let authenticated = "system:authenticated"

    package var isMaster: Bool { groups.contains(Self.masters) }
    package var isMachine: Bool { groups.contains("system:nodes") }
    package var isServiceAccount: Bool { name.hasPrefix("system:serviceaccount:") }
    package var isAnonymous: Bool { name == "system:anonymous" }

    package var json: JSON {
        var json: JSON = ["username": .string(name)]
        if !uid.isEmpty { json["uid"] = .string(uid) }
        json["groups"] = .array(groups.map(JSON.string))
        if !extra.isEmpty {
            json["extra"] = .object(
                JSONObject(extra.map { ($0.name, .array($0.values.map(JSON.string))) }))
        }
        return json
    }
}

/// What a request brought along to prove who sends it. The shell has checked certificates and the
/// signatures of tokens; what a token says is judged here.
package enum Credential: Sendable, Equatable {
    /// Neither a certificate nor a token.
    case none
    /// A client certificate of the cluster's authority, or a part of the daemon itself.
    case user(UserInfo)
    /// The claims of a bearer token with a good signature, as JSON text.
    case token(claims: [UInt8])
    /// A token of the kind that a new machine brings along; a Secret tells what it is worth.
    case bootstrapToken(BootstrapToken)
    /// A token that is no JWT of this cluster or whose signature is wrong.
    case invalid
}

/// The headers `Impersonate-User`, `Impersonate-Group` and `Impersonate-Uid`.
package struct Impersonation: Sendable, Equatable {
    package var user: String
    package var groups: [String]
    package var uid: String

    package init(user: String, groups: [String] = [], uid: String = "") {
        self.user = user
        self.groups = groups
        self.uid = uid
    }
}
