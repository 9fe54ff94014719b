import JSON

/// The environment variables by which a container finds Services without DNS, in both of
/// Kubernetes' styles (`NAME_SERVICE_HOST` and Docker's links `NAME_PORT_80_TCP`).
enum ServiceVariables {
    /// The variables of Services in the order given; headless ones have none.
    static func variables(of services: [JSON]) -> [EnvironmentVariable] {
        services.flatMap(variables)
    }

    private static func variables(of service: JSON) -> [EnvironmentVariable] {
        guard let name = service["metadata"]?["name"]?.string,
            let address = service["spec"]?["clusterIP"]?.string,
            !address.isEmpty, address != "None",
            service["spec"]?["type"]?.string != "ExternalName"
        else { return [] }
        let ports = service["spec"]?["ports"]?.array ?? []
        guard let first = ports.first else { return [] }
        let prefix = variableName(name)
        var result = [
            EnvironmentVariable(name: "\(prefix)_SERVICE_HOST", value: address),
            EnvironmentVariable(name: "\(prefix)_SERVICE_PORT", value: number(first)),
        ]
        for port in ports {
            guard let portName = port["name"]?.string, !portName.isEmpty else { continue }
            let variable = "\(prefix)_SERVICE_PORT_\(variableName(portName))"
            result.append(EnvironmentVariable(name: variable, value: number(port)))
        }
        let host = address.contains(":") ? "[\(address)]" : address
        for (position, port) in ports.enumerated() {
            let kind = port["protocol"]?.string ?? "TCP"
            let scheme = kind.lowercased()
            let url = "\(scheme)://\(host):\(number(port))"
            if position == 0 {
                result.append(EnvironmentVariable(name: "\(prefix)_PORT", value: url))
            }
            let link = "\(prefix)_PORT_\(number(port))_\(kind.uppercased())"
            result += [
                EnvironmentVariable(name: link, value: url),
                EnvironmentVariable(name: "\(link)_PROTO", value: scheme),
                EnvironmentVariable(name: "\(link)_PORT", value: number(port)),
                EnvironmentVariable(name: "\(link)_ADDR", value: address),
            ]
        }
        return result
    }

    private static func number(_ port: JSON) -> String { String(port["port"]?.integer ?? 0) }

    private static func variableName(_ name: String) -> String {
        String(name.uppercased().map { $0 == "-" || $0 == "." ? "_" : $0 })
    }
}
