import Base
import JSON
import Objects
import Store

/// A request that the client wants passed on to a Pod, to a Pod behind a Service, or to a machine
/// (`pods/proxy`, `services/proxy`, `nodes/proxy`), after all validation.
package struct ProxyRequest: Sendable, Equatable {
    package enum Destination: Sendable, Equatable {
        case address(host: String, port: Int, isTLS: Bool)
        /// The part of a machine's daemon that stands for its kubelet.
        case kubelet(node: String)
    }

    package var destination: Destination
    /// The path there, percent-encoded, without the query.
    package var path: String
    /// What stands before that path in the request; the answer's redirects get it again.
    package var prefix: String
}

/// `[scheme:]name[:port]`, as the name of a proxied object is written
/// (`k8s.io/apimachinery/pkg/util/net`, SplitSchemeNamePort).
struct ProxyName: Equatable {
    var scheme = ""
    var name = ""
    var port = ""

    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        switch parts.count {
        case 1: name = parts[0]
        case 2: (name, port) = (parts[0], parts[1])
        case 3: (scheme, name, port) = (parts[0], parts[1], parts[2])
        default: return nil
        }
        guard ["", "http", "https"].contains(scheme), !name.isEmpty else { return nil }
    }

    var isTLS: Bool { scheme == "https" }
}

extension Evaluation {
    /// What becomes of a request to a `proxy` subresource.
    mutating func proxy(
        _ target: ResourceTarget, _ path: String, _ request: APIRequest
    ) throws(StatusError) -> APIOutcome {
        let kind = target.resource.kind.lowercased()
        guard let name = ProxyName(target.name ?? "") else {
            throw StatusError(
                .badRequest, "invalid \(kind) request \(quotedText(target.name ?? ""))")
        }
        var target = target
        target.name = name.name
        let destination: ProxyRequest.Destination
        switch target.resource {
        case .pods: destination = try pod(target, name)
        case .services: destination = try service(target, name)
        default: destination = try node(target, name)
        }
        // Links that are relative need the slash; Kubernetes sends the client there, too.
        if path.isEmpty, !request.isUpgrade, [.get, .head].contains(request.method) {
            let query = request.query.isEmpty ? "" : "?\(request.query)"
            return .respond(
                APIResponse(
                    code: 301, headers: [.init("Location", "\(request.path)/\(query)")], body: []))
        }
        return .proxy(
            ProxyRequest(
                destination: destination, path: path.isEmpty ? "/" : path,
                prefix: String(request.path.dropLast(path.utf8.count))))
    }

    private func pod(
        _ target: ResourceTarget, _ name: ProxyName
    ) throws(StatusError) -> ProxyRequest.Destination {
        let pod = try existing(target).json
        let address = pod["status"]?.text("podIP") ?? ""
        var port = Int(name.port)
        if name.port.isEmpty {
            let first = (pod["spec"]?.list("containers") ?? []).lazy
                .compactMap { $0.list("ports").first }.first
            port = first?["containerPort"]?.integer.map { Int(clamping: $0) }
                ?? (name.isTLS ? 443 : 80)
        }
        guard !address.isEmpty else { throw StatusError(.badRequest, "address not allowed") }
        guard let port, (1...65_535).contains(port) else {
            throw StatusError(.badRequest, "invalid pod request \(quotedText(name.name))")
        }
        return .address(host: address, port: port, isTLS: name.isTLS)
    }

    /// One of the Service's ready Pods, drawn at random.
    private mutating func service(
        _ target: ResourceTarget, _ name: ProxyName
    ) throws(StatusError) -> ProxyRequest.Destination {
        var portName = name.port
        if let number = Int64(name.port) {
            let service = try existing(target).json
            let ports = service["spec"]?.list("ports") ?? []
            guard let port = ports.first(where: { $0["port"]?.integer == number }) else {
                throw StatusError(
                    .serviceUnavailable,
                    "no service port \(number) found for service \(quotedText(name.name))")
            }
            portName = port.text("name")
        }
        guard let document = stored(.endpoints, namespace: target.namespace, name: name.name)
        else { throw .notFound(.endpoints, name.name) }
        var found: [(host: String, port: Int)] = []
        for subset in document.json.list("subsets") {
            guard let port = subset.list("ports").first(where: { $0.text("name") == portName }),
                let number = port["port"]?.integer
            else { continue }
            found += subset.list("addresses").map { ($0.text("ip"), Int(clamping: number)) }
        }
        guard !found.isEmpty else {
            throw StatusError(
                .serviceUnavailable,
                "no endpoints available for service \(quotedText(name.name))")
        }
        let chosen = found[random.below(found.count)]
        return .address(host: chosen.host, port: chosen.port, isTLS: name.isTLS)
    }

    private func node(
        _ target: ResourceTarget, _ name: ProxyName
    ) throws(StatusError) -> ProxyRequest.Destination {
        let node = try existing(target).json
        if name.port.isEmpty || name.port == "10250" { return .kubelet(node: name.name) }
        let addresses = node["status"]?.list("addresses") ?? []
        let address = addresses.first { $0.text("type") == "InternalIP" }?.text("address") ?? ""
        guard let port = Int(name.port), (1...65_535).contains(port), !address.isEmpty else {
            throw StatusError(.badRequest, "invalid node request \(quotedText(name.name))")
        }
        return .address(host: address, port: port, isTLS: name.isTLS)
    }
}
