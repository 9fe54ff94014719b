import Base
import JSON
import Objects

/// Turns what happened to an object into Event objects: repeated ones raise a count instead of
/// making another, and no object may spam (`client-go/tools/record`).
struct EventRecorder: Sendable {
    /// What an Event is about.
    struct Subject: Sendable, Hashable {
        var kind: String
        var namespace: String
        var name: String
        var uid: String
    }

    private struct Entry: Sendable {
        var name: String
        var subject: Subject
        var event: PodEvent
        var count: Int64
        var first: WallTime
        var last: WallTime
        var isCreated = false
        var isWriting = false
        var isWaiting = false
    }

    /// Events of one kind about one object, which differ only in their words.
    private struct Similar: Sendable {
        var messages: Set<String> = []
        var last: Instant
    }

    private struct Bucket: Sendable {
        var tokens: Int
        var refilledAt: Instant
    }

    private let limits: KubeletLimits
    private let nodeName: String
    private var entries: [String: Entry] = [:]
    private var order: [String] = []
    private var buckets: [String: Bucket] = [:]
    private var similar: [String: [String: Similar]] = [:]
    private var waiting: [String] = []
    private var writing: [Ticket: String] = [:]

    private static let writesInFlightMax = 8
    private static let entriesMax = 4_096

    var waitingCount: Int { waiting.count }

    init(_ configuration: KubeletConfiguration) {
        limits = configuration.limits
        nodeName = configuration.nodeName
    }

    mutating func record(
        _ event: PodEvent, on subject: Subject, now: Instant, wall: WallTime, name: String
    ) {
        let (key, event) = combine(event, subject.uid, now)
        guard waiting.count < limits.eventsWaitingMax, takeToken(subject.uid, now) else { return }
        if entries[key] != nil {
            entries[key]?.count += 1
            entries[key]?.last = wall
            entries[key]?.event = event
        } else {
            entries[key] = Entry(
                name: "\(subject.name).\(name)", subject: subject, event: event, count: 1,
                first: wall, last: wall)
            order.append(key)
            forgetOldest()
        }
        guard entries[key]?.isWaiting == false else { return }
        entries[key]?.isWaiting = true
        waiting.append(key)
    }

    /// The tenth kind of words for the same thing within ten minutes, and all after it, become one
    /// Event whose words change (`EventAggregator`).
    private mutating func combine(
        _ event: PodEvent, _ uid: String, _ now: Instant
    ) -> (key: String, event: PodEvent) {
        let kind = "\(event.isWarning ? "W" : "N")\u{1F}\(event.reason)"
        var group = similar[uid]?[kind] ?? Similar(last: now)
        if now - group.last > limits.eventSimilarInterval { group.messages = [] }
        group.last = now
        let isMany = group.messages.count >= limits.eventSimilarMax - 1
            && !group.messages.contains(event.message)
        if !isMany { group.messages.insert(event.message) }
        similar[uid, default: [:]][kind] = group
        guard isMany else {
            let key = [uid, event.fieldPath ?? "", kind, event.message]
            return (key.joined(separator: "\u{1F}"), event)
        }
        var combined = event
        combined.message = "(combined from similar events): \(event.message)"
        return ("\(uid)\u{1F}\(kind)", combined)
    }

    /// A burst, then one Event in each refill period, for each object.
    private mutating func takeToken(_ uid: String, _ now: Instant) -> Bool {
        var bucket = buckets[uid] ?? Bucket(tokens: limits.eventBurst, refilledAt: now)
        let refills = (now - bucket.refilledAt).nanoseconds / limits.eventRefill.nanoseconds
        if refills > 0 {
            bucket.tokens = Int(min(Int64(limits.eventBurst), Int64(bucket.tokens) + refills))
            bucket.refilledAt = bucket.refilledAt + limits.eventRefill * refills
        }
        defer { buckets[uid] = bucket }
        guard bucket.tokens > 0 else { return false }
        bucket.tokens -= 1
        return true
    }

    private mutating func forgetOldest() {
        while order.count > Self.entriesMax {
            let key = order.removeFirst()
            if let entry = entries[key], entry.isWaiting || entry.isWriting {
                order.append(key)
                break
            }
            entries[key] = nil
        }
    }

    /// Drops what is remembered of an object that is gone; its last Events are still written.
    mutating func forget(_ uid: String) {
        buckets[uid] = nil
        similar[uid] = nil
        order.removeAll { key in
            guard let entry = entries[key], entry.subject.uid == uid, !entry.isWaiting,
                !entry.isWriting
            else { return false }
            entries[key] = nil
            return true
        }
    }

    /// The next writes, as many as may be under way at once.
    mutating func flush(_ tickets: inout TicketCounter, into out: inout Outbox<KubeletEffect>) {
        var held: [String] = []
        for (position, key) in waiting.enumerated() {
            guard writing.count < Self.writesInFlightMax else {
                held += waiting[position...]
                break
            }
            guard var entry = entries[key] else { continue }
            if entry.isWriting {
                held.append(key)
                continue
            }
            entry.isWriting = true
            entry.isWaiting = false
            entries[key] = entry
            let ticket = tickets.next()
            writing[ticket] = key
            out.append(.write(ticket, write(entry)))
        }
        waiting = held
    }

    /// True when the ticket was one of an Event. An Event that could not be written is lost.
    mutating func onWritten(_ ticket: Ticket, _ result: WriteResult) -> Bool {
        guard let key = writing.removeValue(forKey: ticket) else { return false }
        entries[key]?.isWriting = false
        switch result {
        case .success: entries[key]?.isCreated = true
        case .failure(let error):
            // An Event that expired in the API is made anew next time.
            if error.reason == .notFound { entries[key] = nil }
        }
        return true
    }

    private static func message(of entry: Entry) -> String {
        String(entry.event.message.prefix(1_024))
    }

    private func write(_ entry: Entry) -> ObjectWrite {
        let namespace = entry.subject.namespace.isEmpty ? "default" : entry.subject.namespace
        if entry.isCreated {
            let key = ObjectKey(.events, namespace: namespace, name: entry.name)
            return .patch(
                key,
                [
                    "count": .integer(entry.count), "lastTimestamp": .string(entry.last.rfc3339),
                    "message": .string(Self.message(of: entry)),
                ])
        }
        var subject: JSON = [
            "kind": .string(entry.subject.kind), "name": .string(entry.subject.name),
            "uid": .string(entry.subject.uid), "apiVersion": "v1",
        ]
        if !entry.subject.namespace.isEmpty {
            subject["namespace"] = .string(entry.subject.namespace)
        }
        if let path = entry.event.fieldPath { subject["fieldPath"] = .string(path) }
        return .create(
            .events,
            [
                "apiVersion": "v1", "kind": "Event",
                "metadata": ["name": .string(entry.name), "namespace": .string(namespace)],
                "involvedObject": subject,
                "reason": .string(entry.event.reason),
                "message": .string(Self.message(of: entry)),
                "source": ["component": "kubelet", "host": .string(nodeName)],
                "firstTimestamp": .string(entry.first.rfc3339),
                "lastTimestamp": .string(entry.last.rfc3339),
                "count": .integer(entry.count),
                "type": .string(entry.event.isWarning ? "Warning" : "Normal"),
                "reportingComponent": "kubelet",
                "reportingInstance": .string(nodeName),
            ])
    }
}
