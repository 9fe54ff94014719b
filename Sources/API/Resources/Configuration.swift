import JSON
import Objects

extension ResourceDefinition {
    static let configMaps = ResourceDefinition(
        .configMaps, shortNames: ["cm"], schema: CoreV1.configMap,
        columns: [
            .name, TableColumn("Data", type: "integer", "Number of entries."), .age,
        ],
        strategy: ResourceStrategy(
            validate: { document, v in
                for (name, _) in (document["binaryData"] ?? [:]).members
                where document["data"]?[name] != nil {
                    v.at("data") { v in
                        v.at(key: name) {
                            $0.invalid(.string(name), "duplicate of key present in binaryData")
                        }
                    }
                }
                DataRules.validateSize(of: document, &v)
            },
            validateUpdate: { document, old, _, v in
                DataRules.validateUpdate(document, old, ["data", "binaryData"], &v)
            },
            cells: { document, now in
                let count =
                    (document["data"] ?? [:]).members.count
                    + (document["binaryData"] ?? [:]).members.count
                return [document.name, .integer(Int64(count)), document.age(at: now)]
            }))

    static let secrets = ResourceDefinition(
        .secrets, schema: CoreV1.secret,
        columns: [
            .name, TableColumn("Type", "What the Secret is for."),
            TableColumn("Data", type: "integer", "Number of entries."), .age,
        ],
        selectableFields: [SelectableField("type")],
        strategy: ResourceStrategy(
            defaults: DataRules.foldStrings,
            validate: { document, v in
                DataRules.validateKeys(of: document, &v)
                DataRules.validateSize(of: document, &v)
            },
            validateUpdate: { document, old, _, v in
                if document["type"] != old["type"] {
                    v.at("type") { $0.invalid(document["type"], "field is immutable") }
                }
                DataRules.validateUpdate(document, old, ["data"], &v)
            },
            cells: { document, now in
                [
                    document.name, .string(document.text("type")),
                    .integer(Int64((document["data"] ?? [:]).members.count)),
                    document.age(at: now),
                ]
            }))
}

/// The rules of ConfigMaps and Secrets.
enum DataRules {
    /// The most that all values together may hold, in bytes.
    static let sizeMax = 1_024 * 1_024

    /// Folds `stringData` into `data`; the text of a key wins over its base64 form.
    @Sendable static func foldStrings(_ document: inout JSON) {
        guard let texts = document["stringData"]?.object else { return }
        var data = document["data"] ?? [:]
        for (name, value) in texts {
            data[name] = .string(Base64.encode((value.string ?? "").utf8))
        }
        document["data"] = data
        document["stringData"] = nil
    }

    static func validateSize(of document: JSON, _ v: inout Validation) {
        let isSecret = document.text("kind") == "Secret"
        var size = 0
        for (_, value) in (document["data"] ?? [:]).members {
            let text = value.string ?? ""
            size += isSecret ? Base64.decodedCount(text) : text.utf8.count
        }
        for (_, value) in (document["binaryData"] ?? [:]).members {
            size += Base64.decodedCount(value.string ?? "")
        }
        guard size > sizeMax else { return }
        if isSecret {
            v.at("data") { $0.tooLong(limit: sizeMax) }
        } else {
            // The path of the document itself is written so.
            v.at(key: "") { $0.tooLong(limit: sizeMax) }
        }
    }

    /// An immutable object keeps its data, and stays immutable.
    static func validateUpdate(
        _ document: JSON, _ old: JSON, _ lists: [String], _ v: inout Validation
    ) {
        guard old.flag("immutable") else { return }
        if !document.flag("immutable") {
            v.at("immutable") { $0.forbidden("field is immutable when `immutable` is set") }
        }
        for list in lists where document[list] != old[list] {
            v.at(list) { $0.forbidden("field is immutable when `immutable` is set") }
        }
    }

    /// Keys that a Secret of a well-known type must have.
    static func validateKeys(of document: JSON, _ v: inout Validation) {
        let data = document["data"] ?? [:]
        func require(_ key: String) {
            guard data[key] == nil else { return }
            v.at("data") { v in v.at(key: key) { $0.required() } }
        }
        switch document.text("type") {
        case "kubernetes.io/service-account-token":
            let name = "kubernetes.io/service-account.name"
            guard (document["metadata"]?["annotations"] ?? [:]).text(name).isEmpty else { return }
            v.at("metadata") { v in
                v.at("annotations") { v in v.at(key: name) { $0.required() } }
            }
        case "kubernetes.io/dockercfg": require(".dockercfg")
        case "kubernetes.io/dockerconfigjson": require(".dockerconfigjson")
        case "kubernetes.io/basic-auth":
            guard data["username"] == nil, data["password"] == nil else { return }
            require("username")
            require("password")
        case "kubernetes.io/ssh-auth": require("ssh-privatekey")
        case "kubernetes.io/tls":
            require("tls.crt")
            require("tls.key")
        default: break
        }
    }
}
