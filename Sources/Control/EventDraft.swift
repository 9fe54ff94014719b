package import Base
package import JSON
package import Objects

/// An Event to be recorded about an object.
package struct EventDraft: Sendable, Equatable {
    /// What the message ends with once the write that it tells of is done.
    package enum Ending: Sendable, Equatable {
        case none
        /// The name of the object written.
        case name
        /// The message of the refusal.
        case refusal
    }

    package var key: ObjectKey
    package var uid: String
    package var isWarning: Bool
    package var reason: String
    package var message: String
    package var ending: Ending
    /// The component that reports, such as `deployment-controller`.
    package var component: String

    package init(
        about key: ObjectKey, uid: String, isWarning: Bool = false, reason: String,
        message: String, ending: Ending = .none, component: String
    ) {
        self.key = key
        self.uid = uid
        self.isWarning = isWarning
        self.reason = reason
        self.message = message
        self.ending = ending
        self.component = component
    }

    /// Events about objects without a namespace live in `default`.
    package var namespace: String { key.namespace.isEmpty ? "default" : key.namespace }

    /// The `v1.Event` document.
    package func json(name: String, wall: WallTime) -> JSON {
        var reference: JSON = [
            "apiVersion": .string(key.resource.apiVersion), "kind": .string(key.resource.kind),
            "name": .string(key.name), "uid": .string(uid),
        ]
        if !key.namespace.isEmpty { reference["namespace"] = .string(key.namespace) }
        return [
            "apiVersion": "v1", "kind": "Event",
            "metadata": ["name": .string(name), "namespace": .string(namespace)],
            "involvedObject": reference,
            "reason": .string(reason), "message": .string(message),
            "source": ["component": .string(component)],
            "firstTimestamp": .string(wall.rfc3339), "lastTimestamp": .string(wall.rfc3339),
            "count": 1, "type": .string(isWarning ? "Warning" : "Normal"),
            "reportingComponent": .string(component), "reportingInstance": "",
        ]
    }
}
