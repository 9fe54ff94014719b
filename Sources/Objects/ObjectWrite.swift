package import JSON

/// A write that a controller, the scheduler or a kubelet wants. It takes the same road through
/// validation, admission and the log as a client's request; the answer comes back by ticket as
/// a ``WriteResult``.
package enum ObjectWrite: Sendable, Equatable {
    /// Creates the object; the document names its namespace, and its name or generateName.
    case create(Resource, JSON)
    /// Replaces the object, or one subresource of it such as `status`. A resourceVersion in the
    /// document makes it conditional; without one the last write wins.
    case update(Resource, JSON, subresource: String? = nil)
    /// Applies a strategic merge patch to the object or to a subresource of it.
    case patch(ObjectKey, JSON, subresource: String? = nil)
    /// Deletes the object when its UID is still the given one.
    case delete(
        ObjectKey, uid: String? = nil, gracePeriodSeconds: Int64? = nil,
        propagation: PropagationPolicy? = nil)
    /// Binds a Pod to a Node (`pods/binding`).
    case bind(ObjectKey, uid: String, node: String)
}

/// `metav1.DeletionPropagation`.
package enum PropagationPolicy: String, Sendable {
    case orphan = "Orphan"
    case background = "Background"
    case foreground = "Foreground"
}

/// The object as it is after the write, or the refusal.
package typealias WriteResult = Result<JSON, StatusError>
