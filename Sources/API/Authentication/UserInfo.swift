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
        name: "system:anonymous", groups: [Self.unauthenticated])

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
    package static let unauthenticated = "system:unauthenticated"

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

/// The headers `Impersonate-User`, `Impersonate-Group`, `Impersonate-Uid` and
/// `Impersonate-Extra-…`.
package struct Impersonation: Sendable, Equatable {
    /// Empty when only the others were sent, which is refused.
    package var user: String
    package var groups: [String]
    package var uid: String
    package var extra: [UserInfo.Extra]

    package init(
        user: String, groups: [String] = [], uid: String = "", extra: [UserInfo.Extra] = []
    ) {
        self.user = user
        self.groups = groups
        self.uid = uid
        self.extra = extra
    }

    /// Namespace and name, when the user is a service account.
    var serviceAccount: (namespace: String, name: String)? {
        let parts = user.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4, parts[0] == "system", parts[1] == "serviceaccount" else {
            return nil
        }
        return (parts[2], parts[3])
    }

    /// Who acts from now on. A service account is in its groups unless others are named, and
    /// everybody is either known or anonymous.
    var userInfo: UserInfo {
        var groups = groups
        if groups.isEmpty, let account = serviceAccount {
            groups = [
                "system:serviceaccounts", "system:serviceaccounts:\(account.namespace)",
            ]
        }
        let (known, unknown) = (UserInfo.authenticated, UserInfo.unauthenticated)
        if !groups.contains(known), !groups.contains(unknown) {
            groups.append(user == UserInfo.anonymous.name ? unknown : known)
        }
        return UserInfo(name: user, groups: groups, uid: uid, extra: extra)
    }

    /// What was asked for beside a user.
    var wanted: String {
        var parts = groups.map { "group \"\($0)\"" }
        if !uid.isEmpty { parts.append("uid \"\(uid)\"") }
        parts += extra.map { "extra \"\($0.name)\"" }
        return parts.joined(separator: ", ")
    }
}
