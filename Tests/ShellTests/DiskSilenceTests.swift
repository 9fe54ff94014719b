import Base
import Dispatch
import Glibc
import Raft
import Shell
import Synchronization
import Testing

/// A disk that does not answer, in front of the decisions that depend on it: three logs on real
/// files, each with its writer, below three cores under virtual time.
@Suite struct DiskSilenceTests {
    @Test func `a leader whose disk is silent hands over, promises nothing, and follows later`()
        throws
    {
        let cluster = try DiskCluster()
        try #require(cluster.run(for: .seconds(10)) { cluster.leader != nil })
        let silent = try #require(cluster.leader)
        cluster.propose([1], at: silent)
        try #require(cluster.run(for: .seconds(2)) { cluster.haveAllApplied([[1]]) })

        cluster.machines[silent].gate.close()
        let durable = cluster.machines[silent].core.lastIndex
        cluster.propose([2], at: silent)
        // The others have it, and a majority needs no more.
        #expect(cluster.run(for: .seconds(5)) { cluster.leader.map { $0 != silent } ?? false })
        let leader = try #require(cluster.leader)
        cluster.propose([3], at: leader)
        let others = cluster.machines.indices.filter { $0 != silent }
        #expect(
            cluster.run(for: .seconds(2)) {
                others.allSatisfy { cluster.machines[$0].applied == [[1], [2], [3]] }
            })
        #expect(cluster.acknowledged[silent] <= durable, "it has promised what it cannot keep")
        for queue in cluster.machines[silent].core.queueSizes {
            #expect(queue.size <= queue.bound, "\(queue.name)")
        }

        // Late, but it answers: everything is durable, in order.
        cluster.machines[silent].gate.open()
        #expect(cluster.run(for: .seconds(5)) { cluster.haveAllApplied([[1], [2], [3]]) })
        #expect(cluster.acknowledged[silent] > durable)
        let logs = try cluster.close()
        for entries in logs {
            let commands = entries.compactMap { entry -> [UInt8]? in
                if case .command(let bytes) = entry.payload { bytes } else { nil }
            }
            #expect(commands == [[1], [2], [3]])
        }
    }

    @Test func `a follower whose disk is silent holds up nobody`() throws {
        let cluster = try DiskCluster()
        try #require(cluster.run(for: .seconds(10)) { cluster.leader != nil })
        let leader = try #require(cluster.leader)
        let silent = (leader + 1) % 3
        cluster.machines[silent].gate.close()
        let durable = cluster.machines[silent].core.lastIndex
        for number in 1...50 { cluster.propose([UInt8(number)], at: leader) }
        let all = (1...50).map { [UInt8($0)] }
        #expect(
            cluster.run(for: .seconds(2)) {
                cluster.machines.indices.allSatisfy {
                    $0 == silent || cluster.machines[$0].applied == all
                }
            })
        #expect(cluster.leader == leader)
        #expect(cluster.acknowledged[silent] <= durable)
        cluster.machines[silent].gate.open()
        #expect(cluster.run(for: .seconds(5)) { cluster.haveAllApplied(all) })
        _ = try cluster.close()
    }
}

/// Syncs wait while it is closed.
private final class DiskGate: Sendable {
    private let isOpen = Mutex(true)
    private let semaphore = DispatchSemaphore(value: 1)

    func close() {
        if isOpen.withLock({ exchange(&$0, false) }) { semaphore.wait() }
    }

    func open() {
        if !isOpen.withLock({ exchange(&$0, true) }) { semaphore.signal() }
    }

    var isClosed: Bool { isOpen.withLock { !$0 } }

    func pass() {
        semaphore.wait()
        semaphore.signal()
    }

    private func exchange(_ value: inout Bool, _ new: Bool) -> Bool {
        defer { value = new }
        return value
    }
}

/// Three cores with logs on real files. Messages arrive at once; the time is virtual; what a disk
/// answers is waited for unless its gate is closed.
private final class DiskCluster {
    struct Machine {
        let name: MachineName
        let folder: DiskFolder
        let gate: DiskGate
        let answers: DiskAnswers
        var writer: DiskWriter?
        var core: RaftCore
        var submitted = 0
        var answered = 0
        var applied: [[UInt8]] = []
    }

    private(set) var machines: [Machine] = []
    /// The highest index that each machine has acknowledged to a leader.
    private(set) var acknowledged = [UInt64](repeating: 0, count: 3)
    private var messages: [(from: Int, to: Int, RaftMessage)] = []
    private var now = Instant.zero
    private var lastTicket: UInt64 = 0

    init() throws {
        let names = try (1...3).map { try #require(MachineName("machine-\($0)")) }
        let first = RaftEntry(
            index: 1, term: 1, payload: .membership(RaftMembership(voters: names)))
        let records: [RaftRecord] = [
            .hardState(RaftHardState(term: 1)), .entries([first]),
        ]
        for (number, name) in names.enumerated() {
            let folder = try DiskFolder()
            let gate = DiskGate()
            let answers = DiskAnswers()
            var calls = DiskCalls()
            calls.syncData = { descriptor in
                gate.pass()
                return fdatasync(descriptor)
            }
            let (log, _) = try WriteAheadLog.open(
                directory: folder.path, segmentBytesMax: 1 << 20, calls: calls)
            log.append(records.map { $0.encoded() })
            try log.sync()
            let restored = try RaftRestoredState.replay(records: records, snapshot: nil)
            machines.append(
                Machine(
                    name: name, folder: folder, gate: gate, answers: answers,
                    writer: DiskWriter(log: log, completed: answers.completion),
                    core: RaftCore(
                        configuration: RaftConfiguration(name: name), restored: restored,
                        random: Random(seed: UInt64(number + 1)), now: now)))
        }
    }

    var leader: Int? {
        machines.indices.filter { machines[$0].core.role == .leader }
            .max { machines[$0].core.term < machines[$1].core.term }
    }

    func haveAllApplied(_ commands: [[UInt8]]) -> Bool {
        machines.allSatisfy { $0.applied == commands }
    }

    func propose(_ bytes: [UInt8], at number: Int) {
        lastTicket += 1
        step(number, .propose(Ticket(lastTicket), bytes))
        settle()
    }

    /// Lets virtual time pass until the condition holds; false when it does not in time.
    func run(for span: Span, until condition: () -> Bool) -> Bool {
        let end = now + span
        while !condition() {
            guard now < end else { return false }
            now = now + .milliseconds(10)
            for number in machines.indices {
                guard let deadline = machines[number].core.deadline, deadline <= now else {
                    continue
                }
                step(number, .wake)
            }
            settle()
        }
        return true
    }

    /// Ends the writers; the entries that each log holds.
    func close() throws -> [[RaftEntry]] {
        settle()
        return try machines.indices.map { number in
            machines[number].writer = nil
            let (_, records) = try WriteAheadLog.open(directory: machines[number].folder.path)
            return try RaftRestoredState.replay(records: records, snapshot: nil).entries
        }
    }

    /// Until no message is on its way, and no disk owes an answer but the silent ones.
    private func settle() {
        repeat {
            while !messages.isEmpty {
                let (from, to, message) = messages.removeFirst()
                step(to, .message(from: machines[from].name, message))
            }
            for number in machines.indices { takeAnswers(of: number) }
        } while !messages.isEmpty
    }

    private func takeAnswers(of number: Int) {
        while machines[number].answered < machines[number].submitted {
            let isSilent = machines[number].gate.isClosed
            guard let answer = machines[number].answers.take(waits: !isSilent) else { return }
            machines[number].answered += 1
            step(number, answer)
        }
    }

    private func step(_ number: Int, _ input: RaftInput) {
        var out = Outbox<RaftEffect>()
        machines[number].core.step(input, at: now, into: &out)
        machines[number].core.checkInvariants()
        for effect in out.take() { perform(effect, of: number) }
    }

    private func perform(_ effect: RaftEffect, of number: Int) {
        switch effect {
        case .persist(let persist):
            machines[number].submitted += 1
            machines[number].writer?.submit(
                DiskWriter.Batch(
                    sequence: persist.persistence.sequence,
                    records: persist.records.map { $0.encoded() },
                    replacesLog: persist.checkpoint != nil))
        case .send(let name, let message):
            if case .appendResponse(_, let match) = message {
                acknowledged[number] = max(acknowledged[number], match)
            }
            guard let to = machines.firstIndex(where: { $0.name == name }) else { return }
            messages.append((number, to, message))
        case .apply(let entries):
            for entry in entries {
                guard case .command(let bytes) = entry.payload else { continue }
                machines[number].applied.append(bytes)
            }
        default: return
        }
    }
}

/// What a writer's thread has answered, for the thread of the test to take.
private final class DiskAnswers: Sendable {
    private let waiting = Mutex<[RaftInput]>([])
    private let arrived = DispatchSemaphore(value: 0)

    var completion: DiskWriter.Completion {
        { sequence, result in
            let input: RaftInput =
                (try? result.get()) == nil
                ? .persistFailed : .persisted(upTo: RaftPersistence(sequence: sequence))
            self.waiting.withLock { $0.append(input) }
            self.arrived.signal()
        }
    }

    /// The next answer; nil when there is none, after a while when one is waited for.
    func take(waits: Bool) -> RaftInput? {
        guard arrived.wait(timeout: waits ? .now() + 10 : .now()) == .success else { return nil }
        return waiting.withLock { $0.removeFirst() }
    }
}
