import Kubelet

extension DNSConfiguration {
    /// Reads the text of a resolv.conf (resolv.conf(5)); unknown lines are passed over.
    init(resolvConf text: String) {
        self.init()
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
            switch words.first {
            case "nameserver": servers += words.dropFirst().prefix(1)
            case "search": searches = Array(words.dropFirst())
            case "options": options += words.dropFirst()
            default: break
            }
        }
    }
}
