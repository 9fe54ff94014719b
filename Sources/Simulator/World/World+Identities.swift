import Base
import Daemon
import Gossip
import JSON
import Objects
import Store

/// What operators do to identities, without keys: `podmesh members remove` and `podmesh keyring
/// rotate`. What a seal would refuse, the world does not deliver.
extension World {
    /// What the operator asks some machine for, again and again until it is done.
    package enum IdentityTask: Sendable, Hashable {
        case remove(Int)
        case rotate
        /// The end of waiting for machines that are away and not removed.
        case hurry
    }

    /// What the cluster's first machine brings into the Store. All machines of the world are
    /// invited at once, in place of tokens.
    static func firstDocuments(of names: [MachineName]) -> [Operation] {
        let wall = VirtualClock.epoch
        let certified = MachineRecord.Certified(
            serial: 1, authority: firstAuthority, issuedAt: wall,
            expiry: wall + IdentityBook.certificateLifetime)
        let authority = authority(firstAuthority, of: names, at: wall)
        let keyring = Keyring(clusterID: "simulated", first: authority)
        let records = names.map { MachineRecord(name: $0, certified: certified, vaultKey: [1]) }
        return [
            .put(
                Key(group: "podmesh.io", resource: "authorities", name: "cluster"),
                Array(#"{"clusterID":"simulated"}"#.utf8)),
            .put(Keyring.key, keyring.document.bytes),
        ] + records.map { .put(MachineRecord.key(of: $0.name), $0.document.bytes) }
    }

    private static func authority(
        _ id: String, of names: [MachineName], at wall: WallTime
    ) -> Keyring.Authority {
        Keyring.Authority(
            id: id, createdAt: wall, certificatePEM: "authority \(id)", crossCertificatePEM: nil,
            meshPublicKey: [1],
            vault: Vault(
                ciphertext: [1],
                keys: Dictionary(uniqueKeysWithValues: names.map { ($0, [1]) })))
    }

    /// The operator removes the machine, and switches it off when that is done.
    package func askForRemoval(of number: Int) {
        machines[number].isLost = true
        machines[number].isRemovalAsked = true
        ask(for: .remove(number))
    }

    /// The operator changes the cluster's authority; whom that waits for in vain is not waited
    /// for after a while.
    package func askForRotation() {
        rotationsWanted += 1
        ask(for: .rotate)
    }

    /// The operator types a command on some machine that runs, and again after a while.
    func ask(for task: IdentityTask) {
        guard !isDone(task) else { return }
        schedule(.operate(task), after: Self.operatorPause)
        // Nobody stops to wait for what has not begun.
        if task == .hurry, rotationsWanted > 0 { return }
        let candidates = running.filter { IdentityTask.remove($0) != task }
        guard !candidates.isEmpty else { return }
        let machine = machines[candidates[random.below(candidates.count)]]
        guard let request = request(for: task, on: machine) else { return }
        lastIdentityTicket += 1
        let ticket = Ticket(lastIdentityTicket)
        identityTasks[ticket] = task
        queue.add(
            .input(machine: machine.number, life: machine.life, .identity(ticket, request)),
            at: now)
    }

    private func isDone(_ task: IdentityTask) -> Bool {
        switch task {
        case .remove(let number): machines[number].isBarred
        case .rotate: rotationsWanted == 0
        case .hurry: isHurried
        }
    }

    private func request(
        for task: IdentityTask, on machine: VirtualMachine
    ) -> IdentityRequest? {
        guard let book = machine.core?.identities else { return nil }
        switch task {
        case .remove(let number): return .remove(machines[number].name, evenIfAlive: true)
        case .rotate:
            let id = String(random.next() >> 32 | 1 << 31, radix: 16)
            let names = book.names.filter { !book.isRemoved($0) }
            return .rotate(
                Self.authority(id, of: names, at: machine.clock.wall(at: now)),
                keepOld: .seconds(Int64(1 + random.below(10))))
        case .hurry: return .hurry
        }
    }

    /// A machine has answered; what it refused is asked for again.
    func onIdentityAnswered(_ ticket: Ticket, _ error: StatusError?) {
        guard let task = identityTasks.removeValue(forKey: ticket) else { return }
        // That a rotation is under way, or none, is what the operator wants to hear.
        guard error == nil || error?.reason == .conflict && !task.isRemoval else { return }
        guard !isDone(task) else { return }
        switch task {
        case .remove(let number):
            machines[number].isBarred = true
            coverage.note(.removal)
            trace.note("is removed", machines[number].name.text, at: now)
            // The operator switches it off, and often brings another one.
            crash(number)
            if random.chance(0.5) { join() }
        case .rotate:
            rotationsWanted -= 1
            hasRotated = true
            if error == nil { coverage.note(.rotation) }
        case .hurry: isHurried = true
        }
    }

    /// Whether the cluster has a new authority, and nothing is left of the old one.
    package var isRotated: Bool {
        guard hasRotated, rotationsWanted == 0, let leader else { return false }
        return machines[leader].core?.identities.keyring?.phase == .steady
    }

    package func isRemoved(_ number: Int) -> Bool { machines[number].isBarred }

    /// Whether the receiver's seal would refuse what the sender says.
    func isBarred(_ sender: Int, by receiver: VirtualMachine) -> Bool {
        // Only then does any Store say so.
        guard machines[sender].isRemovalAsked else { return false }
        let name = machines[sender].name
        return receiver.core?.inspect { $0.identities.isRemoved(name) } ?? false
    }

    private static let firstAuthority = "00000001"
    private static let operatorPause = Span.seconds(2)
}

extension World.IdentityTask {
    fileprivate var isRemoval: Bool {
        if case .remove = self { true } else { false }
    }
}
