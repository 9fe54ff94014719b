extension JSON {
    /// Applies an RFC 7386 merge patch: members merge, null removes, anything else replaces.
    public func merged(with patch: JSON) -> JSON {
        guard case .object(let changes) = patch else { return patch }
        var result = object ?? JSONObject()
        for (name, change) in changes {
            if change.isNull {
                result[name] = nil
            } else {
                result[name] = (result[name] ?? .null).merged(with: change)
            }
        }
        return .object(result)
    }
}
