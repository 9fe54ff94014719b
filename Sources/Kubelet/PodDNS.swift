import JSON
import Objects

/// A Pod's resolv.conf from its dnsPolicy and dnsConfig (`pkg/kubelet/network/dns`).
enum PodDNS {
    private static let serversMax = 3
    private static let searchesMax = 32
    private static let searchBytesMax = 2_048

    static func configuration(
        for pod: Pod, _ kubelet: KubeletConfiguration
    ) -> DNSConfiguration {
        var result = base(for: pod, kubelet)
        if let custom = pod.spec["dnsConfig"] {
            result.servers = unique(result.servers + custom["nameservers"].strings)
            result.searches = unique(result.searches + custom["searches"].strings)
            result.options = merged(result.options, custom["options"]?.array ?? [])
        }
        result.servers = Array(result.servers.prefix(serversMax))
        result.searches = bounded(result.searches)
        return result
    }

    private static func base(for pod: Pod, _ kubelet: KubeletConfiguration) -> DNSConfiguration {
        let policy = pod.spec["dnsPolicy"]?.string ?? "ClusterFirst"
        switch policy {
        case "None":
            return DNSConfiguration()
        case "Default":
            return kubelet.resolver
        case "ClusterFirst" where pod.usesHostNetwork:
            return kubelet.resolver
        default:
            guard !kubelet.clusterDNS.isEmpty else { return kubelet.resolver }
            let domain = kubelet.clusterDomain
            let searches = ["\(pod.namespace).svc.\(domain)", "svc.\(domain)", domain]
            return DNSConfiguration(
                servers: kubelet.clusterDNS,
                searches: unique(searches + kubelet.resolver.searches),
                options: ["ndots:5"])
        }
    }

    /// An option of the Pod replaces one of the same name.
    private static func merged(_ options: [String], _ custom: [JSON]) -> [String] {
        var names = options.map { String($0.prefix { $0 != ":" }) }
        var result = options
        for option in custom {
            guard let name = option["name"]?.string, !name.isEmpty else { continue }
            let text = option["value"]?.string.map { "\(name):\($0)" } ?? name
            if let position = names.firstIndex(of: name) {
                result[position] = text
            } else {
                names.append(name)
                result.append(text)
            }
        }
        return result
    }

    private static func unique(_ texts: [String]) -> [String] {
        var seen: Set<String> = []
        return texts.filter { seen.insert($0).inserted }
    }

    private static func bounded(_ searches: [String]) -> [String] {
        var bytes = 0
        var result: [String] = []
        for search in searches.prefix(searchesMax) {
            bytes += search.utf8.count + (result.isEmpty ? 0 : 1)
            guard bytes <= searchBytesMax else { break }
            result.append(search)
        }
        return result
    }
}
