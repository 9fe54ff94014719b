import Base
import Foundation
import Gossip

extension KeyEnvelope.Opener {
    /// What the data folder of a machine opens: backups that are sealed for it, and its own files.
    package init(dataDirectory: String, passphrase: String? = nil) throws(ShellError) {
        let contents = try IdentityDirectory(dataDirectory: dataDirectory).read()
        guard let name = MachineName(contents.machine),
            let key = GossipIdentity(secretKey: contents.vaultKey)
        else {
            throw ShellError(
                .corrupt, "read the identity in \(dataDirectory)",
                underlying: "it holds no key; give the folder of another machine")
        }
        self.init(
            storage: contents.storageKeys ?? .none, vaultKeys: [name: key], passphrase: passphrase)
    }

    /// What a person gave: a data folder, a file with a passphrase, both or neither. `fallback` is
    /// used for the folder when it belongs to a machine.
    package init(
        identity: String?, passphraseFile: String?, fallback: String? = nil
    ) throws(ShellError) {
        let passphrase = try passphraseFile.map { path throws(ShellError) in
            try Self.passphrase(in: path)
        }
        if let identity {
            try self.init(dataDirectory: identity, passphrase: passphrase)
        } else if let fallback, IdentityDirectory(dataDirectory: fallback).exists {
            try self.init(dataDirectory: fallback, passphrase: passphrase)
        } else {
            self.init(passphrase: passphrase)
        }
    }

    private static let passphraseBytesMin = 12

    /// The first line of a file.
    package static func passphrase(in path: String) throws(ShellError) -> String {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw ShellError(.badRequest, "read \(path)", underlying: error.localizedDescription)
        }
        let line = String(text.prefix { !$0.isNewline })
        guard line.utf8.count >= passphraseBytesMin else {
            throw ShellError(
                .badRequest, "read \(path)",
                underlying: "its first line is the passphrase, and must have at least"
                    + " \(passphraseBytesMin) bytes")
        }
        return line
    }
}
