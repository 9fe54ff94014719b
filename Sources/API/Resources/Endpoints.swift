import JSON
import Objects

extension ResourceDefinition {
    static let endpoints = ResourceDefinition(
        .endpoints, singularName: "endpoints", shortNames: ["ep"], schema: CoreV1.endpoints,
        columns: EndpointTable.endpointsColumns,
        strategy: ResourceStrategy(
            allowsCreateOnUpdate: true,
            validate: { document, v in
                v.each("subsets", of: document) { v, subset in
                    if subset.list("addresses").isEmpty, subset.list("notReadyAddresses").isEmpty {
                        v.required("must specify `addresses` or `notReadyAddresses`")
                    }
                    for list in ["addresses", "notReadyAddresses"] {
                        v.each(list, of: subset) { v, address in
                            v.at("ip") { validateEndpointAddress(address.text("ip"), &$0) }
                        }
                    }
                    let count = subset.list("ports").count
                    v.each("ports", of: subset) { v, port in
                        if count > 1, port.text("name").isEmpty { v.at("name") { $0.required() } }
                    }
                }
            },
            cells: EndpointTable.endpointsCells))

    static let endpointSlices = ResourceDefinition(
        .endpointSlices, schema: DiscoveryV1.endpointSlice, columns: EndpointTable.sliceColumns,
        strategy: ResourceStrategy(
            hasGeneration: true,
            validate: { document, v in
                let count = document.list("endpoints").count
                if count > 1_000 { v.at("endpoints") { $0.tooMany(count, limit: 1_000) } }
                let isIPv4 = document.text("addressType") == "IPv4"
                v.each("endpoints", of: document) { v, endpoint in
                    v.each("addresses", of: endpoint) { v, address in
                        guard isIPv4, !isIPv4Address(address.string ?? "") else { return }
                        v.invalid(address, "must be an IPv4 address")
                    }
                }
                validateSlicePorts(document, &v)
            },
            validateUpdate: { document, old, _, v in
                guard document["addressType"] != old["addressType"] else { return }
                v.at("addressType") { $0.invalid(document["addressType"], "field is immutable") }
            },
            cells: EndpointTable.sliceCells))

    private static func validateSlicePorts(_ document: JSON, _ v: inout Validation) {
        var names: Set<String> = []
        v.each("ports", of: document) { v, port in
            let name = port.text("name")
            for fault in name.isEmpty ? [] : StringFormat.dnsLabel.faults(of: name) {
                v.at("name") { $0.invalid(.string(name), fault) }
            }
            if !names.insert(name).inserted { v.at("name") { $0.duplicate(.string(name)) } }
        }
    }

    private static func isIPv4Address(_ text: String) -> Bool {
        IPText.isValid(text) && !IPText.isIPv6(text)
    }

    /// Addresses that lead back to the machine itself serve nobody else.
    private static func validateEndpointAddress(_ address: String, _ v: inout Validation) {
        guard !address.isEmpty else { return }
        let faults = StringFormat.ipAddress.faults(of: address)
        for fault in faults { v.invalid(.string(address), fault) }
        guard faults.isEmpty else { return }
        if address == "0.0.0.0" || address == "::" {
            v.invalid(.string(address), "may not be unspecified (\(address))")
        } else if address.hasPrefix("127.") || address == "::1" {
            v.invalid(.string(address), "may not be in the loopback range (127.0.0.0/8, ::1/128)")
        } else if address.hasPrefix("169.254.") {
            v.invalid(
                .string(address), "may not be in the link-local range (169.254.0.0/16, fe80::/10)")
        }
    }
}
