import Base
import Daemon
import Foundation
import JSON
package import Kubelet
import Logging

/// Reads the manifests of static Pods again and again, and tells the kubelet when they changed.
package struct StaticPodWatch {
    private let directory: String
    private let url: String
    private let period: Duration
    private let shell: DaemonShell
    private let logger: Logger

    private static let folderPeriod = Duration.seconds(1)
    private static let bytesMax = 10 * 1_024 * 1_024

    init(_ configuration: MachineConfiguration, _ shell: DaemonShell, _ logger: Logger) {
        directory = configuration.staticPodDirectory
        url = configuration.kubelet.staticPodURL
        period = .seconds(configuration.kubelet.staticPodPeriodSeconds)
        self.shell = shell
        self.logger = logger
    }

    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await watchFolder() }
            if let action = Self.action(url) { group.addTask { await watch(action) } }
        }
    }

    /// A request for the text of a URL; nil when it is none.
    package static func action(_ url: String) -> HTTPAction? {
        guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased(),
            ["http", "https"].contains(scheme), let host = parts.host, !host.isEmpty
        else { return nil }
        var path = parts.percentEncodedPath.isEmpty ? "/" : parts.percentEncodedPath
        if let query = parts.percentEncodedQuery { path += "?\(query)" }
        let port = parts.port.flatMap(UInt16.init(exactly:)) ?? (scheme == "https" ? 443 : 80)
        return HTTPAction(
            scheme: scheme, host: host, port: port, path: path, headers: [],
            timeout: .seconds(10))
    }

    // MARK: The folder

    /// A folder that is missing holds no manifests. Files that begin with a dot are not read.
    private func watchFolder() async {
        var last: [[UInt8]]?
        while !Task.isCancelled {
            let files = (try? await onBlockingThread { try Self.contents(of: directory) }) ?? []
            if files != last {
                last = files
                tell(.file, files)
            }
            try? await Task.sleep(for: Self.folderPeriod)
        }
    }

    private static func contents(of directory: String) throws -> [[UInt8]] {
        try FileTree.entries(of: directory).filter { !$0.hasPrefix(".") }.compactMap { name in
            try? PodFiles.contents(of: "\(directory)/\(name)")
        }
    }

    // MARK: The URL

    /// What cannot be read changes nothing: the Pods that ran from it run on.
    private func watch(_ action: HTTPAction) async {
        var last: [UInt8]?
        while !Task.isCancelled {
            do {
                let answer = try await HTTPProbe.get(action, bytesMax: Self.bytesMax)
                if case .http(200, let body) = answer, !body.isEmpty, body != last {
                    last = body
                    tell(.http, [body])
                }
            } catch {
                logger.warning("static pods cannot be read", metadata: ["url": "\(url)"])
            }
            try? await Task.sleep(for: period)
        }
    }

    private func tell(_ source: StaticPodSource, _ texts: [[UInt8]]) {
        var manifests: [JSON] = []
        for text in texts {
            do {
                for document in try ManifestReader.documents(text) {
                    manifests += document["items"]?.array?.map(Self.pod) ?? [document]
                }
            } catch {
                logger.warning("a manifest of static pods is no YAML: \(error)")
            }
        }
        shell.deliver(.kubelet(.staticPods(source, manifests)))
    }

    /// The items of a list may leave out their kind.
    private static func pod(_ item: JSON) -> JSON {
        guard item["kind"] == nil else { return item }
        var pod = item
        pod["kind"] = "Pod"
        return pod
    }
}
