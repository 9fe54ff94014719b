import Base
import Objects

/// The images on the machine, and which of them nobody has used for long.
struct ImageTrack: Sendable {
    struct Use: Sendable {
        var firstSeen: Instant
        var lastUsed: Instant
    }

    var uses: [String: Use] = [:]
    var nextAt: Instant?
    var listing: Ticket?
    var removing: [Ticket: UInt64] = [:]
    /// The disk is short, so room is to be made now.
    var isNeeded = false
    /// The last round found nothing that could go.
    var wasUseless = false
}

/// Removes images when the disk that holds them fills, those unused for longest first
/// (`pkg/kubelet/images/image_gc_manager.go`).
extension KubeletCore {
    var imagesDeadline: Instant? {
        images.listing == nil && images.removing.isEmpty && node.isRuntimeReady
            ? images.nextAt : nil
    }

    mutating func advanceImages(_ now: Instant, _ out: inout Outbox<KubeletEffect>) {
        guard node.isRuntimeReady, relist.last != nil, images.listing == nil,
            images.removing.isEmpty
        else { return }
        let nextAt = images.nextAt ?? now
        guard images.isNeeded || nextAt <= now else { return }
        images.nextAt = now + limits.imageCollectionPeriod
        let ticket = tickets.next()
        images.listing = ticket
        out.append(.runtime(ticket, .listImages))
    }

    /// True when the ticket was one of the collection's.
    mutating func onImages(
        _ ticket: Ticket, _ result: Result<RuntimeResponse, RuntimeError>, _ now: Instant,
        _ out: inout Outbox<KubeletEffect>
    ) -> Bool {
        if images.removing.removeValue(forKey: ticket) != nil { return true }
        guard ticket == images.listing else { return false }
        images.listing = nil
        let isNeeded = images.isNeeded
        images.isNeeded = false
        guard case .success(.images(let present)) = result else { return true }
        note(present, now)
        let freed = collect(present, isNeeded: isNeeded, now, &out)
        if isNeeded { images.wasUseless = !freed }
        return true
    }

    private mutating func note(_ present: [ImageState], _ now: Instant) {
        let used = usedImages
        var fresh: [String: ImageTrack.Use] = [:]
        for image in present {
            var use = images.uses[image.id] ?? .init(firstSeen: now, lastUsed: .zero)
            if image.isKept || !used.isDisjoint(with: image.names) { use.lastUsed = now }
            fresh[image.id] = use
        }
        images.uses = fresh
        node.images = present
        imageAccess.keepOnly(Set(present.map(\.id)))
    }

    /// The names of all images that a Pod of this machine runs or is about to.
    private var usedImages: Set<String> {
        var used: Set<String> = []
        for uid in order {
            guard let pod = pods[uid], pod.stage != .removed else { continue }
            for container in pod.containers {
                used.insert(container.spec.image)
                for instance in [container.instance, container.previous] {
                    if let id = instance?.imageID { used.insert(id) }
                }
                if case .ready(let image) = container.image { used.insert(image.id) }
            }
        }
        return used
    }

    /// True when something could be removed.
    private mutating func collect(
        _ present: [ImageState], isNeeded: Bool, _ now: Instant,
        _ out: inout Outbox<KubeletEffect>
    ) -> Bool {
        // What was imported by hand cannot be pulled again.
        guard !configuration.acceptsPresentImages, let system = usage.newest?.imageFileSystem,
            system.capacityBytes > 0
        else { return false }
        let taken = system.capacityBytes - system.availableBytes
        let high = system.capacityBytes / 100 * limits.imageCollectionHighPercent
        guard isNeeded || taken >= high else { return false }
        let low = system.capacityBytes / 100 * limits.imageCollectionLowPercent
        var surplus = isNeeded ? Int64.max : taken - low
        let idle = present.filter { image in
            guard let use = images.uses[image.id], use.lastUsed < now else { return false }
            return isNeeded || use.firstSeen + limits.imageAgeMin <= now
        }.sorted { left, right in
            let (first, second) = (images.uses[left.id], images.uses[right.id])
            let keys = (
                (first?.lastUsed ?? .zero, first?.firstSeen ?? .zero, left.id),
                (second?.lastUsed ?? .zero, second?.firstSeen ?? .zero, right.id)
            )
            return keys.0 < keys.1
        }
        for image in idle where surplus > 0 {
            let ticket = tickets.next()
            images.removing[ticket] = image.sizeBytes
            out.append(.mark("image collected"))
            out.append(.runtime(ticket, .removeImage(id: image.id)))
            if !isNeeded { surplus -= Int64(clamping: image.sizeBytes) }
        }
        return !idle.isEmpty
    }
}

extension ImageState {
    /// All by which containers and Pods may call it.
    var names: Set<String> { Set([id] + repoDigests + tags) }

    /// The sandboxes' own image, which no container names.
    var isKept: Bool { isPinned || (tags + repoDigests).contains { $0.contains("/pause") } }
}
