import Base
import JSON
import Objects
import Store

/// ServiceAccount: every Pod runs as one, and gets its token unless it does not want to.
extension Evaluation {
    private static let mountPath = "/var/run/secrets/kubernetes.io/serviceaccount"
    private static let volumePrefix = "kube-api-access-"

    mutating func admitServiceAccount(
        _ document: inout JSON, _ target: ResourceTarget
    ) throws(StatusError) {
        // A mirror Pod shows what a machine runs from a file; it has no account.
        guard document["metadata"]?["annotations"]?["kubernetes.io/config.mirror"] == nil else {
            if !(document["spec"]?["serviceAccountName"]?.string ?? "").isEmpty {
                throw StatusError.forbidden(
                    target.resource, target.name ?? "",
                    "a mirror pod may not reference service accounts")
            }
            return
        }
        var name = document["spec"]?["serviceAccountName"]?.string ?? ""
        if name.isEmpty { name = document["spec"]?["serviceAccount"]?.string ?? "" }
        if name.isEmpty { name = "default" }
        document[path: ["spec", "serviceAccountName"]] = .string(name)
        document[path: ["spec", "serviceAccount"]] = .string(name)

        let account = stored(.serviceAccounts, namespace: target.namespace, name: name)
            .map(Self.wishes)
        // The account `default` of a new namespace is on its way: the controller makes it.
        guard account != nil || name == "default" else {
            throw StatusError.forbidden(
                target.resource, target.name ?? "",
                "error looking up service account \(target.namespace)/\(name): serviceaccount "
                    + "\"\(name)\" not found")
        }
        let wantsToken =
            document["spec"]?["automountServiceAccountToken"]?.bool
            ?? account?["automountServiceAccountToken"]?.bool ?? true
        if wantsToken { mountToken(&document) }
        if document["spec"]?["imagePullSecrets"]?.array?.isEmpty ?? true,
            let secrets = account?["imagePullSecrets"]?.array, !secrets.isEmpty
        {
            document[path: ["spec", "imagePullSecrets"]] = .array(secrets)
        }
    }

    /// Accounts seldom say anything about their Pods; those texts are not read.
    private static func wishes(_ account: Document) -> JSON {
        marks.contains { $0.isFound(in: account.bytes) } ? account.json : [:]
    }

    private static let marks = ["\"automountServiceAccountToken\"", "\"imagePullSecrets\""]
        .map { ByteSearch(for: Array($0.utf8)) }

    private mutating func mountToken(_ document: inout JSON) {
        let volumes = document["spec"]?["volumes"]?.array ?? []
        // A document that was exported and sent back has the volume already.
        let present = volumes.first {
            $0["name"]?.string?.hasPrefix(Self.volumePrefix) ?? false && $0["projected"] != nil
        }
        let name = present?["name"]?.string ?? Self.volumePrefix + nameSuffix()
        var isMounted = false
        for list in ["initContainers", "containers"] {
            guard var containers = document["spec"]?[list]?.array else { continue }
            for index in containers.indices {
                var mounts = containers[index]["volumeMounts"]?.array ?? []
                guard !mounts.contains(where: { $0["mountPath"]?.string == Self.mountPath })
                else { continue }
                mounts.append([
                    "name": .string(name), "readOnly": true,
                    "mountPath": .string(Self.mountPath),
                ])
                containers[index]["volumeMounts"] = .array(mounts)
                isMounted = true
            }
            document[path: ["spec", list]] = .array(containers)
        }
        if isMounted, present == nil {
            var volume = Self.tokenVolume
            volume["name"] = .string(name)
            document[path: ["spec", "volumes"]] = .array(volumes + [volume])
        }
    }

    /// Token, authority and namespace in one folder. The seconds are Kubernetes' own: an hour and
    /// a few seconds, by which it tells such tokens from those that a user asked for.
    private static let tokenVolume: JSON = [
        "name": "",
        "projected": [
            "sources": [
                ["serviceAccountToken": ["expirationSeconds": 3_607, "path": "token"]],
                [
                    "configMap": [
                        "name": "kube-root-ca.crt",
                        "items": [["key": "ca.crt", "path": "ca.crt"]],
                    ]
                ],
                [
                    "downwardAPI": [
                        "items": [
                            [
                                "path": "namespace",
                                "fieldRef": [
                                    "apiVersion": "v1", "fieldPath": "metadata.namespace",
                                ],
                            ]
                        ]
                    ]
                ],
            ],
            "defaultMode": 420,
        ],
    ]
}
