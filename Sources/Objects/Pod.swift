package import JSON

/// A view of `v1.Pod`.
package struct Pod: KubernetesObject {
    package static var resource: Resource { .pods }
    package var json: JSON

    package init(_ json: JSON) { self.json = json }

    package var spec: JSON { json["spec"] ?? [:] }
    package var status: JSON { json["status"] ?? [:] }

    package var nodeName: String? {
        json["spec"]?["nodeName"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }
    package var phase: String { json["status"]?["phase"]?.string ?? "" }
    package var podIP: String? { json["status"]?["podIP"]?.string }
    package var hostname: String? { spec["hostname"]?.string }
    package var subdomain: String? { spec["subdomain"]?.string }
    package var usesHostNetwork: Bool { spec["hostNetwork"]?.bool ?? false }
    package var restartPolicy: String { spec["restartPolicy"]?.string ?? "Always" }
    package var nodeSelector: [String: String] { spec["nodeSelector"].stringMap }
    package var schedulerName: String { spec["schedulerName"]?.string ?? "default-scheduler" }
    package var serviceAccountName: String { spec["serviceAccountName"]?.string ?? "default" }
    package var terminationGracePeriodSeconds: Int64 {
        spec["terminationGracePeriodSeconds"]?.integer ?? 30
    }
    package var tolerations: [Toleration] {
        (spec["tolerations"]?.array ?? []).map(Toleration.init)
    }
    package var containers: [Container] { (spec["containers"]?.array ?? []).map(Container.init) }
    package var initContainers: [Container] {
        (spec["initContainers"]?.array ?? []).map(Container.init)
    }
    package var ephemeralContainers: [Container] {
        (spec["ephemeralContainers"]?.array ?? []).map(Container.init)
    }
    package var volumes: [JSON] { spec["volumes"]?.array ?? [] }

    /// Succeeded and Failed Pods never run again.
    package var isFinished: Bool { phase == "Succeeded" || phase == "Failed" }
    package var isReady: Bool { condition("Ready")?.isTrue ?? false }
}

/// A view of `v1.Container`.
package struct Container: Sendable, Equatable {
    package var json: JSON

    package init(_ json: JSON) { self.json = json }

    package var name: String { json["name"]?.string ?? "" }
    package var image: String { json["image"]?.string ?? "" }
    package var imagePullPolicy: String { json["imagePullPolicy"]?.string ?? "IfNotPresent" }
    package var command: [String] { json["command"].strings }
    package var args: [String] { json["args"].strings }
    package var workingDirectory: String { json["workingDir"]?.string ?? "" }
    package var ports: [JSON] { json["ports"]?.array ?? [] }
    package var requests: [String: Quantity] {
        (json["resources"]?["requests"]).stringMap.compactMapValues(Quantity.init)
    }
    package var limits: [String: Quantity] {
        (json["resources"]?["limits"]).stringMap.compactMapValues(Quantity.init)
    }
}
