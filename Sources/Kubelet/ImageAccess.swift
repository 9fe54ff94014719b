import Base
import JSON

/// Which Secrets an image was pulled with. A Pod that has none of them pulls it again, and so has
/// the registry say whether it may, before it runs what another Pod's login brought
/// (`KubeletEnsureSecretPulledImages`). Images that were imported, or that the registry gave
/// without a login, are for every Pod.
///
/// It outlives the daemon in a file beside the Pods' folders.
struct ImageAccess: Sendable, Equatable {
    enum Book: Sendable, Equatable {
        case unread
        case reading(Ticket)
        case read
    }

    var book = Book.unread
    /// By the image's ID; Secrets as `namespace/name/uid`.
    private(set) var secrets: [String: Set<String>] = [:]

    /// A file this long is no longer one of ours.
    static let bytesMax = 1 << 20
    private static let imagesMax = 1_000

    static func path(_ configuration: KubeletConfiguration) -> String {
        "\(configuration.podRoot).images"
    }

    func allows(_ image: String, to holder: Set<String>) -> Bool {
        secrets[image].map { !$0.isDisjoint(with: holder) } ?? true
    }

    /// - Parameter used: the Secrets whose logins were tried; none when there were none.
    mutating func notePull(of image: String, with used: Set<String>) {
        guard !used.isEmpty else {
            secrets[image] = nil
            return
        }
        secrets[image, default: []].formUnion(used)
    }

    /// Forgets images that are gone, once there are many. One that was pulled while the list was
    /// made may not be in it, so it is not done each time.
    mutating func keepOnly(_ present: Set<String>) {
        guard secrets.count > Self.imagesMax else { return }
        secrets = secrets.filter { present.contains($0.key) }
    }

    var document: [UInt8] {
        var object = JSONObject([])
        for image in secrets.keys.sorted() {
            object[image] = .array((secrets[image] ?? []).sorted().map { .string($0) })
        }
        return JSON.object(object).bytes
    }

    /// Takes what an earlier daemon wrote; anything else is as if nothing had been pulled.
    mutating func read(_ bytes: [UInt8]) {
        book = .read
        guard let members = (try? JSON(parsing: bytes))?.object else { return }
        for member in members {
            secrets[member.name] = Set((member.value.array ?? []).compactMap(\.string))
        }
    }
}

extension KubeletCore {
    /// Whether it is known who may use which image; asks for it the first time.
    mutating func knowsImageAccess(_ out: inout Outbox<KubeletEffect>) -> Bool {
        switch imageAccess.book {
        case .read: return true
        case .reading: return false
        case .unread:
            let ticket = tickets.next()
            imageAccess.book = .reading(ticket)
            out.append(
                .runtime(
                    ticket,
                    .readTail(path: ImageAccess.path(configuration), limit: ImageAccess.bytesMax)))
            return false
        }
    }

    /// True when the ticket was that of the file.
    mutating func onImageAccess(
        _ ticket: Ticket, _ result: Result<RuntimeResponse, RuntimeError>
    ) -> Bool {
        guard imageAccess.book == .reading(ticket) else { return false }
        if case .success(.bytes(let bytes)) = result {
            imageAccess.read(bytes)
        } else {
            imageAccess.read([])
        }
        return true
    }

    mutating func noteImageAccess(
        _ pulls: [(image: String, secrets: Set<String>)], _ out: inout Outbox<KubeletEffect>
    ) {
        let before = imageAccess
        for pull in pulls { imageAccess.notePull(of: pull.image, with: pull.secrets) }
        guard imageAccess != before else { return }
        let file = PreparationStep.file(
            path: ImageAccess.path(configuration), content: imageAccess.document, mode: 0o600)
        out.append(.runtime(tickets.next(), .prepare([file])))
    }
}
