import GRPCCore
import Kubelet
import SwiftProtobuf

extension RuntimeClient {
    /// Nil when the image is not on the machine.
    func imageStatus(_ image: String, _ options: CallOptions) async throws -> ImageState? {
        do {
            let answer = try await images.imageStatus(
                .with { $0.image.image = image }, options: options)
            return answer.hasImage ? ImageState(answer.image) : nil
        } catch let error as RPCError where error.code == .notFound {
            return nil
        }
    }

    func pullImage(
        _ image: String, _ credential: RegistryCredential?, _ options: CallOptions
    ) async throws -> ImageState? {
        let pulled = try await images.pullImage(
            .with {
                $0.image.image = image
                if let credential {
                    $0.auth.username = credential.username
                    $0.auth.password = credential.password
                    $0.auth.serverAddress = credential.serverAddress
                }
            }, options: options)
        return try await imageStatus(pulled.imageRef, options)
    }
}
