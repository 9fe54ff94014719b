import API

extension StreamRequest {
    /// Whether the client asks for the log of the container's life before this one.
    var wantsPrevious: Bool {
        guard case .log(let options) = kind else { return false }
        return options.previous
    }
}
