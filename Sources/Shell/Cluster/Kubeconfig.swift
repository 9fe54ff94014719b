import Foundation

/// The text of a kubeconfig file for one user of one cluster.
package struct Kubeconfig: Sendable {
    package var server: String
    package var authorityPEM: String
    package var user: String
    package var certificatePEM: String
    package var privateKeyPEM: String

    package init(
        server: String, authorityPEM: String, user: String, certificatePEM: String,
        privateKeyPEM: String
    ) {
        self.server = server
        self.authorityPEM = authorityPEM
        self.user = user
        self.certificatePEM = certificatePEM
        self.privateKeyPEM = privateKeyPEM
    }

    package var yaml: String {
        """
        apiVersion: v1
        kind: Config
        clusters:
        - name: podmesh
          cluster:
            server: \(server)
            certificate-authority-data: \(Self.base64(authorityPEM))
        users:
        - name: \(user)
          user:
            client-certificate-data: \(Self.base64(certificatePEM))
            client-key-data: \(Self.base64(privateKeyPEM))
        contexts:
        - name: podmesh
          context:
            cluster: podmesh
            user: \(user)
        current-context: podmesh

        """
    }

    /// Writes the file so that only its owner can read it.
    package func write(to path: String) throws(ShellError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw ShellError(
                .inputOutput, "write the kubeconfig \(path)",
                underlying: String(cString: strerror(errno)))
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: Data(yaml.utf8))
        } catch {
            throw ShellError(
                .inputOutput, "write the kubeconfig \(path)", underlying: "\(error)")
        }
    }

    private static func base64(_ text: String) -> String {
        Data(text.utf8).base64EncodedString()
    }
}
