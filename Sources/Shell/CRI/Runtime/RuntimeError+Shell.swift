import GRPCCore
import Glibc
import Kubelet
import NIOCore

/// A system call that failed.
struct SystemError: Error {
    var errno: Int32
    var operation: String

    init(_ operation: String, errno code: Int32 = Glibc.errno) {
        self.operation = operation
        errno = code
    }

    var runtimeError: Kubelet.RuntimeError {
        let code: Kubelet.RuntimeError.Code =
            switch errno {
            case ENOENT: .notFound
            case EEXIST: .alreadyExists
            case ENOSPC, EDQUOT: .noSpace
            case EACCES, EPERM, EROFS: .permissionDenied
            case EINVAL, ENAMETOOLONG, ELOOP, ENOTDIR: .invalidArgument
            default: .other
            }
        return Kubelet.RuntimeError(code, "\(operation): \(String(cString: strerror(errno)))")
    }
}

extension Kubelet.RuntimeError {
    /// What the kubelet has to know of a failure, in the words of whoever failed.
    init(describing error: any Error, of request: RuntimeRequest) {
        switch error {
        case let error as Kubelet.RuntimeError: self = error
        case let error as SystemError: self = error.runtimeError
        case let error as RPCError: self.init(error, of: request)
        case let error as ChannelError: self.init(.connectionFailed, "\(error)")
        case let error as IOError:
            self.init(.connectionFailed, String(cString: strerror(error.errnoCode)))
        default: self.init(.other, "\(error)")
        }
    }

    private init(_ error: RPCError, of request: RuntimeRequest) {
        let name = Self.goNames[error.code.rawValue] ?? "Unknown"
        self.init(
            Self.code(of: error, request),
            "rpc error: code = \(name) desc = \(error.message)")
    }

    private static func code(of error: RPCError, _ request: RuntimeRequest) -> Code {
        if case .pullImage = request {
            if error.code == .invalidArgument || error.message.contains("failed to parse image") {
                return .imageNameInvalid
            }
            if error.code == .notFound { return .imageNotFound }
        }
        switch error.code {
        case .notFound: return .notFound
        case .alreadyExists: return .alreadyExists
        case .invalidArgument, .failedPrecondition, .outOfRange: return .invalidArgument
        case .unavailable: return .unavailable
        case .deadlineExceeded: return .deadline
        case .permissionDenied, .unauthenticated: return .permissionDenied
        case .resourceExhausted: return .noSpace
        default:
            // A start that was asked for before is under way, or over.
            if error.message.contains("failed to set starting state") { return .alreadyExists }
            // The runtime reports what the disk refused as an unknown error with these words.
            return error.message.contains("no space left on device") ? .noSpace : .other
        }
    }

    /// The names of gRPC's codes as its Go implementation prints them and users know them.
    private static let goNames = [
        1: "Canceled", 2: "Unknown", 3: "InvalidArgument", 4: "DeadlineExceeded", 5: "NotFound",
        6: "AlreadyExists", 7: "PermissionDenied", 8: "ResourceExhausted",
        9: "FailedPrecondition", 10: "Aborted", 11: "OutOfRange", 12: "Unimplemented",
        13: "Internal", 14: "Unavailable", 15: "DataLoss", 16: "Unauthenticated",
    ]
}
