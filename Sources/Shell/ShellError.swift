/// The one error of the shell: what was being done, what kind of failure it was, and what the
/// system or a library said of it.
package struct ShellError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The device has no space left, or the quota is used up.
        case noSpace = "no space left"
        /// The file system is mounted read-only.
        case readOnly = "read-only file system"
        /// The device reported an error.
        case inputOutput = "I/O error"
        /// A file holds what it must not hold.
        case corrupt = "corrupt data"
        /// The data folder belongs to another cluster or another running daemon.
        case wrongOwner = "wrong owner"
        /// A key or certificate cannot be made or read.
        case identity = "identity"
        /// A peer or server cannot be reached or answers what it should not.
        case unreachable = "unreachable"
        /// Another live machine of the cluster has this machine's name.
        case nameTaken = "name taken"
        /// A port or address is taken.
        case addressInUse = "address in use"
        /// A command line or file asks for something impossible.
        case badRequest = "bad request"
        case other = "failed"
    }

    package let code: Code
    /// What was being done to what, and what to do about it.
    package let operation: String
    package let underlying: String?

    package init(_ code: Code, _ operation: String, underlying: String? = nil) {
        self.code = code
        self.operation = operation
        self.underlying = underlying
    }

    package var description: String {
        guard let underlying else { return "\(operation): \(code.rawValue)" }
        return "\(operation): \(code.rawValue): \(underlying)"
    }
}
