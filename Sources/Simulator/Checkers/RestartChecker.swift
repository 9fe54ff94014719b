import Base

/// What starts of a drawn Pod's containers must obey, by what its name and theirs tell
/// (``DrawnPod``):
///
/// - with `restartPolicy: Never` a container runs once, one with a rule again only after the exit
///   code of the rule;
/// - with `OnFailure` none runs again that ended well;
/// - no container of the application runs before each init container of the Pod has ended well.
package struct RestartChecker {
    private struct Lives {
        var starts = 0
        var hasEndedWell = false
        var lastExitCode: Int32?
    }

    /// By UID of the Pod and name of the container.
    private var lives: [String: Lives] = [:]

    package init() {}

    /// A container starts; the rule that is broken, or nil.
    package mutating func noteStart(
        pod: String, uid: String, container: String
    ) -> String? {
        guard let kind = Kind(pod: pod) else { return nil }
        let key = "\(uid)/\(container)"
        let before = lives[key] ?? Lives()
        lives[key, default: Lives()].starts += 1
        guard container.hasPrefix("main") || container.hasPrefix("ruled") else { return nil }
        for number in 0..<kind.initContainers
        where lives["\(uid)/init-\(number)"]?.hasEndedWell != true {
            return "\(container) of \(pod) runs before init-\(number) has ended well"
        }
        guard before.starts > 0 else { return nil }
        if container.hasPrefix("ruled") {
            guard before.lastExitCode != 42 else { return nil }
            return "\(container) of \(pod) runs again after exit code "
                + "\(before.lastExitCode.map(String.init) ?? "none")"
        }
        switch kind.policy {
        case "never": return "\(container) of \(pod) runs \(before.starts + 1) times"
        case "onfailure" where before.hasEndedWell:
            return "\(container) of \(pod) runs again, though it has ended well"
        default: return nil
        }
    }

    package mutating func noteEnd(uid: String, container: String, exitCode: Int32) {
        lives["\(uid)/\(container)"]?.lastExitCode = exitCode
        if exitCode == 0 { lives["\(uid)/\(container)"]?.hasEndedWell = true }
    }

    /// What the name of a drawn Pod tells; nil for other Pods.
    private struct Kind {
        var policy: String
        var initContainers: Int

        init?(pod: String) {
            let words = pod.split(separator: "-")
            guard words.count == 4, words[1].first == "i", let count = Int(words[1].dropFirst()),
                ["always", "onfailure", "never"].contains(words[0])
            else { return nil }
            policy = String(words[0])
            initContainers = count
        }
    }
}
