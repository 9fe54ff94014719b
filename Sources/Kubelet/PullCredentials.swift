import Base
import JSON
import Objects

/// Logins to registries from the Secrets that a Pod names (`imagePullSecrets`).
package enum PullCredentials {
    /// Those that are for the image, the closest match first; of equal ones in the Secrets' order.
    static func credentials(
        for image: String, pod: Pod, sources: PodSources
    ) -> [RegistryCredential] {
        let target = Target(image)
        var found: [(rank: Int, credential: RegistryCredential)] = []
        for reference in pod.spec["imagePullSecrets"]?.array ?? [] {
            guard let name = reference["name"]?.string,
                let secret = sources.document(.secrets, pod.namespace, name)
            else { continue }
            for (server, login) in logins(of: secret) {
                guard let rank = target.rank(of: server),
                    let credential = credential(login, server),
                    !found.contains(where: { $0.credential == credential })
                else { continue }
                found.append((rank, credential))
            }
        }
        let order = found.indices.sorted { (found[$1].rank, $0) < (found[$0].rank, $1) }
        return order.map { found[$0].credential }
    }

    /// The Secrets that have a login for the image, as `namespace/name/uid`.
    static func secrets(for image: String, pod: Pod, sources: PodSources) -> Set<String> {
        let target = Target(image)
        var found: Set<String> = []
        for reference in pod.spec["imagePullSecrets"]?.array ?? [] {
            guard let name = reference["name"]?.string,
                let secret = sources.document(.secrets, pod.namespace, name),
                logins(of: secret).contains(where: { server, login in
                    target.rank(of: server) != nil && credential(login, server) != nil
                })
            else { continue }
            let uid = secret["metadata"]?["uid"]?.string ?? ""
            found.insert("\(pod.namespace)/\(name)/\(uid)")
        }
        return found
    }

    /// `auths` of a `.dockerconfigjson`, or the whole of the older `.dockercfg`.
    private static func logins(of secret: JSON) -> [(String, JSON)] {
        func document(_ key: String) -> JSON? {
            secret["data"]?[key]?.string.flatMap(Base64.decode).flatMap { try? JSON(parsing: $0) }
        }
        let servers = document(".dockerconfigjson")?["auths"]?.object
            ?? document(".dockercfg")?.object
        return (servers ?? JSONObject([])).map { ($0.name, $0.value) }
    }

    private static func credential(_ login: JSON, _ server: String) -> RegistryCredential? {
        if let user = login["username"]?.string, let password = login["password"]?.string {
            return RegistryCredential(username: user, password: password, serverAddress: server)
        }
        guard let pair = login["auth"]?.string.flatMap(Base64.decode) else { return nil }
        let text = String(decoding: pair, as: UTF8.self)
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let user = parts.first, let password = parts.last
        else { return nil }
        return RegistryCredential(
            username: String(user), password: String(password), serverAddress: server)
    }

    /// What an image reference asks of a registry (`pkg/credentialprovider/keyring.go`).
    package struct Target {
        let host: [Substring]
        let port: Substring
        let path: Substring

        /// The part before the first slash names a host when it has a dot or a colon; without one
        /// the image is in Docker's own registry.
        package init(_ image: String) {
            let first = image.prefix { $0 != "/" }
            let isHost = first.count < image.count
                && (first.contains(".") || first.contains(":") || first == "localhost")
            self.init(server: isHost ? image[...] : "docker.io/\(image)"[...])
        }

        private init(server: Substring) {
            let address = server.prefix { $0 != "/" }
            host = address.prefix { $0 != ":" }.split(separator: ".")
            port = address.drop { $0 != ":" }
            path = server.drop { $0 != "/" }
        }

        /// How much of the image a login's server names; nil when it is another one's. Parts of
        /// the host may have `*`.
        package func rank(of server: String) -> Int? {
            var rest = server[...]
            for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) {
                rest = rest.dropFirst(scheme.count)
            }
            // What clients write for Docker's registry carries the version of its protocol.
            for suffix in ["/v1/", "/v2/", "/v1", "/v2"] where rest.hasSuffix(suffix) {
                rest = rest.dropLast(suffix.count)
                break
            }
            if rest.hasPrefix("index.docker.io") { rest = rest.dropFirst("index.".count) }
            let other = Target(server: rest)
            guard other.port == port, other.host.count == host.count,
                zip(other.host, host).allSatisfy({ Self.matches($0, $1) }),
                path.hasPrefix(other.path)
            else { return nil }
            return other.path.count
        }

        /// `*` stands for any number of characters. Only the last one is ever taken back, so that
        /// no pattern takes long.
        private static func matches(_ pattern: Substring, _ text: Substring) -> Bool {
            let (pattern, text) = (Array(pattern.utf8), Array(text.utf8))
            var (next, position) = (0, 0)
            var star: (pattern: Int, text: Int)?
            while position < text.count {
                if next < pattern.count, pattern[next] == UInt8(ascii: "*") {
                    star = (next, position)
                    next += 1
                } else if next < pattern.count, pattern[next] == text[position] {
                    next += 1
                    position += 1
                } else if let last = star {
                    star = (last.pattern, last.text + 1)
                    (next, position) = (last.pattern + 1, last.text + 1)
                } else {
                    return false
                }
            }
            return pattern[next...].allSatisfy { $0 == UInt8(ascii: "*") }
        }
    }
}
