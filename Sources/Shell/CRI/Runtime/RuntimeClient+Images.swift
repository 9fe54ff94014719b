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

    /// The registry's last word, when it takes none of the logins.
    func pullImage(
        _ image: String, _ credentials: [RegistryCredential], _ options: CallOptions
    ) async throws -> ImageState? {
        for credential in credentials.dropLast() {
            if let pulled = try? await pull(image, credential, options) { return pulled }
        }
        return try await pull(image, credentials.last, options)
    }

    private func pull(
        _ image: String, _ credential: RegistryCredential?, _ options: CallOptions
    ) async throws -> ImageState? {
        let pulled = try await images.pullImage(
            .with {
                $0.image.image = image
                if let credential {
                    // Without the server, as Kubernetes sends it: the runtime would take it for a
                    // URL, and for the one host that it asks, which Docker's registry is not.
                    $0.auth.username = credential.username
                    $0.auth.password = credential.password
                }
            }, options: options)
        return try await imageStatus(pulled.imageRef, options)
    }
}
