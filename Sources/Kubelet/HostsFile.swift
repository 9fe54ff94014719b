import JSON
import Objects

/// The `/etc/hosts` of a Pod, as the kubelet writes it.
enum HostsFile {
    /// Lines are separated by tabs. A Pod with the machine's network sees the machine's file;
    /// others the well-known names and their own, as `ip FQDN hostname` with a subdomain.
    static func text(
        pod: Pod, addresses: [String], clusterDomain: String, machineText: String
    ) -> String {
        var text: String
        if pod.usesHostNetwork {
            text = "# Kubernetes-managed hosts file (host network).\n" + machineText
        } else {
            text = """
                # Kubernetes-managed hosts file.
                127.0.0.1\tlocalhost
                ::1\tlocalhost ip6-localhost ip6-loopback
                fe00::0\tip6-localnet
                fe00::0\tip6-mcastprefix
                fe00::1\tip6-allnodes
                fe00::2\tip6-allrouters

                """
            let hostname = PodNames.hostname(pod)
            let qualified = PodNames.qualifiedName(pod, clusterDomain: clusterDomain)
            for address in addresses {
                text += qualified.map { "\(address)\t\($0)\t\(hostname)\n" }
                    ?? "\(address)\t\(hostname)\n"
            }
        }
        return text + aliases(pod)
    }

    /// One line for each name, in the order of the manifest.
    private static func aliases(_ pod: Pod) -> String {
        var text = ""
        for entry in pod.spec["hostAliases"]?.array ?? [] {
            for name in entry["hostnames"].strings {
                text += "\(entry["ip"]?.string ?? "")\t\(name)\n"
            }
        }
        return text
    }
}

/// The names that a Pod has for itself.
enum PodNames {
    /// `spec.hostname`, else the Pod's name cut to 63 bytes (`GeneratePodHostNameAndDomain`).
    static func hostname(_ pod: Pod) -> String {
        if let override = pod.spec["hostnameOverride"]?.string, !override.isEmpty {
            return override
        }
        if let hostname = pod.hostname, !hostname.isEmpty { return hostname }
        guard pod.name.utf8.count > 63 else { return pod.name }
        var cut = String(decoding: pod.name.utf8.prefix(63), as: UTF8.self)
        while cut.hasSuffix("-") || cut.hasSuffix(".") { cut.removeLast() }
        return cut
    }

    /// `hostname.subdomain.namespace.svc.<domain>`, nil without a subdomain.
    static func qualifiedName(_ pod: Pod, clusterDomain: String) -> String? {
        guard let subdomain = pod.subdomain, !subdomain.isEmpty else { return nil }
        return "\(hostname(pod)).\(subdomain).\(pod.namespace).svc.\(clusterDomain)"
    }

    /// What the sandbox is named: empty with the machine's network, the whole qualified name
    /// with `setHostnameAsFQDN`.
    static func sandboxHostname(_ pod: Pod, clusterDomain: String) -> String {
        if pod.usesHostNetwork { return "" }
        if pod.spec["setHostnameAsFQDN"]?.bool == true,
            let qualified = qualifiedName(pod, clusterDomain: clusterDomain)
        {
            return qualified
        }
        return hostname(pod)
    }
}
